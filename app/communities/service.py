"""Communities: stored by portals, completed by managers, published only with consent.

draft -> confirmed -> published <-> paused        any of them -> archived
"""

from collections.abc import Sequence
from datetime import date, timedelta

from sqlalchemy import delete, insert
from sqlalchemy import update as update_rows
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from app.access import service as access
from app.access.models import Role
from app.access.service import Caller
from app.communities import documents, queries
from app.communities.models import (
    Community,
    CommunityAlias,
    CommunityConsent,
    CommunityManager,
    CommunityStatus,
    LearnedPreference,
    Participant,
)
from app.communities.schemas import (
    MANAGER_FIELDS,
    PROFILE_FIELDS,
    CommunityCreate,
    CommunityDocument,
    CommunityOut,
    CommunityUpdate,
)
from app.companies import service as companies
from app.core import events
from app.core.clock import now
from app.core.concurrency import require_match
from app.core.errors import Conflict, NotFound, Unprocessable
from app.core.i18n import mark
from app.guardrails import notes

KIND = "community"
"""What other features call the kind of a community by."""
CONFIRM_AGAIN_AFTER = timedelta(days=182)
_SEES_CONTACTS = frozenset({Role.OPERATOR, Role.COORDINATOR, Role.PORTAL, Role.MANAGER})
# What one upsert can find created by another request: the community and the person who manages it.
_CREATED_MEANWHILE = 2

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
    detail = mark("The community is {status}; this step is possible only when it is one of these: {needed}.")


class PausedByManager(Conflict):
    slug = "paused-by-manager"
    title = mark("The manager has paused the community")
    detail = mark(
        "A manager of the community has paused it, so a portal does not bring it back. The manager resumes it, or it "
        "takes part again by itself when the pause has an end."
    )


class NoTheme(Unprocessable):
    slug = "community-without-theme"
    title = mark("Nothing to find a partner by")
    detail = mark("Write a purpose, a description, topics or tags first, so that related communities can be found.")


class PauseInThePast(Unprocessable):
    slug = "pause-in-the-past"
    title = mark("The pause would be over already")
    detail = mark("`until` is not in the future. Choose a later day or leave it out.")


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
    stored = _stored(session, owner.id, source, external_id, document)
    community = session.get_one(Community, stored.ids[external_id])
    if community.status is CommunityStatus.PUBLISHED and not has_theme(community):
        raise NoTheme
    return community, external_id in stored.created


def _stored(
    session: Session, company_id: str, source: str, external_id: str, document: CommunityDocument
) -> documents.Stored:
    """Whatever another request has created meanwhile (the community, a manager) is then known, and taken as it is."""
    for _ in range(_CREATED_MEANWHILE):
        try:
            with session.begin_nested():
                return store(session, company_id, source, {external_id: document})
        except IntegrityError:
            continue
    return store(session, company_id, source, {external_id: document})


def get(session: Session, caller: Caller, community_id: str) -> Community:
    """The community, if the caller may see it in full. Raises CommunityNotFound."""
    community = queries.visible(session, caller, community_id)
    if community is None:
        raise CommunityNotFound(community_id=community_id)
    return community


def get_in_full(session: Session, caller: Caller, community_id: str) -> Community:
    """As `get`, for what stays between a company and itself. Raises RoleNotEnough for an organizer."""
    community = get(session, caller, community_id)
    caller.require(*MAY_CHANGE)
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
    community = changeable(session, caller, community_id)
    require_match(if_match, community.version)
    named = change.model_dump(include=PROFILE_FIELDS, exclude_unset=True)
    entered = set(community.entered_by_manager) | (named.keys() & MANAGER_FIELDS)
    documents.apply(community, named | {"entered_by_manager": sorted(entered)})
    if community.status is CommunityStatus.PUBLISHED and not has_theme(community):
        raise NoTheme
    session.add(community)
    session.flush()
    documents.replace_managers(session, community.company_id, {community.id: change.managers})
    events.record(session, "community.changed", community.id)
    if change.managers is not None:
        events.record(session, "community.contact_changed", community.id)
    return community


def confirm(session: Session, caller: Caller, community_id: str) -> Community:
    """A manager has looked at the profile and found it right; good for half a year."""
    community = changeable(session, caller, community_id)
    if community.status is CommunityStatus.ARCHIVED:
        raise WrongState(needed="draft, confirmed, published, paused", status=community.status.value)
    confirmed = CommunityStatus.CONFIRMED if community.status is CommunityStatus.DRAFT else community.status
    move(session, community, confirmed, "community.confirmed")
    community.confirm_again_by = (now() + CONFIRM_AGAIN_AFTER).date()
    return community


def pause(session: Session, caller: Caller, community_id: str, until: date | None) -> Community:
    """Take no part for a while."""
    community = changeable(session, caller, community_id)
    moment = now().date()
    pause_is_over = community.paused_until is not None and community.paused_until <= moment
    if community.status is not CommunityStatus.PUBLISHED and not pause_is_over:
        raise WrongState(needed="published", status=community.status.value)
    if until is not None and until <= moment:
        raise PauseInThePast
    move(session, community, CommunityStatus.PAUSED)
    community.paused_until = until
    community.paused_by = caller.role.value
    return community


