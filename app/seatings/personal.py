"""What this room keeps of a person: whom it wants to meet again. Who sat where are ids that lead to registrations."""

from collections.abc import Iterator, Mapping, Sequence

from sqlalchemy import delete, update
from sqlmodel import Session, col, select

from app.core.ids import new_id
from app.registrations.models import Registration
from app.seatings import queries
from app.seatings.models import Again, Seating, SeatingGroup
from app.seatings.running import KEPT_APART


def export_person(session: Session, person_id: str) -> Iterator[tuple[str, dict[str, object]]]:
    """One record for each person that it wants to meet again."""
    for one in queries.said_by_person(session, person_id):
        yield (
            "again",
            {
                "meetup_id": one.meetup_id,
                "registration_id": one.registration_id,
                "other_registration_id": one.other_id,
                "said_at": one.said_at.isoformat(),
            },
        )


def erase_person(session: Session, person_id: str) -> None:
    """What it has said goes, and what others have said of it; its seats are free, and its groups without a theme.

    To be called while its registrations are still there.
    """
    session.execute(delete(Again).where(queries.about_person(person_id)))
    _free_seats(session, queries.held_to_erase(session, col(Registration.person_id) == person_id))


def erase_company(session: Session, company_id: str) -> None:
    """As `erase_person`, for all of a company's people. To be called while their registrations are still there."""
    _free_seats(session, queries.held_to_erase(session, col(Registration.company_id) == company_id))


def free_seats_of_forgotten(session: Session, seating_id: str) -> None:
    """As `erase_person`, for who was erased while the seating was computed."""
    seating = session.get_one(Seating, seating_id)
    forgotten = set(seating.people) - queries.held_together(session, seating.people)
    _free_seats(session, dict.fromkeys(forgotten, seating.meetup_id))


def _free_seats(session: Session, gone: Mapping[str, str]) -> None:
    """Neither a seat nor a theme leads to these registrations any more; each is given with its meetup."""
    for group in queries.groups_of_meetups(session, gone.values()):
        if not gone.keys().isdisjoint(group.members):
            # An id of nobody keeps the seat, and another one each time: two seats are not known to be of one person.
            group.members = [new_id("reg") if one in gone else one for one in group.members]
            group.shared = []
            session.add(group)
    for seating in queries.of_meetups(session, gone.values()):
        seating.people = [one for one in seating.people if one not in gone]
        seating.apart = [pair for pair in seating.apart if gone.keys().isdisjoint(pair)]
        if seating.problem == KEPT_APART:
            left = [one for one in seating.problem_values.get("people", "").split() if one not in gone]
            seating.problem_values = seating.problem_values | {"people": " ".join(left)}
        session.add(seating)
    session.flush()


def forget(session: Session, meetup_ids: Sequence[str]) -> None:
    """Who sat where at these meetups, in whose words, and who wants to meet again; figures stay."""
    of_meetups = select(Seating.id).where(col(Seating.meetup_id).in_(list(meetup_ids)))
    session.execute(
        update(SeatingGroup).where(col(SeatingGroup.seating_id).in_(of_meetups)).values(members=[], shared=[])
    )
    session.execute(update(Seating).where(col(Seating.meetup_id).in_(list(meetup_ids))).values(people=[], apart=[]))
    of_people = (col(Seating.meetup_id).in_(list(meetup_ids)), col(Seating.problem) == KEPT_APART)
    session.execute(update(Seating).where(*of_people).values(problem_values={}))
    session.execute(delete(Again).where(col(Again.meetup_id).in_(list(meetup_ids))))
