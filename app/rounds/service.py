"""Match rounds: drafted, previewed, run by a worker on a frozen snapshot, proposed to the organizer, released.

draft -> queued -> running -> proposed -> released -> closed; cancelled back to draft; withdrawn until the first yes
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import or_, update
from sqlmodel import Session, col, select

from app.access.models import Role
from app.access.service import Caller
from app.communities import service as community_service
from app.companies import service as companies
from app.core import events, jobs
from app.core.clock import now
from app.core.concurrency import require_match
from app.core.errors import Conflict, NotFound, Unprocessable
from app.core.i18n import mark
from app.core.ids import new_id
from app.rounds import guests, queries, running
from app.rounds.models import Proposal, Round, RoundPreview, RoundSnapshot, RoundStatus
from app.rounds.schemas import RoundAsking, RoundCreate, RoundScope, RoundSettings, RoundUpdate
from app.rounds.snapshot import freeze, thaw

JOB = "round"

# Where `start` begins: a round that failed is tried again.
NOT_RUN = (RoundStatus.DRAFT, RoundStatus.FAILED)
_UNDER_WAY = (RoundStatus.QUEUED, RoundStatus.RUNNING)
HAS_PROPOSALS = (RoundStatus.PROPOSED, RoundStatus.RELEASED, RoundStatus.CLOSED, RoundStatus.WITHDRAWN)


class RoundNotFound(NotFound):
    slug = "round-not-found"
    title = mark("No such round")
    detail = mark("There is no round {round_id}. List the rounds with GET /v1/rounds.")


class RoundAlreadyStarted(Conflict):
    slug = "round-already-started"
    title = mark("The round was started already")
    detail = mark(
        "The round is {status}. Follow it with GET /v1/rounds/{round_id}; once it is proposed, POST "
        "/v1/rounds/{round_id}/rerun runs it again."
    )


class RoundNotProposed(Conflict):
    slug = "round-not-proposed"
    title = mark("The round is at another point")
    detail = mark(
        "The round is {status}; this is possible only when it is one of these: {needed}. POST "
        "/v1/rounds/{round_id}/start brings a draft its proposals; after the release, create a new round."
    )


class RoundNotUnderWay(Conflict):
    slug = "round-not-under-way"
    title = mark("There is nothing to cancel")
    detail = mark(
        "The round is {status}; only one that is queued or running can be cancelled. POST "
        "/v1/rounds/{round_id}/withdraw takes a round back that was proposed or released."
    )


class RoundNotDraft(Conflict):
    slug = "round-not-draft"
    title = mark("The round is no draft any more")
    detail = mark(
        "The round is {status}; title, settings and scope change only before it has run. Create a new round."
    )


class RoundWithoutCommunities(Conflict):
    slug = "round-without-communities"
    title = mark("Nobody would take part")
    detail = mark(
        "No published community is in the scope of the round. Publish communities with POST /v1/communities/publish, "
        "or widen the scope."
    )


class RoundOfOneCompany(Conflict):
    slug = "round-of-one-company"
    title = mark("Only one company would take part")
    detail = mark(
        "A tandem joins communities of two companies, and all {communities} published communities in the scope "
        "belong to one. Publish communities of another company, or widen the scope."
    )


class ScopeUnknown(Unprocessable):
    slug = "round-scope-unknown"
    title = mark("The scope names somebody who does not take part")
    detail = mark(
        "These are no companies that take part, or no published communities: {unknown}. Check the ids, or leave them "
        "out."
    )


class ScopeMeetupUnknown(Unprocessable):
    slug = "round-meetup-unknown"
    title = mark("The scope names a meetup that does not exist")
    detail = mark("There is no meetup {meetup_id}. Check the id with GET /v1/meetups, or leave `meetup` out.")


class MeetupWithoutGuests(Conflict):
    slug = "round-meetup-without-guests"
    title = mark("Nobody comes to this meetup")
    detail = mark(
        "The meetup is {status}, so there is nobody who comes to it. Choose one that was announced or held, or leave "
        "`meetup` out of the scope."
    )


class RoundPlannedInThePast(Unprocessable):
    slug = "round-planned-in-the-past"
    title = mark("That day is over already")
    detail = mark("`planned_on` is a day on which the round is still to be started. Choose today or a later one.")


class ReminderTooLate(Unprocessable):
    slug = "round-reminder-too-late"
    title = mark("The reminder would come too late")
    detail = mark(
        "Who has not answered can be reminded until the day before the end: choose `remind_after_days` smaller than "
        "`answer_within_days` ({days}), or null for no reminder."
    )


class SnapshotErased(Conflict):
    slug = "round-snapshot-erased"
    title = mark("This round can no longer run again")
    detail = mark(
        "Texts were erased from the frozen input since: a company has left, a person was erased, or the time for "
        "which they are kept is over. Its hash stays as a record. Create a new round."
    )


def create(session: Session, caller: Caller, wish: RoundCreate) -> Round:
    """A draft; nothing runs yet."""
    caller.require(Role.ORGANIZER, Role.OPERATOR)
    _check_scope(session, caller, wish.scope)
    _check_asking(wish.asking)
    _check_day(wish.planned_on)
    draft = Round(
        id=new_id("rnd"),
        title=wish.title,
        status=RoundStatus.DRAFT,
        planned_on=wish.planned_on,
        created_at=now(),
        **_stored_settings(wish.settings),
        **wish.asking.model_dump(),
        **_stored_scope(wish.scope),
    )
    session.add(draft)
    session.flush()
    return draft


def change(session: Session, caller: Caller, round_id: str, wish: RoundUpdate, if_match: str | None) -> Round:
    """Change what was sent of a round that has not run."""
    match_round = get(session, caller, round_id, for_update=True)
    if match_round.status not in NOT_RUN:
        raise RoundNotDraft(status=match_round.status.value)
    require_match(if_match, match_round.version)
    if wish.scope is not None:
        _check_scope(session, caller, wish.scope)
    if wish.asking is not None:
        _check_asking(wish.asking)
    _check_day(wish.planned_on)
    named: dict[str, object] = {"title": wish.title} if wish.title is not None else {}
    named |= _stored_settings(wish.settings) if wish.settings is not None else {}
    named |= wish.asking.model_dump() if wish.asking is not None else {}
    named |= _stored_scope(wish.scope) if wish.scope is not None else {}
    named |= {"planned_on": wish.planned_on} if "planned_on" in wish.model_fields_set else {}
    for field, value in named.items():
        setattr(match_round, field, value)
    match_round.version += 1
    session.add(match_round)
    return match_round


def start(session: Session, caller: Caller, round_id: str) -> Round:
    """Queue the round for a worker."""
    match_round = get(session, caller, round_id, for_update=True)
    if match_round.status not in NOT_RUN:
        raise RoundAlreadyStarted(status=match_round.status.value, round_id=round_id)
    check_participants(session, match_round)
    _queue(session, match_round)
    events.record(session, "round.started", round_id)
    return match_round


def rerun(session: Session, caller: Caller, round_id: str) -> Round:
    """Run a proposed round again on the same snapshot, with the pins and bans that it has now."""
    match_round = get_in(session, caller, round_id, RoundStatus.PROPOSED, for_update=True)
    snapshot = session.get(RoundSnapshot, round_id)
    if snapshot is None or snapshot.erased_at is not None:
        raise SnapshotErased
    _queue(session, match_round)
    events.record(session, "round.rerun", round_id)
    return match_round


def cancel(session: Session, caller: Caller, round_id: str) -> Round:
    """Stop a run: the round is a draft again, or proposed as it was before the run."""
    match_round = get(session, caller, round_id, for_update=True)
    if match_round.status not in _UNDER_WAY:
        raise RoundNotUnderWay(status=match_round.status.value, round_id=round_id)
    jobs.cancel(session, round_id)
    if match_round.run:
        match_round.status = RoundStatus.PROPOSED
    else:
        match_round.status = RoundStatus.DRAFT
        match_round.started_at = None
        running.forget_snapshot(session, match_round)
    running.forget_run(session, round_id, match_round.running)
    session.add(match_round)
    events.record(session, "round.cancelled", round_id)
    return match_round


def get(session: Session, caller: Caller, round_id: str, *, for_update: bool = False) -> Round:
    """The round. Raises RoundNotFound, also for callers who do not organize."""
    found = running.held(session, round_id) if for_update else session.get(Round, round_id)
    if found is None or caller.role not in (Role.ORGANIZER, Role.OPERATOR):
        raise RoundNotFound(round_id=round_id)
    return found


def get_in(session: Session, caller: Caller, round_id: str, *states: RoundStatus, for_update: bool = False) -> Round:
    """The round in one of these states. Raises RoundNotProposed in any other."""
    found = get(session, caller, round_id, for_update=for_update)
    if found.status not in states:
        needed = ", ".join(one.value for one in states)
        raise RoundNotProposed(status=found.status.value, needed=needed, round_id=round_id)
    return found


def get_with_proposals(session: Session, caller: Caller, round_id: str) -> Round:
    """The round, once it has proposals, also while another run of it is under way. Raises RoundNotProposed before."""
    found = get(session, caller, round_id)
    if not found.run:
        raise RoundNotProposed(status=found.status.value, needed=RoundStatus.PROPOSED.value, round_id=round_id)
    return found


def check_participants(session: Session, match_round: Round) -> None:
    """Raises RoundWithoutCommunities, RoundOfOneCompany when nobody could be paired, and for a meetup as
    `_check_meetup`: it may have been cancelled since."""
    if match_round.scope_meetup is None:
        communities, of_companies = community_service.count_taking_part(
            session, company_ids=match_round.scope_companies, community_ids=match_round.scope_communities
        )
    else:
        _check_meetup(session, match_round.scope_meetup)
        coming = running.participants(session, match_round)
        communities, of_companies = len(coming), len({one.company_id for one in coming})
    if communities == 0:
        raise RoundWithoutCommunities
    if of_companies == 1:
        raise RoundOfOneCompany(communities=communities)


def forget_snapshots(session: Session, before: datetime, limit: int) -> list[str]:
    """Take all texts out of the snapshots of rounds that ended before this moment; ids of the rounds. The hash stays
    as what it was."""
    return _forget_texts(session, queries.snapshots_of_ended(session, before, limit))


def forget_wishes(session: Session, before: datetime, limit: int) -> list[str]:
    """As `forget_snapshots`, for rounds of meetups that were over before this moment, however far the rounds are: a
    snapshot holds what single people wished for the meetup, and does not tell whose words are whose."""
    return _forget_texts(session, queries.snapshots_of_meetups(session, before, limit))


def erase_company(session: Session, company_id: str) -> None:
    """Take the texts of a company out of snapshots and reasons. The hash of a snapshot stays as what it was."""
    for stored in session.exec(select(RoundSnapshot)):
        frozen = thaw(stored.content)
        kept = [profile for profile in frozen.profiles if profile.company != company_id]
        if len(kept) == len(frozen.profiles):
            continue
        names = {profile.id for profile in kept}
        pairs = [pair for pair in frozen.past_pairs if pair.a_id in names and pair.b_id in names]
        stored.content, _ = freeze(kept, pairs, frozen.calibration)
        stored.erased_at = now()
        session.add(stored)
    ids = community_service.ids_of_company(company_id)
    session.execute(
        update(Proposal)
        .where(or_(col(Proposal.a_id).in_(ids), col(Proposal.b_id).in_(ids)))
        .values(reasons=[], other=1.0)
    )
    for preview in session.exec(select(RoundPreview)):
        # Its figures name companies; it is gone after a day anyway.
        session.delete(preview)


def _forget_texts(session: Session, snapshots: Sequence[RoundSnapshot]) -> list[str]:
    for stored in snapshots:
        stored.content, _ = freeze([], [], thaw(stored.content).calibration)
        stored.erased_at = now()
        session.add(stored)
    return [one.round_id for one in snapshots]


def _queue(session: Session, match_round: Round) -> None:
    match_round.status = RoundStatus.QUEUED
    match_round.started_at, match_round.finished_at = now(), None
    match_round.problem, match_round.problem_values = None, {}
    match_round.running = match_round.run + 1
    # A round that comes back as failed, or as a draft, is not the one that was read before.
    match_round.version += 1
    session.add(match_round)
    jobs.enqueue(session, JOB, match_round.id)


def _check_scope(session: Session, caller: Caller, scope: RoundScope) -> None:
    unknown = [one for one in scope.companies if not companies.takes_part(session, one)]
    known = community_service.visible_ids(session, caller, scope.communities) if scope.communities else set()
    unknown += [one for one in scope.communities if one not in known]
    if unknown:
        raise ScopeUnknown(unknown=", ".join(unknown[:20]))
    if scope.meetup is not None:
        _check_meetup(session, scope.meetup)


def _check_meetup(session: Session, meetup_id: str) -> None:
    """Raises ScopeMeetupUnknown, MeetupWithoutGuests."""
    status = guests.status_of(session, meetup_id)
    if status is None:
        raise ScopeMeetupUnknown(meetup_id=meetup_id)
    if status not in guests.HAS_GUESTS:
        raise MeetupWithoutGuests(status=status.value)


def _check_day(planned_on: date | None) -> None:
    # Somewhere it is still the day before.
    if planned_on is not None and planned_on < (now() - timedelta(hours=12)).date():
        raise RoundPlannedInThePast


def _check_asking(asking: RoundAsking) -> None:
    if asking.remind_after_days is not None and asking.remind_after_days >= asking.answer_within_days:
        raise ReminderTooLate(days=asking.answer_within_days)


def _stored_settings(settings: RoundSettings) -> dict[str, Any]:
    return settings.model_dump() | {"objective": settings.objective.value}


def _stored_scope(scope: RoundScope) -> dict[str, Any]:
    return {
        "scope_companies": sorted(set(scope.companies)),
        "scope_communities": sorted(set(scope.communities)),
        "scope_meetup": scope.meetup,
    }
