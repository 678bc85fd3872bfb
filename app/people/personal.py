"""What the service holds of a person, to take along and to be erased: here, the person itself."""

from collections.abc import Iterator

from sqlmodel import Session

from app.people.models import Person, PersonStatus
from app.people.schemas import PersonOut

ERASED = "erased:"


def export_person(session: Session, person_id: str) -> Iterator[tuple[str, dict[str, object]]]:
    person = session.get_one(Person, person_id)
    yield "person", PersonOut.model_validate(person).model_dump(mode="json")


def erase_person(session: Session, person_id: str) -> None:
    """Of the person only the opaque id is left: what names it elsewhere leads to nobody."""
    person = session.get_one(Person, person_id)
    person.email, person.first_name, person.language = f"{ERASED}{person.id}", "", None
    person.status = PersonStatus.ERASED
    person.version += 1
    session.add(person)
