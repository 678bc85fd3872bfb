"""What came of one try to send a message, and when the next one is due."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

_SECOND, _MINUTE, _HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)

PAUSES = (
    *(5 * _SECOND, 1 * _MINUTE, 5 * _MINUTE, 30 * _MINUTE),
    *(2 * _HOUR, 5 * _HOUR, 10 * _HOUR),
    *(12 * _HOUR, 12 * _HOUR, 12 * _HOUR, 12 * _HOUR, 7 * _HOUR),
)
"""Between tries: the last one is three days after the first. Tries are counted, not days: a message that waited while
nobody sent is tried as often as any other."""


class Verdict(StrEnum):
    DELIVERED = "delivered"
    FAILED = "failed"
    """To be tried again."""
    REFUSED = "refused"
    """Trying again would change nothing."""
    NOT_WANTED = "not_wanted"
    """Nothing to send any more, or nobody to send it to."""


@dataclass(frozen=True, slots=True)
class Try:
    verdict: Verdict
    problem: str | None = None
    """In words that name nobody, and without what the other side has said."""
    nobody_there: bool = False
    """It is not this message: whatever else is due to go there would fail like it now."""
    unanswered: bool = False
    """Nobody is there, or it is this message that is not coped with: another one tells."""


DELIVERED = Try(Verdict.DELIVERED)


def pause_after(attempts: int) -> timedelta | None:
    """How long to wait after so many tries; None when it was tried for long enough."""
    return PAUSES[attempts - 1] if attempts <= len(PAUSES) else None
