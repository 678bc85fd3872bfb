"""Reads of the programme: who can be offered next, what communities have asked for, and which stories can be told."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col
from sqlmodel import select as rows_of

from app.companies.models import Company, CompanyStatus
from app.core.jobs import Job, JobStatus
from app.exchanges.models import Harvest
from app.meetups.models import Meetup, MeetupStatus, Talk
from app.rounds.models import Proposal
from app.seatings.models import Again
from app.tandems.models import (
    OPEN,
    Answer,
    SideName,
    Suggestion,
    SuggestionOrigin,
    SuggestionSide,
    SuggestionStatus,
    Tandem,
)

CompanyPair = frozenset[str]

_COUNTED = (
    select(col(Talk.id))
    .join(Meetup, col(Meetup.id) == col(Talk.meetup_id))
    .where(col(Meetup.status) != MeetupStatus.CANCELLED)
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A further partner that the round named for a community."""

    community_id: str
    similarity: float
    score: float | None
    """What the round made its probability of; like it unknown in rounds of before."""
    probability: float | None


@dataclass(frozen=True, slots=True)
class Asked:
    """A suggestion that a community has asked for."""

    suggestion_id: str
    partner_id: str
    is_open: bool


@dataclass(frozen=True, slots=True)
class Story:
    """What the two sides of a tandem have released, while both do."""

    id: str
    tandem_id: str
    suggestion_id: str
    lines: list[str]
    a_id: str
    b_id: str

    @property
    def sides(self) -> tuple[str, str]:
        return self.a_id, self.b_id


def is_queued(session: Session, kind: str, subject_id: str) -> bool:
    """Whether such a job waits for a worker."""
    queued = (col(Job.kind) == kind, col(Job.subject_id) == subject_id, col(Job.status) == JobStatus.QUEUED)
    return session.execute(select(col(Job.id)).where(*queued).limit(1)).first() is not None


def candidates(
    session: Session, round_id: str, suggestion_ids: Collection[str]
) -> dict[str, Mapping[SideName, Sequence[Candidate]]]:
    """For each suggestion of a round the further partners of its two sides, the likeliest first."""
    query = select(col(Proposal.suggestion_id), col(Proposal.alternates_of_a), col(Proposal.alternates_of_b)).where(
        col(Proposal.round_id) == round_id, col(Proposal.suggestion_id).in_(list(suggestion_ids))
    )
    return {
        suggestion_id: {SideName.A: _candidates(of_a), SideName.B: _candidates(of_b)}
        for suggestion_id, of_a, of_b in session.execute(query)
    }


def left_in_peace(session: Session, round_id: str) -> set[str]:
    """Communities that in this round have said not now, or nothing until the time was over."""
    not_now = col(SuggestionSide.answer) == Answer.NOT_NOW
    silent = (col(Suggestion.status) == SuggestionStatus.EXPIRED) & col(SuggestionSide.answer).is_(None)
    query = (
        select(col(SuggestionSide.community_id))
        .join(Suggestion, col(Suggestion.id) == col(SuggestionSide.suggestion_id))
        .where(col(Suggestion.round_id) == round_id, not_now | silent)
    )
    return set(session.scalars(query))


def tandems_between(session: Session, round_id: str) -> Counter[CompanyPair]:
    """How many tandems of a round two companies have, or may still get."""
    a, b = aliased(SuggestionSide), aliased(SuggestionSide)
    query = (
        select(col(a.company_id), col(b.company_id))
        .join(Suggestion, col(Suggestion.id) == col(a.suggestion_id))
        .join(b, (col(b.suggestion_id) == col(a.suggestion_id)) & (col(b.side) == SideName.B))
        .where(
            col(a.side) == SideName.A,
            col(Suggestion.round_id) == round_id,
            col(Suggestion.status).in_((*OPEN, SuggestionStatus.ACCEPTED)),
        )
    )
    return Counter(frozenset(both) for both in session.execute(query))


def not_followed_up(session: Session, suggestion_ids: Collection[str]) -> set[str]:
    """Those of these suggestions that nobody has looked at since they ended."""
    query = select(col(Suggestion.id)).where(
        col(Suggestion.id).in_(list(suggestion_ids)), col(Suggestion.followed_up_at).is_(None)
    )
    return set(session.scalars(query))