def resume(session: Session, caller: Caller, community_id: str) -> Community:
    """Take part again."""
    community = changeable(session, caller, community_id)
    if community.status is not CommunityStatus.PAUSED:
        raise WrongState(needed="paused", status=community.status.value)
    if is_kept_paused(caller, community):
        raise PausedByManager
    move(session, community, CommunityStatus.PUBLISHED)
    community.paused_until = community.paused_by = None
    return community


def archive(session: Session, caller: Caller, community_id: str) -> Community:
    """Take no part any more."""
    community = changeable(session, caller, community_id)
    if community.status is CommunityStatus.ARCHIVED:
        raise WrongState(needed="draft, confirmed, published, paused", status=community.status.value)
    move(session, community, CommunityStatus.ARCHIVED)
    return community


def touch_managed(session: Session, person_id: str) -> None:
    """Communities show who speaks for them: when a person changes, their versions do too."""
    theirs = select(CommunityManager.community_id).where(col(CommunityManager.person_id) == person_id)
    session.execute(
        update_rows(Community)
        .where(col(Community.id).in_(theirs))
        .values(version=col(Community.version) + 1, updated_at=now())
    )


def ids_of_company(company_id: str) -> SelectOfScalar[str]:
    """A query for the ids of a company's communities, to be used inside another."""
    return select(Community.id).where(col(Community.company_id) == company_id)


def erase_company(session: Session, company_id: str) -> None:
    """Of each community of a company only the id is left, archived: what names it elsewhere still finds something."""
    ids = ids_of_company(company_id)
    notes.forget(session, KIND, ids)
    session.execute(delete(CommunityAlias).where(col(CommunityAlias.company_id) == company_id))
    for table in (CommunityManager, CommunityConsent, LearnedPreference):
        session.execute(delete(table).where(col(table.community_id).in_(ids)))
    session.execute(
        update_rows(Community)
        .where(col(Community.company_id) == company_id)
        .values(
            **documents.empty_profile(),
            source=None,
            external_id=None,
            status=CommunityStatus.ARCHIVED,
            consent_by=None,
            feed_number=col(Community.feed_number) + 1,
            version=col(Community.version) + 1,
            updated_at=now(),
        )
    )


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


def visible_ids(session: Session, caller: Caller, community_ids: Sequence[str]) -> set[str]:
    """Those of these communities that the caller may see."""
    return queries.visible_ids(session, caller, community_ids)


def shown(session: Session, caller: Caller, communities: Sequence[Community]) -> list[CommunityOut]:
    """Communities as the caller may see them: contacts only inside the own company."""
    # `vars`: what was read, as it is. A copy made by the model would take a third of the time of a list.
    if caller.role not in _SEES_CONTACTS:
        withheld = _BETWEEN_A_COMPANY_AND_ITSELF
        return [CommunityOut.model_validate(vars(community) | withheld) for community in communities]
    ids = [one.id for one in communities]
    speakers, aliases = queries.managers_of(session, ids), queries.aliases_of(session, ids)

    return [
        CommunityOut.model_validate(
            vars(community)
            | {"managers": speakers.get(community.id, []), "also_known_as": aliases.get(community.id, [])}
        )
        for community in communities
    ]


# What an organizer needs for no round: whom a community avoids, when it wants to be asked (both may come of what it
# has declined), what it touches, who agreed, its id at home. The version stays, for `If-Match`: any edit raises it.
_BETWEEN_A_COMPANY_AND_ITSELF: dict[str, object] = {
    "source": None,
    "external_id": None,
    "wished_companies": None,
    "excluded_companies": None,
    "wished_sectors": None,
    "excluded_sectors": None,
    "touches": None,
    "asks_per_quarter": None,
    "ask_not_before": None,
    "entered_by_manager": None,
    "consent_by": None,
    "paused_by": None,
    "merged_into": None,
    "also_known_as": None,
    "managers": None,
}
MAY_CHANGE = (Role.OPERATOR, Role.COORDINATOR, Role.PORTAL, Role.MANAGER)


def is_kept_paused(caller: Caller, community: Community) -> bool:
    """Whether a manager has paused it and a portal asks to bring it back."""
    return caller.role is Role.PORTAL and community.paused_by == Role.MANAGER.value


def has_theme(community: Community) -> bool:
    return bool(community.purpose or community.description or community.topics or community.tags)


def changeable(session: Session, caller: Caller, community_id: str) -> Community:
    """The community, locked, if the caller may see and change it. Raises CommunityNotFound, RoleNotEnough."""
    community = queries.visible(session, caller, community_id, for_update=True)
    if community is None:
        raise CommunityNotFound(community_id=community_id)
    caller.require(*MAY_CHANGE)
    return community


def move(session: Session, community: Community, status: CommunityStatus, event: str | None = None) -> None:
    community.status = status
    community.version += 1
    community.updated_at = now()
    session.add(community)
    events.record(session, event or f"community.{status.value}", community.id)
