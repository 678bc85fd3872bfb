"""Reads of imports."""

from collections.abc import Sequence

from sqlmodel import Session, col, select

from app.access.service import Caller
from app.imports.models import Change, Import, ImportChange, ImportRefusal, ImportStatus

_ENDED = (ImportStatus.DONE, ImportStatus.FAILED)


def page(session: Session, caller: Caller, *, after: str | None, limit: int) -> Sequence[Import]:
    """Imports of the caller's company (operators: all), newest first, one more than `limit`."""
    query = select(Import).order_by(col(Import.id).desc()).limit(limit + 1)
    if caller.company_id is not None:
        query = query.where(col(Import.company_id) == caller.company_id)
    if after is not None:
        query = query.where(col(Import.id) < after)
    return session.exec(query).all()


def refusals(
    session: Session, import_id: str, *, after: tuple[int, int] | None, limit: int
) -> Sequence[ImportRefusal]:
    """Refused rows in the order of the file, one more than `limit`."""
    line, number = col(ImportRefusal.line), col(ImportRefusal.number)
    query = select(ImportRefusal).where(col(ImportRefusal.import_id) == import_id)
    if after is not None:
        query = query.where((line > after[0]) | ((line == after[0]) & (number > after[1])))
    return session.exec(query.order_by(line, number).limit(limit + 1)).all()


def changes(
    session: Session, import_id: str, *, change: Change | None, after: int | None, limit: int
) -> Sequence[ImportChange]:
    """New and changed communities in the order of the file, then the missing ones; one more than `limit`."""
    number = col(ImportChange.number)
    query = select(ImportChange).where(col(ImportChange.import_id) == import_id)
    if change is not None:
        query = query.where(col(ImportChange.change) == change)
    if after is not None:
        query = query.where(number > after)
    return session.exec(query.order_by(number).limit(limit + 1)).all()


def with_old_details(session: Session, company_id: str, source: str, *, newest: int) -> Sequence[str]:
    """Imports of a source that have ended and still keep details, without the newest."""
    query = (
        select(Import.id)
        .where(
            col(Import.company_id) == company_id,
            col(Import.source) == source,
            col(Import.details_kept).is_(True),
            col(Import.status).in_(_ENDED),
        )
        .order_by(col(Import.id).desc())
        .offset(newest)
    )
    return session.exec(query).all()
