"""Two entries of one community become one: nothing that a manager said is lost, both identifiers go on working."""

from sqlalchemy import update
from sqlmodel import Session, col

from app.access.service import Caller
from app.communities import queries
from app.communities import service as communities
from app.communities.documents import apply
from app.communities.models import Community, CommunityAlias, CommunityManager, CommunityStatus
from app.communities.schemas import PROFILE_FIELDS
from app.core import events
from app.core.errors import Conflict, Unprocessable
from app.core.i18n import mark

# What one of the two keeps away from, the merged one keeps away from.
_JOINED = ("excluded_companies", "excluded_sectors")


class MergeWithItself(Unprocessable):
    slug = "merge-with-itself"
    title = mark("A community cannot be merged into itself")
    detail = mark("Name another community of your company in `into`.")


class MergeAcrossCompanies(Unprocessable):
    slug = "merge-across-companies"
    title = mark("The two communities are of different companies")
    detail = mark("Only two entries of one company can be merged. Communities of two companies form a tandem.")


class AlreadyMerged(Conflict):
    slug = "community-archived"
    title = mark("One of the two is archived")
    detail = mark("The community {community_id} is archived and takes part in no merge.")


def merge(session: Session, caller: Caller, community_id: str, into: str) -> Community:
    """The community `into`, with what it lacked taken from the other one, which is archived.

    State, consent and listing stay those of `into`. The other's identifiers find it from now on; documents that a
    portal sends under them change nothing, so that two entries in one file do not overwrite each other.
    """
    if community_id == into:
        raise MergeWithItself
    first, second = sorted((community_id, into))
    both = {name: communities.changeable(session, caller, name) for name in (first, second)}
    absorbed, survivor = both[community_id], both[into]
    if absorbed.company_id != survivor.company_id:
        raise MergeAcrossCompanies
    for one in (absorbed, survivor):
        if one.status is CommunityStatus.ARCHIVED:
            raise AlreadyMerged(community_id=one.id)
    _take_over(absorbed, survivor)
    _take_over_managers(session, absorbed, survivor)
    _take_over_identifiers(session, absorbed, survivor)
    apply(absorbed, {"status": CommunityStatus.ARCHIVED, "merged_into": survivor.id})
    session.add_all((absorbed, survivor))
    session.flush()
    events.record(session, "community.archived", absorbed.id)
    events.record(session, "community.changed", survivor.id)
    events.record(session, "community.contact_changed", survivor.id)
    return survivor


def _take_over(absorbed: Community, survivor: Community) -> None:
    taken: dict[str, object] = {}
    for field in sorted(PROFILE_FIELDS):
        mine, theirs = getattr(survivor, field), getattr(absorbed, field)
        if field in _JOINED:
            taken[field] = sorted({*mine, *theirs})
        elif mine in (None, []) and theirs not in (None, []):
            taken[field] = theirs
    entered = set(survivor.entered_by_manager) | (set(absorbed.entered_by_manager) & taken.keys())
    apply(survivor, taken | {"entered_by_manager": sorted(entered)})


def _take_over_managers(session: Session, absorbed: Community, survivor: Community) -> None:
    speakers = queries.managers_of(session, [absorbed.id, survivor.id])
    present = {one.person_id for one in speakers.get(survivor.id, [])}
    for one in speakers.get(absorbed.id, []):
        if one.person_id not in present:
            session.add(CommunityManager(community_id=survivor.id, person_id=one.person_id, deputy=one.deputy))


def _take_over_identifiers(session: Session, absorbed: Community, survivor: Community) -> None:
    session.execute(
        update(CommunityAlias).where(col(CommunityAlias.community_id) == absorbed.id).values(community_id=survivor.id)
    )
    if absorbed.source is None or absorbed.external_id is None:
        return
    session.add(
        CommunityAlias(
            company_id=absorbed.company_id,
            source=absorbed.source,
            external_id=absorbed.external_id,
            community_id=survivor.id,
        )
    )
    absorbed.source = absorbed.external_id = None
