"""The report."""

from collections.abc import Sequence
from typing import Any


def report(found: Sequence[dict[str, Any]], overall: dict[str, Any]) -> str:
    return ""
