"""Documents as portals send them: stored by external id where something differs, never over a manager's word."""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass

from sqlalchemy import bindparam, delete, insert, update
from sqlalchemy.orm.attributes import set_committed_value
from sqlmodel import Session, SQLModel, col, select

from app.communities import queries
from app.communities.models import Community, CommunityManager, CommunityStatus, Speaker
from app.communities.schemas import MANAGER_FIELDS, PORTAL_FIELDS, PROFILE_FIELDS, CommunityDocument, ManagerContact
from app.core import events
from app.core.clock import now
from app.core.ids import new_id
from app.people import service as people


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of documents that were stored, by external id; of the updated ones which fields differ."""

    ids: Mapping[str, str]
    created: frozenset[str]
    changes: Mapping[str, tuple[str, ...]]

    @property
    def updated(self) -> Set[str]:
        return self.changes.keys()


@dataclass(frozen=True, slots=True)
class Named:
    """A community by the names that it has in its source."""

    id: str
    external_id: str
    name: str


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
    manager has entered them. A document by an external id that has become another community's changes nothing.
    A dry run says what would happen and changes nothing.
    """
    known = queries.by_external_ids(session, company_id, source, documents, for_update=not dry_run)
    named = [known[name].id for name, one in documents.items() if name in known and one.managers is not None]
    speakers = queries.managers_of(session, named) if named else {}
    new_rows: dict[str, dict[str, object]] = {}
    changed_rows: list[tuple[Community, dict[str, object], list[str]]] = []
    changes: dict[str, tuple[str, ...]] = {}
    for external_id, document in documents.items():
        community = known.get(external_id)
        if community is None:
            new_rows[external_id] = new_row(company_id, source, external_id) | _portal_values(document, None)
            continue
        if community.external_id != external_id or community.source != source:
            continue
        values = _portal_values(document, community)
        differing = [field for field, value in values.items() if getattr(community, field) != value]
        if _other_managers(document, speakers.get(community.id, [])):
            differing.append("managers")
        if differing:
            changes[external_id] = tuple(differing)
            changed_rows.append((community, values, differing))
    result = Stored(
        ids={name: str(row["id"]) for name, row in new_rows.items()} | {name: one.id for name, one in known.items()},
        created=frozenset(new_rows),
        changes=changes,
    )
    if not dry_run:
        if new_rows:
            # Plain rows: objects take five times as long.
            session.execute(insert(_COMMUNITY), list(new_rows.values()))
        _update(session, changed_rows)
        events.record_many(session, "community.created", [result.ids[name] for name in sorted(result.created)])
        events.record_many(session, "community.changed", [result.ids[name] for name in sorted(result.updated)])
        events.record_many(
            session,
            "community.contact_changed",
            [result.ids[name] for name in sorted(result.updated) if "managers" in changes[name]],
        )
        spoken_for = [name for name in documents if name in new_rows or "managers" in changes.get(name, ())]
        replace_managers(session, company_id, {result.ids[name]: documents[name].managers for name in spoken_for})
    return result


def of_source(session: Session, company_id: str, source: str) -> list[Named]:
    """All communities of a source that are not archived, by external id."""
    query = (
        select(Community.id, Community.external_id, Community.name)
        .where(
            col(Community.company_id) == company_id,
            col(Community.source) == source,
            col(Community.external_id).is_not(None),
            col(Community.status) != CommunityStatus.ARCHIVED,
        )
        .order_by(col(Community.external_id))
    )
    return [Named(community_id, str(external_id), name) for community_id, external_id, name in session.exec(query)]


def ids_of(session: Session, company_id: str, source: str, external_ids: Iterable[str]) -> dict[str, str]:
    """Ids of communities by the external ids that a portal uses for them; unknown ones are absent."""
    known = queries.by_external_ids(session, company_id, source, external_ids)
    return {external_id: community.id for external_id, community in known.items()}


def _update(session: Session, changed: Sequence[tuple[Community, Mapping[str, object], Sequence[str]]]) -> None:
    """Store new values as plain rows, and let the objects know: one statement for all, not one for each."""
    moment = now()
    by_columns: dict[tuple[str, ...], list[dict[str, object]]] = {}
    for community, values, differing in changed:
        new_values = dict(values) | {"version": community.version + 1, "updated_at": moment}
        by_columns.setdefault(tuple(new_values), []).append({"_id": community.id} | new_values)
        for field in (*differing, "version", "updated_at"):
            if field in new_values:
                set_committed_value(community, field, new_values[field])
    for columns, rows in by_columns.items():
        statement = update(_COMMUNITY).where(_COMMUNITY.c.id == bindparam("_id"))
        session.execute(statement.values({column: bindparam(column) for column in columns}), rows)


_COMMUNITY = SQLModel.metadata.tables["community"]
_MANAGER = SQLModel.metadata.tables["community_manager"]
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
    persons = people.ensured(session, company_id, [contact for contacts in named.values() for contact in contacts])
    _stop_feeds_of_former(
        session, {name: {persons[one.email] for one in contacts} for name, contacts in named.items()}
    )
    session.execute(delete(CommunityManager).where(col(CommunityManager.community_id).in_(list(named))))
    rows = [
        {"community_id": community_id, "person_id": persons[contact.email], "deputy": contact.deputy}
        for community_id, contacts in named.items()
        for contact in {contact.email: contact for contact in contacts}.values()
    ]
    if rows:
        session.execute(insert(_MANAGER), rows)


def _stop_feeds_of_former(session: Session, staying: Mapping[str, Set[str]]) -> None:
    """Where somebody speaks for a community no longer: `staying` are those who do, by community."""
    present = select(CommunityManager).where(col(CommunityManager.community_id).in_(list(staying)))
    stop_feeds(
        session, {one.community_id for one in session.exec(present) if one.person_id not in staying[one.community_id]}
    )


def stop_feeds(session: Session, community_ids: Iterable[str]) -> None:
    """Whoever is gone knows the addresses of the calendar feeds: they become useless."""
    session.execute(
        update(Community)
        .where(col(Community.id).in_(sorted(community_ids)))
        .values(feed_number=col(Community.feed_number) + 1)
    )
