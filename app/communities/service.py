"""Communities: stored by portals, completed by managers, published only with consent.

draft -> confirmed -> published <-> paused        any of them -> archived
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import delete, insert
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col

from app.access import service as access
from app.access.models import Role
from app.access.service import Caller
from app.communities import queries
from app.communities.models import Community, CommunityManager, CommunityStatus, Participant
from app.communities.schemas import (
    MANAGER_FIELDS,
    PORTAL_FIELDS,
    PROFILE_FIELDS,
    CommunityCreate,
    CommunityDocument,
    CommunityOut,
    CommunityUpdate,
    Consent,
    ManagerContact,
    ManagerOut,
    PublishMany,
)
from app.companies import service as companies
from app.core import events
from app.core.clock import now
from app.core.concurrency import require_match
from app.core.errors import Conflict, NotFound, Problem, Unprocessable
from app.core.i18n import mark
from app.core.ids import new_id
from app.people import service as people
from app.people.models import Person

CONFIRM_AGAIN_AFTER = timedelta(days=182)
_CLOCKS_DIFFER = timedelta(minutes=5)
_SEES_CONTACTS = frozenset({Role.OPERATOR, Role.COORDINATOR, Role.PORTAL, Role.MANAGER})


class CommunityNotFound(NotFound):
    slug = "community-not-found"
    title = mark("No such community")
    detail = mark("There is no community {community_id} that you may see. List yours with GET /v1/communities.")


class WrongState(Conflict):
    slug = "wrong-community-state"
    title = mark("The community is in another state")
    detail = mark("To {verb} a community it must be {needed}; this one is {status}.")


class NoTheme(Unprocessable):
    slug = "community-without-theme"
    title = mark("Nothing to find a partner by")
    detail = mark("Write a purpose, a description, topics or tags first, so that related communities can be found.")


class NothingToPublish(Unprocessable):
    slug = "nothing-to-publish"
    title = mark("No community named")
    detail = mark("Name `community_ids`, or `source` together with `external_ids`.")


class ConsentInTheFuture(Unprocessable):
    slug = "consent-in-the-future"
    title = mark("The consent has not been given yet")
    detail = mark("`consent_at` is in the future. Send the time at which somebody of the community agreed.")


class PauseInThePast(Unprocessable):
    slug = "pause-in-the-past"
    title = mark("The pause would be over already")
    detail = mark("`until` is not in the future. Choose a later day or leave it out.")


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of documents that were stored, by external id."""

    ids: Mapping[str, str]
    created: frozenset[str]
    updated: frozenset[str]


@dataclass(frozen=True, slots=True)
class PublishResult:
    community_id: str | None
    external_id: str | None
    problem: Problem | None


def create(session: Session, caller: Caller, wish: CommunityCreate) -> Community:
    """A new draft that no portal keeps in step."""
    caller.require(Role.OPERATOR, Role.COORDINATOR, Role.PORTAL)
    company = companies.get_active(session, caller, access.company_for(caller, wish.company_id))
    values = wish.model_dump(include=PROFILE_FIELDS)
    row = _new_row(company.id, None, None) | values
    session.execute(insert(Community), [row])
    community = session.get_one(Community, row["id"])
    _replace_managers(session, company.id, {community.id: wish.managers})
    events.record(session, "community.created", community.id)
    return community


def upsert(
    session: Session,
    caller: Caller,
    source: str,
    external_id: str,
    document: CommunityDocument,
    *,
    company: str | None,
    if_match: str | None,
) -> tuple[Community, bool]:
    """Store a portal's document under its own identifier; the community, and whether it is new."""
    owner = companies.get_active(session, caller, access.company_for(caller, company))
    if if_match is not None:
        known = queries.by_external_ids(session, owner.id, source, [external_id], for_update=True)
        require_match(if_match, known[external_id].version if external_id in known else 0)
    try:
        with session.begin_nested():
            stored = store(session, owner.id, source, {external_id: document})
    except IntegrityError:
        # Another request has just created it: now it is known, and this one changes it.
        stored = store(session, owner.id, source, {external_id: document})
    community = session.get_one(Community, stored.ids[external_id])
    if community.status is CommunityStatus.PUBLISHED and not _has_theme(community):
        raise NoTheme
    return community, external_id in stored.created


