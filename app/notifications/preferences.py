"""What a person wants to be mailed: everything, only what waits for it, or nothing."""

from collections.abc import Iterable

from sqlmodel import Session, col, select

from app.access.models import Role
from app.access.service import Caller
from app.core.clock import now
from app.core.concurrency import require_match
from app.core.database import inserting
from app.notifications.models import MailPreference, Wants
from app.people import service as people
from app.people.models import PersonStatus
from app.people.service import PersonNotFound

_MAY_ASK = (Role.MANAGER, Role.PARTICIPANT, Role.PORTAL, Role.COORDINATOR, Role.OPERATOR)


def wants(session: Session, person_ids: Iterable[str]) -> dict[str, Wants]:
    """What each of these people wants to be mailed; everything, unless it has said otherwise."""
    ids = list(person_ids)
    said = session.exec(select(MailPreference).where(col(MailPreference.person_id).in_(ids)))
    return dict.fromkeys(ids, Wants.ALL) | {one.person_id: one.wants for one in said}


def set_wants(session: Session, person_id: str, wish: Wants) -> None:
    """From now on the person is mailed this; also what waits to be sent already."""
    said = {"wants": wish, "changed_at": now()}
    session.execute(
        inserting(session, MailPreference)
        .values(person_id=person_id, **said)
        .on_conflict_do_update(index_elements=["person_id"], set_=said)
    )


def get(session: Session, caller: Caller, person_id: str, *, for_update: bool = False) -> MailPreference | None:
    """What a person has said, None for nothing yet: for itself and for its company. Raises PersonNotFound."""
    caller.require(*_MAY_ASK)
    if caller.person_id not in (None, person_id):
        raise PersonNotFound(person_id=person_id)
    person = people.get(session, person_id, company_id=caller.company_id, for_update=for_update)
    if person.status is PersonStatus.ERASED:
        raise PersonNotFound(person_id=person_id)
    return session.get(MailPreference, person_id, populate_existing=True)


def change(
    session: Session, caller: Caller, person_id: str, wish: Wants, if_match: str | None
) -> MailPreference | None:
    """Set what a person wants, as itself or its company."""
    require_match(if_match, version(get(session, caller, person_id, for_update=True)))
    set_wants(session, person_id, wish)
    return get(session, caller, person_id)


def version(preference: MailPreference | None) -> str:
    """What tells one state of a preference from another."""
    return "0" if preference is None else f"{preference.changed_at.timestamp():.6f}"
