"""What earlier rounds led to, for the next one: who met, who was asked, and how long ago in rounds."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import Session

from app.tandems import queries, queries_tandems
from app.tandems.models import SuggestionOrigin, SuggestionStatus
from app.tandems.queries import Past

EXPIRED_BACK_AFTER = 2
"""Rounds for which a pair that did not answer is not asked again."""


@dataclass(frozen=True, slots=True)
class PastPair:
    a_id: str
    b_id: str
    rounds_ago: int | None
    """1: belongs to the last released round. None: not in this round, whatever it says about repetition."""


def past_pairs(
    session: Session, released: Sequence[datetime], today: date, *, community_id: str | None = None
) -> list[PastPair]:
    """Pairs that a round does not suggest, or not yet, sorted, each once with what holds them off the longest; those
    of one community, or all.

    `released`: when rounds were released, ascending. Open suggestions and tandems are not suggested again; closed
    tandems and declined suggestions come with their age; expired ones are left out for two rounds, `not_now` until
    its day. Two that did not fit, as one of them has said after they met, or whose themes did not, as one has said
    before, do not come back. Withdrawn and replaced suggestions are absent: nobody has decided about them.
    """
    ages: dict[tuple[str, str], int | None] = dict.fromkeys(
        queries.open_pairs(session, None if community_id is None else [community_id])
    )

    def note(a_id: str, b_id: str, age: int | None) -> None:
        known = ages.get((a_id, b_id), age)
        ages[a_id, b_id] = None if known is None or age is None else min(known, age)

    for a_id, b_id, closed_at, did_not_fit in queries_tandems.closed(session, community_id):
        note(a_id, b_id, None if did_not_fit else _releases_since(released, closed_at))
    for past in queries.past(session, community_id):
        age = _round_of(released, past)
        match past.status:
            case SuggestionStatus.DECLINED:
                note(past.a_id, past.b_id, None if past.is_final else age)
            case SuggestionStatus.EXPIRED if age <= EXPIRED_BACK_AFTER:
                note(past.a_id, past.b_id, None)
            case SuggestionStatus.NOT_NOW if past.until is not None and past.until > today:
                note(past.a_id, past.b_id, None)
    return [PastPair(*pair, age) for pair, age in sorted(ages.items(), key=lambda one: one[0])]


def _releases_since(released: Sequence[datetime], moment: datetime) -> int:
    return max(len(released) - bisect_left(released, moment), 1)


def _round_of(released: Sequence[datetime], past: Past) -> int:
    """How many rounds ago it was opened, the last one being 1."""
    if not released:
        return 1
    later = bisect_right(released, past.opened_at)
    if past.origin is SuggestionOrigin.ROUND and later < len(released):
        # The suggestions of a round are opened in the transaction that releases it: the nearest release is theirs,
        # whichever of the two was stamped first.
        before = past.opened_at - released[later - 1] if later else None
        if before is None or released[later] - past.opened_at < before:
            later += 1
    return len(released) - max(later, 1) + 1