def store(
    session: Session,
    company_id: str,
    source: str,
    documents: Mapping[str, CommunityDocument],
    *,
    dry_run: bool = False,
) -> Stored:
    """Store documents by external id: new ones as drafts, known ones only where something differs.

    Portal fields are replaced as a whole. Manager fields are taken only where the document names them and no
    manager has entered them. A dry run says what would happen and changes nothing.
    """
    known = queries.by_external_ids(session, company_id, source, documents, for_update=not dry_run)
    speakers = queries.managers_of(session, [community.id for community in known.values()])
    new_rows: dict[str, dict[str, object]] = {}
    updated: dict[str, str] = {}
    for external_id, document in documents.items():
        community = known.get(external_id)
        values = _portal_values(document, community)
        if community is None:
            new_rows[external_id] = _new_row(company_id, source, external_id) | values
        elif _differs(community, values) or _other_managers(document, speakers.get(community.id, [])):
            updated[external_id] = community.id
            if not dry_run:
                _apply(community, values)
                session.add(community)
    result = Stored(
        ids={name: str(row["id"]) for name, row in new_rows.items()} | {name: one.id for name, one in known.items()},
        created=frozenset(new_rows),
        updated=frozenset(updated),
    )
    if not dry_run:
        if new_rows:
            # Plain rows: building objects would take five times as long.
            session.execute(insert(Community), list(new_rows.values()))
        session.flush()
        events.record_many(session, "community.created", [result.ids[name] for name in sorted(result.created)])
        events.record_many(session, "community.changed", [result.ids[name] for name in sorted(result.updated)])
        stored_now = result.created | result.updated
        _replace_managers(session, company_id, {result.ids[name]: documents[name].managers for name in stored_now})
    return result


def get(session: Session, caller: Caller, community_id: str) -> Community:
    """The community, if the caller may see it in full. Raises CommunityNotFound."""
    community = queries.visible(session, caller, community_id)
    if community is None:
        raise CommunityNotFound(community_id=community_id)
    return community


def get_by_external_id(
    session: Session, caller: Caller, source: str, external_id: str, company: str | None
) -> Community:
    """The community that a portal knows by this identifier. Raises CommunityNotFound."""
    owner = companies.get(session, caller, access.company_for(caller, company))
    community = queries.by_external_ids(session, owner.id, source, [external_id]).get(external_id)
    if community is None:
        raise CommunityNotFound(community_id=f"{source}/{external_id}")
    return community


def update(
    session: Session, caller: Caller, community_id: str, change: CommunityUpdate, if_match: str | None
) -> Community:
    """Change a part of a profile. Manager fields named here belong to the manager from now on."""
    community = _changeable(session, caller, community_id)
    require_match(if_match, community.version)
    named = change.model_dump(include=PROFILE_FIELDS, exclude_unset=True)
    entered = set(community.entered_by_manager) | (named.keys() & MANAGER_FIELDS)
    _apply(community, named | {"entered_by_manager": sorted(entered)})
    if community.status is CommunityStatus.PUBLISHED and not _has_theme(community):
        raise NoTheme
    session.add(community)
    session.flush()
    _replace_managers(session, community.company_id, {community.id: change.managers})
    events.record(session, "community.changed", community.id)
    return community


def confirm(session: Session, caller: Caller, community_id: str) -> Community:
    """A manager has looked at the profile and found it right; good for half a year."""
    community = _changeable(session, caller, community_id)
    if community.status is CommunityStatus.ARCHIVED:
        raise WrongState(verb="confirm", needed="draft, confirmed, published, paused", status=community.status.value)
    confirmed = CommunityStatus.CONFIRMED if community.status is CommunityStatus.DRAFT else community.status
    _move(session, community, confirmed, "community.confirmed")
    community.confirm_again_by = (now() + CONFIRM_AGAIN_AFTER).date()
    return community


def publish(session: Session, caller: Caller, community_id: str, consent: Consent) -> Community:
    """Let the community be found and take part in rounds, recording who of it agreed."""
    community = _changeable(session, caller, community_id)
    _publish(session, community, consent, now())
    return community


