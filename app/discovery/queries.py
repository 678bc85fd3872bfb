"""Reads for discovery: which entries are out of date, what is new, and who may be found right now."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import date
from typing import TypeVar

from sqlalchemy import ColumnElement, Row, and_, case, delete, insert, or_, update
from sqlmodel import Session, col, func, select

from app.communities.models import Community, CommunityStatus
from app.companies.models import Company, CompanyStatus
from app.discovery.models import DiscoveryClock, DiscoveryEntry, Found, Read

_AT_ONCE = 5000

F = TypeVar("F", bound=Found)


@dataclass(frozen=True, slots=True)
class Extent:
    """How far the entries are, and how many can be found."""

    seq: int
    entries: int


def outdated(session: Session, today: date, reading: str, *, after: str, limit: int) -> list[tuple[str, bool]]:
    """Communities whose entry is not what it should be, by id, and whether each may be found.

    One question instead of a watermark: a change, a pause that ends by itself, a profile not confirmed in time, a
    company that leaves, another dictionary and a lost entry all look the same here.
    """
    entry, community = DiscoveryEntry, Community
    fresh = and_(
        col(entry.community_id).is_not(None),
        col(entry.hidden).is_(False),
        col(entry.version) == col(community.version),
        col(entry.company_name) == col(Company.name),
        col(entry.reading) == reading,
    )
    gone = or_(col(entry.community_id).is_(None), col(entry.hidden).is_(True))
    query = (
        select(community.id, _to_be_found(today))
        .join(Company, col(Company.id) == col(community.company_id))
        .join(entry, col(entry.community_id) == col(community.id), isouter=True)
        .where(col(community.id) > after, case((_may_be_found(today), ~fresh), else_=~gone))
        .order_by(col(community.id))
        .limit(limit)
    )
    return [(community_id, bool(found)) for community_id, found in session.exec(query)]


def found(session: Session, community_ids: Iterable[str], today: date) -> dict[str, Found]:
    """Those of these communities that may be found now, by id."""
    return _rows(session, Found, community_ids, today)


def read(session: Session, community_ids: Iterable[str], today: date) -> dict[str, Read]:
    """As `found`, with their texts."""
    return _rows(session, Read, community_ids, today)


def companies(session: Session) -> Sequence[Company]:
    return session.exec(select(Company).order_by(col(Company.id))).all()


def extent(session: Session) -> Extent:
    seq = session.exec(select(func.max(DiscoveryEntry.seq))).one()
    entries = session.exec(
        select(func.count()).select_from(DiscoveryEntry).where(col(DiscoveryEntry.hidden).is_(False))
    ).one()
    return Extent(seq or 0, entries)


def entries_after(
    session: Session, seq: int
) -> Iterator[Row[tuple[str, str, int, str, bool, bytes, bytes, str, str]]]:
    """Entries stored since, a few thousand at a time."""
    entry = DiscoveryEntry
    columns = (
        col(entry.community_id),
        col(entry.company_id),
        col(entry.version),
        col(entry.company_name),
        col(entry.hidden),
        col(entry.term_keys),
        col(entry.term_counts),
        col(entry.words),
        col(entry.facets),
    )
    query = select(entry).where(col(entry.seq) > seq).with_only_columns(*columns)
    yield from session.execute(query, execution_options={"yield_per": _AT_ONCE})


def entry_ids(session: Session) -> set[str]:
    """Ids of all entries that can be found."""
    return set(session.exec(select(DiscoveryEntry.community_id).where(col(DiscoveryEntry.hidden).is_(False))))


def replace(session: Session, rows: Sequence[dict[str, object]]) -> None:
    """Store entries, old ones of the same communities replaced."""
    clock = update(DiscoveryClock).values(seq=col(DiscoveryClock.seq) + 1).returning(col(DiscoveryClock.seq))
    seq = session.execute(clock).scalar_one()
    ids = [row["community_id"] for row in rows]
    # A community erased meanwhile has no place for an entry.
    there = set(session.exec(select(Community.id).where(col(Community.id).in_(ids)).with_for_update(key_share=True)))
    session.execute(delete(DiscoveryEntry).where(col(DiscoveryEntry.community_id).in_(ids)))
    kept = [row | {"seq": seq} for row in rows if row["community_id"] in there]
    if kept:
        session.execute(insert(DiscoveryEntry), kept)


def _rows(session: Session, kind: type[F], community_ids: Iterable[str], today: date) -> dict[str, F]:
    # Columns, not objects. SQLModel does not type a model's `__table__`.
    own = [field.name for field in fields(kind) if field.name not in ("company_name", "sector")]
    columns = [Community.__table__.c[name] for name in own]  # type: ignore[attr-defined]
    query = (
        select(Community)
        .join(Company, col(Company.id) == col(Community.company_id))
        .where(col(Community.id).in_(list(community_ids)), _to_be_found(today))
        .with_only_columns(*columns, col(Company.name), col(Company.sector))
    )
    names = [*own, "company_name", "sector"]
    rows = [kind(**dict(zip(names, row, strict=True))) for row in session.execute(query)]
    return {row.id: row for row in rows}


def _to_be_found(today: date) -> ColumnElement[bool]:
    """As `_may_be_found`, not to be looked up by: SQLite would go through all published ones for the few named."""
    return case((_may_be_found(today), True), else_=False)


def _may_be_found(today: date) -> ColumnElement[bool]:
    """Published and confirmed in time, of an active company; a pause with a date ends by itself."""
    pause_is_over = and_(
        col(Community.status) == CommunityStatus.PAUSED,
        col(Community.paused_until).is_not(None),
        col(Community.paused_until) <= today,
    )
    return and_(
        col(Company.status) == CompanyStatus.ACTIVE,
        or_(col(Community.status) == CommunityStatus.PUBLISHED, pause_is_over),
        or_(col(Community.confirm_again_by).is_(None), col(Community.confirm_again_by) >= today),
    )
