"""Reasons as people read them: in their language, and for a side without what would unmask its partner."""

from collections.abc import Sequence
from typing import cast

from app.communities.cards import unmasks
from app.communities.models import Carded
from app.core.i18n import Language
from app.tandems.models import SideName
from app.tandems.schemas import ReasonOut, TermPairOut
from matching.explain import Reason, ReasonKind, Side, TermPair
from matching.sentences import reason_sentence

Stored = dict[str, object]


def reason_shown(stored: Stored, language: Language) -> ReasonOut:
    """A reason as it is stored (`kind`, `terms`, `share`, `giver`), with its sentence."""
    reason = Reason(
        kind=ReasonKind(str(stored["kind"])),
        terms=tuple(TermPair(pair["a"], pair["b"]) for pair in _pairs(stored)),
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


def masked(reasons: Sequence[Stored], other: float, partner: Carded, side: SideName) -> tuple[list[Stored], float]:
    """The reasons for the side whose partner this is, and the share that is not told.

    A pair of terms goes where the partner's wording would tell who it is; with it goes its part of the share. What
    differs is told in values that its card shows, too, not in the partner's words.
    """
    theirs = SideName.B if side is SideName.A else SideName.A
    told: list[Stored] = []
    for reason in reasons:
        pairs = _pairs(reason)
        kept = [pair for pair in pairs if not unmasks(partner, pair[theirs.value])]
        if len(kept) == len(pairs) or reason["kind"] == ReasonKind.DIFFERENCE:
            told.append(reason)
            continue
        share = cast("float", reason["share"])
        left = round(share * len(kept) / len(pairs), 4)
        other = round(other + share - left, 4)
        if kept:
            told.append(reason | {"terms": kept, "share": left})
    return told, other


def _pairs(stored: Stored) -> list[dict[str, str]]:
    return cast("list[dict[str, str]]", stored["terms"])
