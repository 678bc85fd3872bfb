"""The next alternate: when a suggestion of a round comes to nothing, its sides are offered somebody else, once.

Who said yes or no, or was not asked to the end, is offered the next partner that the round named for it. Who said
not now or nothing at all is left in peace: neither offered anybody nor offered to anybody.
"""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

from sqlmodel import Session

from app.communities import queries as communities
from app.core import jobs
from app.core.events import Event
from app.programme import queries
from app.programme.queries import Candidate
from app.rounds import past, releasing, running
from app.rounds import queries as rounds
from app.rounds.models import Round, RoundStatus
from app.tandems import queries as tandem_queries
from app.tandems import service as tandems
from app.tandems import standing
from app.tandems.models import Answer, SideName, Suggestion, SuggestionOrigin, SuggestionSide, SuggestionStatus
from app.tandems.service import Asking, Offer

JOB = "offer_alternates"

Ids = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two communities to be suggested to each other, a_id < b_id."""

    a_id: str
    b_id: str
    similarity: float
    score: float | None
    probability: float | None

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
    asking = {name: waiting[name] for name in waiting if name in named}
    found = _Partners(session, match_round, named).choose(asking, named)
    return [Successors(one.id, found.get(one.id, {})) for one, *_ in ended]


def offer(session: Session, round_id: str, chosen: Sequence[Successors], explained: Mapping[Ids, Explained]) -> None:
    """Suggest what was chosen. Where something has come between meanwhile, the next look chooses again."""
    match_round = running.held(session, round_id)
    released = match_round is not None and match_round.status is RoundStatus.RELEASED
    present = queries.not_followed_up(session, [one.suggestion_id for one in chosen])
    had = tandems.communities_with_alternate(session, round_id)
    pairs = [pair for one in chosen for pair in one.pairs.values()]
    tandem_queries.hold(session, {one for pair in pairs for one in pair.ids})
    obstacles = standing.obstacles(session, [pair.ids for pair in pairs])
    possible = {
        pair
        for pair, obstacle in zip(pairs, obstacles, strict=True)
        if released and obstacle is None and had.isdisjoint(pair.ids)
    }
    settled = [one for one in chosen if one.suggestion_id in present and possible.issuperset(one.pairs.values())]
    opened = [pair for one in settled for pair in one.pairs.values()]
    asking = releasing.asking_of(match_round) if match_round is not None else Asking()
    ids = tandems.open_many(session, [_offer(pair, round_id, explained[pair.ids], asking) for pair in opened])
    name_of = dict(zip(opened, ids, strict=True))
    for one in settled:
        successors = {side.value: name_of[pair] for side, pair in one.pairs.items()}
        tandems.follow_up(session, one.suggestion_id, successors)


def finished(session: Session, round_id: str) -> bool:
    """Whether nothing is left to be looked at; a round none of whose suggestions is open is then closed."""
    running.held(session, round_id)
    if tandems.ended_without_tandem(session, round_id, 1):
        return False
    releasing.close_if_over(session, round_id)
    return True


class _Partners:
    """Who can still be offered to whom in a round, step by step."""

    def __init__(
        self, session: Session, match_round: Round, named: Mapping[str, Mapping[SideName, Sequence[Candidate]]]
    ) -> None:
        self._most = match_round.max_per_company_pair
        self._had = tandems.communities_with_alternate(session, match_round.id)
        self._had |= queries.left_in_peace(session, match_round.id)
        self._between = queries.tandems_between(session, match_round.id)
        everybody = {one.community_id for sides in named.values() for further in sides.values() for one in further}
        self._company_of = communities.companies_of(session, everybody)
        self._apart = rounds.banned_pairs(session, match_round.id) | past.not_again(session, match_round)
        self._session = session

    def choose(
        self,
        waiting: Mapping[str, Sequence[SuggestionSide]],
        named: Mapping[str, Mapping[SideName, Sequence[Candidate]]],
    ) -> dict[str, dict[SideName, Pair]]:
        """For the sides of each suggestion, in this order, the pair that each is offered; sides that nobody is left
        for are absent."""
        options = {
            name: {side.side: self._options(side, named[name][side.side]) for side in sides}
            for name, sides in waiting.items()
        }
        every = [pair.ids for sides in options.values() for further in sides.values() for pair, _ in further]
        free = _between_whom_nothing_stands(self._session, every)
        chosen: dict[str, dict[SideName, Pair]] = {}
        for name, sides in options.items():
            first = {side: self._first(further, free) for side, further in sides.items()}
            chosen[name] = {side: pair for side, pair in first.items() if pair is not None}
        return chosen

    def _options(self, side: SuggestionSide, further: Sequence[Candidate]) -> list[tuple[Pair, frozenset[str]]]:
        """The pairs that are possible for a side as far as the round goes, each with its companies."""
        options = []
        for one in further:
            first, second = sorted((side.community_id, one.community_id))
            if self._had.isdisjoint((first, second)) and (first, second) not in self._apart:
                companies = frozenset((side.company_id, self._company_of[one.community_id]))
                pair = Pair(first, second, one.similarity, one.score, one.probability)
                options.append((pair, companies))
        return options

    def _first(self, options: Sequence[tuple[Pair, frozenset[str]]], free: Set[Ids]) -> Pair | None:
        for pair, companies in options:
            full = self._most is not None and self._between[companies] >= self._most
            if pair.ids in free and not full and self._had.isdisjoint(pair.ids):
                self._had.update(pair.ids)
                self._between[companies] += 1
                return pair
        return None


def _between_whom_nothing_stands(session: Session, pairs: Sequence[Ids]) -> set[Ids]:
    """Those of these pairs that can be suggested now, each for itself.

    `standing` takes a place of both for each pair that it lets pass, so no community is asked about twice at once.
    """
    free: set[Ids] = set()
    waiting = list(dict.fromkeys(pairs))
    while waiting:
        together: list[Ids] = []
        later: list[Ids] = []
        named: set[str] = set()
        for pair in waiting:
            (together if named.isdisjoint(pair) else later).append(pair)
            named.update(pair)
        found = standing.obstacles(session, together)
        free.update(pair for pair, obstacle in zip(together, found, strict=True) if obstacle is None)
        waiting = later
    return free


def _is_offered(suggestion: Suggestion, side: SuggestionSide) -> bool:
    """Whether a side is to be offered somebody else, after what it has said or was not asked any more."""
    if side.answer is None:
        return suggestion.status is not SuggestionStatus.EXPIRED
    return side.answer is not Answer.NOT_NOW


def _offer(pair: Pair, round_id: str, explained: Explained, asking: Asking) -> Offer:
    return Offer(
        pair.a_id,
        pair.b_id,
        pair.similarity,
        explained.reasons,
        explained.other,
        origin=SuggestionOrigin.ALTERNATE,
        round_id=round_id,
        score=pair.score,
        probability=pair.probability,
        asking=asking,
    )
