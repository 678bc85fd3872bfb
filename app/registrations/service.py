"""Registrations: a place or the waiting list, in the order in which they come; confirmed, changed, cancelled.

unconfirmed -> registered | waiting        waiting -> offered -> registered | lapsed        any in line -> cancelled
cancelled | lapsed -> registered | waiting, at the end of the line
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import update
from sqlmodel import Session, col

from app.access.models import PERSON_ROLES, Role
from app.access.service import Caller
from app.communities import queries as communities
from app.communities.models import Community, CommunityStatus
from app.communities.service import CommunityNotFound, WrongState
from app.companies import service as companies
from app.core.concurrency import require_match
from app.core.errors import Conflict, Unprocessable
from app.core.events import Event
from app.core.i18n import Language, mark
from app.meetups import service as meetups
from app.people import service as people
from app.people.models import Person, PersonStatus
from app.people.service import CompanyUnknown
from app.registrations import places, queries, signing_up
from app.registrations.models import IN_LINE, RegisteredBy, Registration, RegistrationStatus
from app.registrations.places import RegistrationNotFound, at_hand
from app.registrations.schemas import RegistrationCreate, RegistrationUpdate
from app.registrations.viewing import tag

_REGISTERS = (Role.COORDINATOR, Role.PORTAL, Role.MANAGER, Role.PARTICIPANT)
_WISHES = ("themes", "learn", "show", "languages", "excluded_companies")

sign_up = signing_up.sign_up
confirm_address = signing_up.confirm_address


class PersonNotNamed(Unprocessable):
    slug = "registration-person-not-named"
    title = mark("Who comes?")
    detail = mark(
        "Keys of a company name either `person` or `person_id`. A person's own key registers that person and names "
        "nobody."
    )


class PersonNotApproved(Conflict):
    slug = "registration-person-not-approved"
    title = mark("A coordinator looks at this person first")
    detail = mark(
        "The address is of a mail domain that is not the company's. Add the person with POST /v1/people, have a "
        "coordinator approve it with POST /v1/people/{{person_id}}/approve, then register it by its id."
    )


class StaysIsThePersons(Unprocessable):
    slug = "stays-is-the-persons"
    title = mark("To be kept is the person's own to allow")
    detail = mark(
        "`stays` is a consent, and only the person gives it: on the page that its messages lead to, or by a key of "
        "its own. Leave it out. A key of the company can take it back."
    )

    def as_json(self, language: Language) -> dict[str, Any]:
        return super().as_json(language) | {"errors": [{"pointer": "/stays", "detail": self.told(language)}]}


class RegisteredAlready(Conflict):
    slug = "registered-already"
    title = mark("The person is registered already")
    detail = mark(
        "The registration is {registration_id}, and it is {status}. Change its wishes with "
        "PATCH /v1/registrations/{registration_id}."
    )


class NothingOffered(Conflict):
    slug = "no-place-offered"
    title = mark("No place is offered")
    detail = mark("The registration is {status}. Only a place that is offered to somebody who waits is confirmed.")


class OfferOver(Conflict):
    slug = "offer-over"
    title = mark("The place was kept until its time was over")
    detail = mark(
        "The place was to be confirmed in time, and is offered to the next one now. Register again to take a free "
        "place, or one at the end of the waiting list."
    )


class NotInLine(Conflict):
    slug = "registration-not-in-line"
    title = mark("The person does not come")
    detail = mark("The registration is {status}. Register again to come after all.")


def register(session: Session, caller: Caller, meetup_id: str, wish: RegistrationCreate) -> Registration:
    """A person of the caller's company comes: it takes a place, or waits. Who had cancelled goes to the end.

    Raises RegisteredAlready, StaysIsThePersons, and what keeps everybody from registering (`places.require_open`).
    """
    caller.require(*_REGISTERS)
    company = companies.get_active(session, caller, caller.company_id or "")
    _require_named(caller, wish)
    _require_consent(caller, stays=wish.stays)
    # Before anything else is locked: everybody who comes waits here, in one order.
    meetup = meetups.get(session, caller, meetup_id, for_update=True)
    places.opened(session, meetup)
    person = _person(session, caller, company.id, wish)
    _require_community(session, caller, company.id, wish.community_id)
    _require_companies(session, wish.excluded_companies)
    registration = signing_up.earlier_or_new(session, meetup, person)
    if registration.status in IN_LINE:
        raise RegisteredAlready(registration_id=registration.id, status=registration.status.value)
    registration.by = RegisteredBy.PERSON if caller.role in PERSON_ROLES else RegisteredBy.PORTAL
    registration.community_id = wish.community_id
    for field in _WISHES:
        setattr(registration, field, getattr(wish, field))
    if caller.role in PERSON_ROLES:
        registration.stays = wish.stays
    places.enter(session, meetup, registration)
    return registration


def get(session: Session, caller: Caller, registration_id: str, *, for_update: bool = False) -> Registration:
    """The registration, if the caller may see it; locked with its meetup where asked. Raises RegistrationNotFound."""
    registration = queries.visible(session, caller, registration_id)
    if registration is None:
        raise RegistrationNotFound(registration_id=registration_id)
    return at_hand(session, registration_id)[0] if for_update else registration


def page(
    session: Session,
    caller: Caller,
    meetup_id: str,
    *,
    status: RegistrationStatus | None,
    company_id: str | None,
    after: int | None,
    limit: int,
) -> Sequence[Registration]:
    """Registrations of a meetup that the caller may see, by number, one more than `limit`. Raises MeetupNotFound."""
    meetup = meetups.get(session, caller, meetup_id)
    return queries.page(session, caller, meetup.id, status=status, company_id=company_id, after=after, limit=limit)


def change(
    session: Session, caller: Caller, registration_id: str, wish: RegistrationUpdate, if_match: str | None
) -> Registration:
    """Other wishes, while the meetup is to come; whether it stays afterwards, at any time. Raises NotInLine,
    StaysIsThePersons."""
    registration = _own(session, caller, registration_id)
    require_match(if_match, tag(session, caller, registration))
    _require_consent(caller, stays=wish.stays)
    if "community_id" in wish.model_fields_set and wish.community_id != registration.community_id:
        _require_community(session, caller, registration.company_id, wish.community_id)
    return rewrite(session, registration.id, wish)


def cancel(session: Session, caller: Caller, registration_id: str) -> Registration:
    """The person does not come; the next one is offered the place. Who has cancelled before stays so."""
    return leave(session, _own(session, caller, registration_id).id)


def confirm(session: Session, caller: Caller, registration_id: str) -> Registration:
    """The person takes the place that is offered. Raises OfferOver, NothingOffered."""
    return keep_place(session, _own(session, caller, registration_id).id)


def keep_place(session: Session, registration_id: str) -> Registration:
    """An offered place is taken; one that was taken stays so. Raises OfferOver, NothingOffered, CompanyIsOut."""
    registration, meetup = at_hand(session, registration_id)
    if registration.status is RegistrationStatus.REGISTERED:
        return registration
    places.require_to_come(meetup)
    if registration.status is RegistrationStatus.LAPSED:
        raise OfferOver
    if registration.status is not RegistrationStatus.OFFERED:
        raise NothingOffered(status=registration.status.value)
    if places.is_overdue(registration):
        raise OfferOver
    places.require_taking_part(session, registration)
    places.keep(session, meetup, registration)
    return registration


def leave(session: Session, registration_id: str) -> Registration:
    """The person does not come, also while the meetup takes place; who has left before stays so."""
    registration, meetup = at_hand(session, registration_id)
    if registration.status in (RegistrationStatus.CANCELLED, RegistrationStatus.LAPSED):
        return registration
    places.require_not_over(meetup)
    places.leave(session, meetup, registration)
    return registration


def rewrite(session: Session, registration_id: str, wishes: RegistrationUpdate) -> Registration:
    """What was sent of the wishes, while the meetup is to come. The consent to be kept is given and taken back at any
    time."""
    registration, meetup = at_hand(session, registration_id)
    named = wishes.model_dump(exclude_unset=True)
    if named.keys() - {"stays"}:
        places.require_to_come(meetup)
        if registration.status not in (*IN_LINE, RegistrationStatus.UNCONFIRMED):
            raise NotInLine(status=registration.status.value)
    _require_companies(session, wishes.excluded_companies)
    if all(getattr(registration, field) == value for field, value in named.items()):
        return registration
    for field, value in named.items():
        setattr(registration, field, value)
    registration.version += 1
    session.add(registration)
    session.flush()
    return registration


def meetup_changed(session: Session, event: Event) -> None:
    """There may be more places: the next of the waiting list are offered them."""
    places.promote(session, places.locked(session, event.subject_id))


def community_archived(session: Session, event: Event) -> None:
    """Who comes for a community that another one has taken in comes for that one."""
    community = session.get(Community, event.subject_id)
    if community is None or community.merged_into is None:
        return
    theirs = update(Registration).where(col(Registration.community_id) == community.id)
    session.execute(theirs.values(community_id=community.merged_into, version=col(Registration.version) + 1))


def _own(session: Session, caller: Caller, registration_id: str) -> Registration:
    """The registration, locked, for its company or the person itself. Raises RegistrationNotFound, RoleNotEnough."""
    registration = get(session, caller, registration_id, for_update=True)
    caller.require(*_REGISTERS)
    return registration


def _require_named(caller: Caller, wish: RegistrationCreate) -> None:
    if caller.role in PERSON_ROLES:
        if wish.person is not None:
            raise PersonNotNamed
        if wish.person_id not in (None, caller.person_id):
            raise people.PersonNotFound(person_id=wish.person_id)
    elif (wish.person is None) == (wish.person_id is None):
        raise PersonNotNamed


def _require_consent(caller: Caller, *, stays: bool) -> None:
    if stays and caller.role not in PERSON_ROLES:
        raise StaysIsThePersons


def _person(session: Session, caller: Caller, company_id: str, wish: RegistrationCreate) -> Person:
    """Who comes, locked. One who is known keeps name and language."""
    if wish.person is not None:
        person, is_new = people.registered(session, company_id, wish.person)
    else:
        named = caller.person_id or wish.person_id or ""
        person, is_new = people.get(session, named, company_id=company_id, for_update=True), False
    if person.status is PersonStatus.ERASED:
        raise people.PersonErased
    if person.status is PersonStatus.WAITING:
        # A new one is not stored when this is refused.
        raise PersonNotApproved if is_new else people.PersonWaiting(person_id=person.id)
    return person


def _require_community(session: Session, caller: Caller, company_id: str, community_id: str | None) -> None:
    """Raises CommunityNotFound for one of another company, or that a manager does not speak for."""
    if community_id is None:
        return
    community = session.get(Community, community_id)
    if community is None or community.company_id != company_id:
        raise CommunityNotFound(community_id=community_id)
    if caller.role is Role.MANAGER and community_id not in communities.spoken_for(session, caller.person_id or ""):
        raise CommunityNotFound(community_id=community_id)
    if community.status is CommunityStatus.ARCHIVED:
        raise WrongState(status=community.status.value, needed="draft, confirmed, published, paused")


def _require_companies(session: Session, company_ids: Sequence[str]) -> None:
    for one in queries.unknown_companies(session, company_ids):
        raise CompanyUnknown(company_id=one)
