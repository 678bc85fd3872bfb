"""Who has accepted the guideline: per person, for twelve months, renewable; recorded by the person or its company."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import func
from sqlmodel import Session, col, select

from app.access.models import PERSON_ROLES, Role
from app.access.service import Caller
from app.core import events
from app.core.clock import now
from app.core.errors import Conflict, Unprocessable
from app.core.i18n import Language, mark
from app.core.ids import new_id
from app.guardrails import guideline
from app.guardrails.models import GuidelineAcceptance
from app.people import service as people
from app.people.models import Person, PersonStatus

CURRENT_VERSION: str = guideline.CURRENT_VERSION
VALID_MONTHS = 12
TOLD_BEFORE = timedelta(days=30)
"""How long before it runs out it is made known."""
ENDS = "guideline.acceptance_ends"


class GuidelineNotCurrent(Conflict):
    slug = "guideline-not-current"
    title = mark("There is another version of the guideline")
    detail = mark(
        "The guideline to accept is version {current}. Show its text, as GET /v1/guideline gives it, and send that "
        "version."
    )


class AcceptsForNobody(Unprocessable):
    slug = "accepts-for-nobody"
    title = mark("Who accepts the guideline?")
    detail = mark("Your key belongs to no person: name the person that has accepted with `person_id`.")


def notice(language: Language) -> str:
    """The short notice for invitations and calendar entries."""
    return guideline.CURRENT[language].notice


def card(language: Language) -> str:
    """The card on competition law for the kick-off."""
    return guideline.CURRENT[language].card


def accepted(session: Session, person_ids: Iterable[str], *, at: datetime | None = None) -> set[str]:
    """Those of these people whose acceptance holds now, or at another moment, of whichever version it is."""
    moment = at or now()
    query = select(GuidelineAcceptance.person_id).where(
        col(GuidelineAcceptance.person_id).in_(list(person_ids)),
        col(GuidelineAcceptance.accepted_at) <= moment,
        col(GuidelineAcceptance.valid_until) > moment,
    )
    return set(session.exec(query))


def accept_as(session: Session, caller: Caller, version: str, person_id: str | None) -> GuidelineAcceptance:
    """Record an acceptance: a person's own, or that of a person of the caller's company. Operators record nobody's.

    Raises PersonNotFound for anybody else, GuidelineNotCurrent for a version that is not the present one.
    """
    caller.require(Role.COORDINATOR, Role.PORTAL, *PERSON_ROLES)
    person = _meant(session, caller, person_id)
    if person.status is not PersonStatus.ACTIVE:
        if person.status is PersonStatus.WAITING:
            raise people.PersonWaiting(person_id=person.id)
        raise people.PersonNotFound(person_id=person.id)
    return accept(session, person.id, version, caller.role.value)


def accept(session: Session, person_id: str, version: str, recorded_by: str) -> GuidelineAcceptance:
    """The person has accepted this version, for twelve months from now. Raises GuidelineNotCurrent."""
    if version != CURRENT_VERSION:
        raise GuidelineNotCurrent(current=CURRENT_VERSION)
    moment = now()
    acceptance = GuidelineAcceptance(
        id=new_id("gac"),
        person_id=person_id,
        version=version,
        accepted_at=moment,
        valid_until=a_year_after(moment),
        recorded_by=recorded_by,
    )
    session.add(acceptance)
    session.flush()
    return acceptance


def a_year_after(moment: datetime) -> datetime:
    """The same day of the next year; 28 February after a 29th."""
    day = 28 if (moment.month, moment.day) == (2, 29) else moment.day
    return moment.replace(year=moment.year + 1, day=day)


def get(session: Session, acceptance_id: str) -> GuidelineAcceptance:
    """One acceptance, for who has just recorded it."""
    return session.get_one(GuidelineAcceptance, acceptance_id)


def page(
    session: Session, caller: Caller, person_id: str | None, *, after: str | None, limit: int
) -> Sequence[GuidelineAcceptance]:
    """Acceptances that the caller may see, newest first, one more than `limit`; of one person where it is named."""
    caller.require(Role.OPERATOR, Role.COORDINATOR, Role.PORTAL, *PERSON_ROLES)
    query = select(GuidelineAcceptance)
    if person_id is not None or caller.role in PERSON_ROLES:
        query = query.where(col(GuidelineAcceptance.person_id) == _meant(session, caller, person_id).id)
    elif caller.company_id is not None:
        query = query.join(Person, col(Person.id) == col(GuidelineAcceptance.person_id))
        query = query.where(col(Person.company_id) == caller.company_id)
    if after is not None:
        query = query.where(col(GuidelineAcceptance.id) < after)
    return session.exec(query.order_by(col(GuidelineAcceptance.id).desc()).limit(limit + 1)).all()


def tell_what_ends(session: Session, limit: int) -> int:
    """Make known which acceptances run out within 30 days and are not renewed; how many were looked at.

    Each is told once. One that ran out while nobody was looking is told too: its person still needs a new one.
    """
    due = (
        select(GuidelineAcceptance)
        .where(
            col(GuidelineAcceptance.end_told_at).is_(None),
            col(GuidelineAcceptance.valid_until) <= now() + TOLD_BEFORE,
        )
        .order_by(col(GuidelineAcceptance.id))
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    found = session.exec(due).all()
    newest = _newest(session, {one.person_id for one in found})
    for one in found:
        one.end_told_at = now()
        session.add(one)
    events.record_many(session, ENDS, [one.id for one in found if newest[one.person_id] <= one.valid_until])
    return len(found)


def accepted_until(session: Session, person_id: str) -> datetime | None:
    """Until when the last acceptance of a person holds, also when it is over; None where there was none."""
    return _newest(session, {person_id}).get(person_id)


def _newest(session: Session, person_ids: set[str]) -> dict[str, datetime]:
    """Until when the last acceptance of each person holds."""
    person_id, until = col(GuidelineAcceptance.person_id), col(GuidelineAcceptance.valid_until)
    rows = session.execute(select(person_id, func.max(until)).where(person_id.in_(person_ids)).group_by(person_id))
    return {str(one): latest for one, latest in rows}


def _meant(session: Session, caller: Caller, person_id: str | None) -> Person:
    """Whose acceptance it is about. Raises PersonNotFound for somebody whom the caller does not see."""
    caller.require(Role.OPERATOR, Role.COORDINATOR, Role.PORTAL, *PERSON_ROLES)
    if caller.role not in PERSON_ROLES:
        if person_id is None:
            raise AcceptsForNobody
        return people.get(session, person_id, company_id=caller.company_id)
    own = str(caller.person_id)
    if person_id not in (None, own):
        raise people.PersonNotFound(person_id=person_id)
    return people.get(session, own, company_id=caller.company_id)
