"""Communities: stored by portals, completed by managers, published only with consent.

draft -> confirmed -> published <-> paused        any of them -> archived
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from app.access import service as access
from app.access.models import Role
from app.access.service import Caller
from app.communities import documents, queries
from app.communities.models import Community, CommunityStatus, Participant
from app.communities.schemas import (
    MANAGER_FIELDS,
    PROFILE_FIELDS,
    CommunityCreate,
    CommunityDocument,
    CommunityOut,
    CommunityUpdate,
    Consent,
    ManagerOut,
    PublishMany,
)
from app.companies import service as companies
from app.core import events
from app.core.clock import now
from app.core.concurrency import require_match
from app.core.errors import Conflict, NotFound, Problem, Unprocessable
from app.core.i18n import mark

CONFIRM_AGAIN_AFTER = timedelta(days=182)
_CLOCKS_DIFFER = timedelta(minutes=5)
_SEES_CONTACTS = frozenset({Role.OPERATOR, Role.COORDINATOR, Role.PORTAL, Role.MANAGER})

# What importers store through.
store = documents.store
of_source = documents.of_source
ids_of = documents.ids_of


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
class PublishResult:
    community_id: str | None
    external_id: str | None
    problem: Problem | None


def create(session: Session, caller: Caller, wish: CommunityCreate) -> Community:
    """A new draft that no portal keeps in step."""
    caller.require(Role.OPERATOR, Role.COORDINATOR, Role.PORTAL)
    company = companies.get_active(session, caller, access.company_for(caller, wish.company_id))
    values = wish.model_dump(include=PROFILE_FIELDS)
    row = documents.new_row(company.id, None, None) | values
    session.execute(insert(Community), [row])
    community = session.get_one(Community, row["id"])
    documents.replace_managers(session, company.id, {community.id: wish.managers})
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
    documents.apply(community, named | {"entered_by_manager": sorted(entered)})
    if community.status is CommunityStatus.PUBLISHED and not _has_theme(community):
        raise NoTheme
    session.add(community)
    session.flush()
    documents.replace_managers(session, community.company_id, {community.id: change.managers})
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
