"""temporary"""

from typing import cast

from app.core.i18n import Language
from app.tandems.schemas import ReasonOut, TermPairOut
from matching.explain import Reason, ReasonKind, Side, TermPair, reason_sentence


def reason_shown(stored: dict[str, object], language: Language) -> ReasonOut:
    pairs = cast("list[dict[str, str]]", stored["terms"])
    reason = Reason(
        kind=ReasonKind(str(stored["kind"])),
        terms=tuple(TermPair(pair["a"], pair["b"]) for pair in pairs),
        share=cast("float", stored["share"]),
        giver=cast("Side | None", stored.get("giver")),
    )
    return ReasonOut(
        kind=reason.kind.value,
        terms=[TermPairOut(a=pair.a, b=pair.b) for pair in reason.terms],
        share=reason.share,
        giver=reason.giver,
        text=reason_sentence(reason, language),
    )
