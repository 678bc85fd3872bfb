"""Documents as portals send them: stored by external id where something differs, never over a manager's word."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, insert
from sqlmodel import Session, col

from app.communities import queries
from app.communities.models import Community, CommunityManager, CommunityStatus, Speaker
from app.communities.schemas import MANAGER_FIELDS, PORTAL_FIELDS, PROFILE_FIELDS, CommunityDocument, ManagerContact
from app.core import events
from app.core.clock import now
from app.core.ids import new_id
from app.people import service as people


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of documents that were stored, by external id."""

    ids: Mapping[str, str]
    created: frozenset[str]
    updated: frozenset[str]


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
            new_rows[external_id] = new_row(company_id, source, external_id) | values
        elif _differs(community, values) or _other_managers(document, speakers.get(community.id, [])):
            updated[external_id] = community.id
            if not dry_run:
                apply(community, values)
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
        replace_managers(session, company_id, {result.ids[name]: documents[name].managers for name in stored_now})
    return result


_DEFAULTS = Community(
    id="", company_id="", status=CommunityStatus.DRAFT, name="", created_at=now(), updated_at=now()
).model_dump()


def empty_profile() -> dict[str, object]:
    """Every field of a profile as it is before anybody fills it in."""
    return {field: _DEFAULTS[field] for field in PROFILE_FIELDS} | {"entered_by_manager": []}


def new_row(company_id: str, source: str | None, external_id: str | None) -> dict[str, object]:
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


def apply(community: Community, values: Mapping[str, object]) -> None:
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


def _other_managers(document: CommunityDocument, present: Sequence[Speaker]) -> bool:
    if document.managers is None:
        return False
    known = {one.email: (one.first_name, one.language, one.deputy) for one in present}
    wanted = {contact.email: contact for contact in document.managers}
    return known != {
        # A language that is not named stays as it is.
        email: (contact.first_name, contact.language or known.get(email, ("", None, False))[1], contact.deputy)
        for email, contact in wanted.items()
    }


def replace_managers(
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
