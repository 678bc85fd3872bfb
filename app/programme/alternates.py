"""The next alternate: when a suggestion of a round comes to nothing, its sides are offered somebody else, once.

Who said yes or no, or was not asked to the end, is offered the next partner that the round named for it. Who said
not now or nothing at all is left in peace: neither offered anybody nor offered to anybody.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlmodel import Session

from app.communities import queries as communities
from app.core import jobs
from app.core.clock import now
from app.core.events import Event
from app.programme import queries
from app.programme.queries import Candidate
from app.rounds import queries as rounds
from app.rounds import releasing
from app.rounds.models import Round, RoundStatus
from app.tandems import history, standing
from app.tandems import service as tandems
from app.tandems.models import Answer, SideName, Suggestion, SuggestionOrigin, SuggestionSide, SuggestionStatus
from app.tandems.service import Offer

JOB = "offer_alternates"

Ids = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two communities to be suggested to each other, a_id < b_id."""

    a_id: str
    b_id: str
    similarity: float

    @property
    def ids(self) -> Ids:
        return self.a_id, self.b_id


@dataclass(frozen=True, slots=True)
class Explained:
    """Why a pair fits, as suggestions store it."""

    reasons: list[dict[str, object]]
    other: float


@dataclass(frozen=True, slots=True)
class Successors:
    """What the sides of a suggestion that came to nothing are offered instead; none is possible too."""

    suggestion_id: str
    pairs: Mapping[SideName, Pair]


def suggestions_ended(session: Session, event: Event) -> None:
    """Let a worker look who is to be offered somebody else. Many that end together are looked at together."""
    if not queries.is_queued(session, JOB, event.subject_id):
        jobs.enqueue(session, JOB, event.subject_id)


def choose(session: Session, round_id: str, limit: int) -> list[Successors]:
    """Who is offered whom, for the first of those that came to nothing and were not looked at; changes nothing.

    No community occurs in two of the pairs, so that none takes a place that another was found free by.
    """
    ended = tandems.ended_without_tandem(session, round_id, limit)
    match_round = session.get(Round, round_id)
    waiting: dict[str, list[SuggestionSide]] = {}
    if match_round is not None and match_round.status is RoundStatus.RELEASED:
        waiting = {one.id: [side for side in sides if _is_offered(one, side)] for one, *sides in ended}
    named = queries.candidates(session, round_id, [name for name, sides in waiting.items() if sides])
    if match_round is None or not named:
        return [Successors(one.id, {}) for one, *_ in ended]
    partners = _Partners(session, match_round, named)
    return [
        Successors(one.id, partners.for_sides(waiting[one.id], named[one.id]) if one.id in named else {})
        for one, *_ in ended
    ]


def offer(session: Session, round_id: str, chosen: Sequence[Successors], explained: Mapping[Ids, Explained]) -> None:
    """Suggest what was chosen. Where something has come between meanwhile, the next look chooses again."""
    match_round = session.get(Round, round_id, with_for_update=True)
    released = match_round is not None and match_round.status is RoundStatus.RELEASED
    present = queries.not_followed_up(session, [one.suggestion_id for one in chosen])
    had = tandems.communities_with_alternate(session, round_id)
    pairs = [pair for one in chosen for pair in one.pairs.values()]
    obstacles = standing.obstacles(session, [pair.ids for pair in pairs])
    possible = {
        pair
        for pair, obstacle in zip(pairs, obstacles, strict=True)
        if released and obstacle is None and had.isdisjoint(pair.ids)
    }
    settled = [one for one in chosen if one.suggestion_id in present and possible.issuperset(one.pairs.values())]
    opened = [pair for one in settled for pair in one.pairs.values()]
    ids = tandems.open_many(session, [_offer(pair, round_id, explained[pair.ids]) for pair in opened])
    name_of = dict(zip(opened, ids, strict=True))
    for one in settled:
        successors = {side.value: name_of[pair] for side, pair in one.pairs.items()}
        tandems.follow_up(session, one.suggestion_id, successors)


def finished(session: Session, round_id: str) -> bool:
    """Whether nothing is left to be looked at; a round none of whose suggestions is open is then closed."""
    session.get(Round, round_id, with_for_update=True)
    if tandems.ended_without_tandem(session, round_id, 1):
        return False
    releasing.close_if_over(session, round_id)
    return True


class _Partners:
    """Who can still be offered to whom in a round, step by step."""

    def __init__(
        self, session: Session, match_round: Round, named: Mapping[str, Mapping[SideName, Sequence[Candidate]]]
    ) -> None:
        self._session = session
        self._most = match_round.max_per_company_pair
        self._had = tandems.communities_with_alternate(session, match_round.id)
        self._resting = queries.left_in_peace(session, match_round.id)
        self._apart = rounds.banned_pairs(session, match_round.id) | _apart_by_history(session, match_round)
        self._between = queries.tandems_between(session, match_round.id)
        everybody = {one.community_id for sides in named.values() for further in sides.values() for one in further}
        self._company_of = communities.companies_of(session, everybody)

    def for_sides(
        self, waiting: Sequence[SuggestionSide], named: Mapping[SideName, Sequence[Candidate]]
    ) -> dict[SideName, Pair]:
        """For each of these sides the pair that it is offered; sides that nobody is left for are absent."""
        found = {side.side: self._first(side, named[side.side]) for side in waiting}
        return {side: pair for side, pair in found.items() if pair is not None}

    def _first(self, side: SuggestionSide, further: Sequence[Candidate]) -> Pair | None:
        if side.community_id in self._had | self._resting:
            return None
        for one in further:
            first, second = sorted((side.community_id, one.community_id))
            pair = Pair(first, second, one.similarity)
            companies = frozenset((side.company_id, self._company_of[one.community_id]))
            if self._is_possible(pair, one.community_id, companies):
                self._had.update(pair.ids)
                self._between[companies] += 1
                return pair
        return None

    def _is_possible(self, pair: Pair, partner: str, companies: frozenset[str]) -> bool:
        if partner in self._had | self._resting or pair.ids in self._apart:
            return False
        if self._most is not None and self._between[companies] >= self._most:
            return False
        return standing.obstacles(self._session, [pair.ids]) == [None]


def _is_offered(suggestion: Suggestion, side: SuggestionSide) -> bool:
    """Whether a side is to be offered somebody else, after what it has said or was not asked any more."""
    if side.answer is None:
        return suggestion.status is not SuggestionStatus.EXPIRED
    return side.answer is not Answer.NOT_NOW


def _apart_by_history(session: Session, match_round: Round) -> set[Ids]:
    """Pairs that the round did not suggest, and those that have met or been asked since."""
    released = [one for one in rounds.releases(session) if one != match_round.released_at]
    again_after = match_round.repeat_after
    return {
        (past.a_id, past.b_id)
        for past in history.past_pairs(session, released, now().date())
        if past.rounds_ago is None or again_after is None or past.rounds_ago <= again_after
    }


def _offer(pair: Pair, round_id: str, explained: Explained) -> Offer:
    return Offer(
        pair.a_id,
        pair.b_id,
        pair.similarity,
        explained.reasons,
        explained.other,
        origin=SuggestionOrigin.ALTERNATE,
        round_id=round_id,
    )
