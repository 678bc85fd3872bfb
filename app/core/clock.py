"""The time. Nothing else asks the machine for it, so that a test can move it."""

from datetime import UTC, datetime


def now() -> datetime:
    """The present moment in UTC."""
    return datetime.now(UTC)
