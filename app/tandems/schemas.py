"""temporary"""

from typing import Literal

from app.core.schemas import Output


class TermPairOut(Output):
    a: str
    b: str


class ReasonOut(Output):
    kind: Literal["theme", "offer_meets_seek", "difference", "unknown"]
    terms: list[TermPairOut]
    share: float
    giver: Literal["a", "b"] | None
    text: str