def publish_many(session: Session, caller: Caller, wish: PublishMany) -> list[PublishResult]:
    """Publish several; each on its own, in the order named."""
    caller.require(*_MAY_CHANGE)
    by_external: dict[str, Community] = {}
    if wish.external_ids:
        if wish.source is None:
            raise NothingToPublish
        owner = companies.get(session, caller, access.company_for(caller, wish.company_id))
        by_external = queries.by_external_ids(session, owner.id, wish.source, wish.external_ids)
    elif not wish.community_ids:
        raise NothingToPublish
    named: list[tuple[str | None, str | None]] = [(one, None) for one in dict.fromkeys(wish.community_ids)]
    named += [
        (by_external[name].id if name in by_external else None, name) for name in dict.fromkeys(wish.external_ids)
    ]
    results = []
    for community_id, external_id in named:
        problem: Problem | None = None
        try:
            publish(session, caller, community_id or "", wish)
        except CommunityNotFound:
            # Known or not, it is told by the name that the caller used.
            problem = CommunityNotFound(community_id=f"{wish.source}/{external_id}" if external_id else community_id)
        except Problem as refusal:
            problem = refusal
        unseen = isinstance(problem, CommunityNotFound) and external_id is not None
        results.append(PublishResult(None if unseen else community_id, external_id, problem))
    return results


def publish_all(session: Session, company_id: str, source: str, external_ids: Iterable[str], consent: Consent) -> int:
    """Publish what can be published of one source; how many are new among the published."""
    moment, count = now(), 0
    for community in queries.by_external_ids(session, company_id, source, external_ids).values():
        if community.status in _MAY_PUBLISH and _has_theme(community):
            _publish(session, community, consent, moment)
            count += 1
    return count


def pause(session: Session, caller: Caller, community_id: str, until: date | None) -> Community:
    """Take no part for a while."""
    community = _changeable(session, caller, community_id)
    moment = now().date()
    pause_is_over = community.paused_until is not None and community.paused_until <= moment
    if community.status is not CommunityStatus.PUBLISHED and not pause_is_over:
        raise WrongState(verb="pause", needed="published", status=community.status.value)
    if until is not None and until <= moment:
        raise PauseInThePast
    _move(session, community, CommunityStatus.PAUSED)
    community.paused_until = until
    return community


def resume(session: Session, caller: Caller, community_id: str) -> Community:
    """Take part again."""
    community = _changeable(session, caller, community_id)
    if community.status is not CommunityStatus.PAUSED:
        raise WrongState(verb="resume", needed="paused", status=community.status.value)
    _move(session, community, CommunityStatus.PUBLISHED)
    community.paused_until = None
    return community


def archive(session: Session, caller: Caller, community_id: str) -> Community:
    """Take no part any more."""
    community = _changeable(session, caller, community_id)
    if community.status is CommunityStatus.ARCHIVED:
        raise WrongState(verb="archive", needed="draft, confirmed, published, paused", status=community.status.value)
    _move(session, community, CommunityStatus.ARCHIVED)
    return community


def taking_part(session: Session, *, company_ids: Sequence[str], community_ids: Sequence[str]) -> list[Participant]:
    """What a round reads of the communities that take part today, by id; empty lists mean all."""
    today = now().date()
    return queries.taking_part(session, company_ids=company_ids, community_ids=community_ids, today=today)


def count_taking_part(
    session: Session, *, company_ids: Sequence[str], community_ids: Sequence[str]
) -> tuple[int, int]:
    """How many communities would take part today, and of how many companies."""
    today = now().date()
    return queries.count_taking_part(session, company_ids=company_ids, community_ids=community_ids, today=today)


def shown(session: Session, caller: Caller, communities: Sequence[Community]) -> list[CommunityOut]:
    """Communities as the caller may see them: contacts only inside the own company."""
    sees_contacts = caller.role in _SEES_CONTACTS
    speakers = queries.managers_of(session, [one.id for one in communities]) if sees_contacts else {}

    def managers(community: Community) -> list[ManagerOut] | None:
        if not sees_contacts:
            return None
        return [
            ManagerOut(person_id=person.id, first_name=person.first_name, email=person.email, deputy=deputy)
            for person, deputy in speakers.get(community.id, [])
        ]

    withheld: dict[str, object] = {} if sees_contacts else _BETWEEN_A_COMPANY_AND_ITSELF
    return [
        CommunityOut.model_validate(community.model_dump() | withheld | {"managers": managers(community)})
        for community in communities
    ]