def asked_by(session: Session, community_id: str, since: datetime) -> list[Asked]:
    """What a community has asked for since then, or earlier and still open. The side that asks is the first to
    answer."""
    mine, theirs = aliased(SuggestionSide), aliased(SuggestionSide)
    is_open = col(Suggestion.status).in_(OPEN)
    query = (
        select(col(Suggestion.id), col(theirs.community_id), is_open)
        .join(mine, col(mine.suggestion_id) == col(Suggestion.id))
        .join(theirs, (col(theirs.suggestion_id) == col(mine.suggestion_id)) & (col(theirs.side) != col(mine.side)))
        .where(
            col(Suggestion.origin) == SuggestionOrigin.SPONTANEOUS,
            col(mine.community_id) == community_id,
            col(mine.answered_at).is_not(None),
            or_(col(theirs.answered_at).is_(None), col(theirs.answered_at) >= col(mine.answered_at)),
            or_(is_open, col(Suggestion.opened_at) > since),
        )
    )
    return [
        Asked(suggestion_id, partner_id, bool(still)) for suggestion_id, partner_id, still in session.execute(query)
    ]


def story(session: Session, story_id: str, *, held: bool = False) -> Story | None:
    """The story, as long as it is released; none of a company that has left. One that is held stays released until
    the transaction is over."""
    found = _stories(session, col(Harvest.story_id) == story_id, held=held)
    return found[0] if found else None


def released_lines(session: Session, story_id: str) -> list[str] | None:
    """What the story says, also of a company that is about to leave; None once it is taken back."""
    return session.scalar(select(col(Harvest.lines)).where(col(Harvest.story_id) == story_id))


def story_of_tandem(session: Session, tandem_id: str) -> Story | None:
    found = _stories(session, col(Harvest.tandem_id) == tandem_id)
    return found[0] if found else None


def stories_never_told(session: Session, since: datetime) -> list[Story]:
    """Those released since then that nobody has proposed as a talk, the oldest first; see `was_proposed`."""
    proposed = _COUNTED.where(col(Talk.story_id) == col(Harvest.story_id)).exists()
    return _stories(session, col(Harvest.released_at) >= since, ~proposed)


def was_proposed(session: Session, story_id: str) -> bool:
    """Whether somebody has proposed it as a talk of any meetup; one that was cancelled does not count."""
    proposed = _COUNTED.where(col(Talk.story_id) == story_id).limit(1)
    return session.execute(proposed).first() is not None


def talks_telling(session: Session, story_id: str) -> Sequence[Talk]:
    """Every talk that tells this story, of whichever side and meetup."""
    return session.exec(rows_of(Talk).where(col(Talk.story_id) == story_id).order_by(col(Talk.id))).all()


def wished_in_return(session: Session, again: Again) -> bool:
    """Whether the other one wishes the same, still."""
    in_return = (col(Again.registration_id) == again.other_id, col(Again.other_id) == again.registration_id)
    return session.execute(select(col(Again.id)).where(*in_return)).first() is not None


def suggested_after(session: Session, meetup_id: str, pair: tuple[str, str]) -> bool:
    """Whether two communities were suggested to each other as people of theirs met there, whatever came of it."""
    query = select(col(Suggestion.id)).where(
        col(Suggestion.meetup_id) == meetup_id, col(Suggestion.a_id) == pair[0], col(Suggestion.b_id) == pair[1]
    )
    return session.execute(query.limit(1)).first() is not None


def _stories(session: Session, *which: ColumnElement[bool], held: bool = False) -> list[Story]:
    here = select(col(Company.id)).where(col(Company.status) == CompanyStatus.ACTIVE)
    query = (
        select(
            col(Harvest.story_id),
            col(Tandem.id),
            col(Tandem.suggestion_id),
            col(Harvest.lines),
            col(Tandem.a_id),
            col(Tandem.b_id),
        )
        .join(Tandem, col(Tandem.id) == col(Harvest.tandem_id))
        .where(col(Harvest.story_id).is_not(None), col(Tandem.a_company).in_(here), col(Tandem.b_company).in_(here))
        .where(*which)
        .order_by(col(Harvest.story_id))
    )
    if held:
        query = query.with_for_update(read=True, of=Harvest)
    return [Story(*row) for row in session.execute(query)]


def _candidates(stored: Sequence[Mapping[str, object]]) -> list[Candidate]:
    return [
        Candidate(
            str(one["id"]),
            float(str(one["similarity"])),
            cast("float | None", one.get("score")),
            cast("float | None", one.get("probability")),
        )
        for one in stored
    ]