_DEFAULTS = Community(
    id="", company_id="", status=CommunityStatus.DRAFT, name="", created_at=now(), updated_at=now()
).model_dump()
# What an organizer needs for no round: whom a community avoids, what it touches, who agreed, its id at home.
_BETWEEN_A_COMPANY_AND_ITSELF: dict[str, object] = {
    "source": None,
    "external_id": None,
    "wished_companies": None,
    "excluded_companies": None,
    "touches": None,
    "consent_by": None,
}
_MAY_CHANGE = (Role.OPERATOR, Role.COORDINATOR, Role.PORTAL, Role.MANAGER)
_MAY_PUBLISH = frozenset({CommunityStatus.DRAFT, CommunityStatus.CONFIRMED})


def _publish(session: Session, community: Community, consent: Consent, moment: datetime) -> None:
    if community.status not in _MAY_PUBLISH:
        raise WrongState(verb="publish", needed="draft, confirmed", status=community.status.value)
    if not _has_theme(community):
        raise NoTheme
    if consent.consent_at is not None and consent.consent_at > moment + _CLOCKS_DIFFER:
        raise ConsentInTheFuture
    _move(session, community, CommunityStatus.PUBLISHED)
    community.consent_by = consent.consent_by
    community.consent_at = consent.consent_at or moment
    community.confirm_again_by = (moment + CONFIRM_AGAIN_AFTER).date()


def _has_theme(community: Community) -> bool:
    return bool(community.purpose or community.description or community.topics or community.tags)


def _changeable(session: Session, caller: Caller, community_id: str) -> Community:
    community = queries.visible(session, caller, community_id, for_update=True)
    if community is None:
        raise CommunityNotFound(community_id=community_id)
    caller.require(*_MAY_CHANGE)
    return community


def _move(session: Session, community: Community, status: CommunityStatus, event: str | None = None) -> None:
    community.status = status
    community.version += 1
    community.updated_at = now()
    session.add(community)
    events.record(session, event or f"community.{status.value}", community.id)


def _new_row(company_id: str, source: str | None, external_id: str | None) -> dict[str, object]:
    """A draft with every column."""
    moment = now()
    return dict(_DEFAULTS) | {
        "id": new_id("cmt"),
        "company_id": company_id,
        "source": source,
        "external_id": external_id,
        "status": CommunityStatus.DRAFT,
        "version": 1,
        "created_at": moment,
        "updated_at": moment,
    }


def _apply(community: Community, values: Mapping[str, object]) -> None:
    for field, value in values.items():
        setattr(community, field, value)
    community.version += 1
    community.updated_at = now()


def _portal_values(document: CommunityDocument, community: Community | None) -> dict[str, object]:
    entered = set(community.entered_by_manager if community else ())
    named = document.model_fields_set & MANAGER_FIELDS
    return document.model_dump(include=PORTAL_FIELDS | (named - entered))


def _differs(community: Community, values: Mapping[str, object]) -> bool:
    return any(getattr(community, field) != value for field, value in values.items())


def _other_managers(document: CommunityDocument, present: Sequence[tuple[Person, bool]]) -> bool:
    if document.managers is None:
        return False
    known = {person.email: (person.first_name, person.language, deputy) for person, deputy in present}
    wanted = {contact.email: contact for contact in document.managers}
    return known != {
        # A language that is not named stays as it is.
        email: (contact.first_name, contact.language or known.get(email, ("", None, False))[1], contact.deputy)
        for email, contact in wanted.items()
    }


def _replace_managers(
    session: Session, company_id: str, wanted: Mapping[str, Sequence[ManagerContact] | None]
) -> None:
    named = {community_id: contacts for community_id, contacts in wanted.items() if contacts is not None}
    if not named:
        return
    persons = people.ensure(session, company_id, [contact for contacts in named.values() for contact in contacts])
    session.execute(delete(CommunityManager).where(col(CommunityManager.community_id).in_(list(named))))
    for community_id, contacts in named.items():
        for contact in {contact.email: contact for contact in contacts}.values():
            person_id = persons[contact.email].id
            session.add(CommunityManager(community_id=community_id, person_id=person_id, deputy=contact.deputy))
    session.flush()
