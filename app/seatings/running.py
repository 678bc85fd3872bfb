"""What the computation of a seating does with its row, step by step: begin, store, or fail with a remedy."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from sqlalchemy import delete, insert
from sqlmodel import Session, col

from app.core import events
from app.core.clock import now
from app.core.i18n import mark
from app.seatings import queries
from app.seatings.models import Seating, SeatingGroup, SeatingStatus

if TYPE_CHECKING:
    from matching.seating import SeatingFigures

Row = dict[str, object]

TOO_FEW, SIZES, KEPT_APART, WORKER_LOST = "too_few", "sizes", "kept_apart", "worker_lost"
FAILURES: Mapping[str, str] = {
    TOO_FEW: mark(
        "There are {people} people to seat, fewer than the smallest group takes ({least}). Wait for more, or allow "
        "smaller groups: three is the least."
    ),
    SIZES: mark(
        "{people} people cannot sit in groups of {least} to {most}. Allow groups of {lower} to {upper}, or seat "
        "{fewer} or {more} people."
    ),
    KEPT_APART: mark(
        "Not everybody can be kept apart who is to be. It is about {people}: take a pair out of `apart`, allow "
        "smaller groups, or ask those who have excluded companies."
    ),
    WORKER_LOST: mark(
        "It was given up after several tries: a worker stopped each time. Look at the worker's log (is there enough "
        "memory?), then ask for a new seating."
    ),
}


def begin(session: Session, seating_id: str) -> None:
    """A worker is at it."""
    seating = session.get_one(Seating, seating_id)
    seating.status = SeatingStatus.RUNNING
    seating.started_at = seating.started_at or now()
    session.add(seating)


def finish(
    session: Session, seating_id: str, planned: Sequence[Row], figures: "SeatingFigures", people: Sequence[str]
) -> None:
    """Everything is computed: the rotations that are kept are taken over as they are, the planned ones follow."""
    seating = session.get_one(Seating, seating_id)
    before = queries.groups(session, seating.based_on) if seating.based_on else []
    kept = [one.model_dump() | {"seating_id": seating_id} for one in before if one.rotation <= seating.kept]
    session.execute(delete(SeatingGroup).where(col(SeatingGroup.seating_id) == seating_id))
    session.execute(insert(SeatingGroup), [*kept, *({"seating_id": seating_id} | row for row in planned)])
    seating.status, seating.finished_at = SeatingStatus.DONE, now()
    seating.figures, seating.people = asdict(figures), list(people)
    session.add(seating)
    events.record(session, "seating.done", seating_id)


def fail(session: Session, seating_id: str, failure: str, values: Mapping[str, str]) -> None:
    """Tell what went wrong and what to do (a name of `FAILURES`); the seating before stays the one that counts."""
    seating = session.get_one(Seating, seating_id)
    seating.status, seating.finished_at = SeatingStatus.FAILED, now()
    seating.problem, seating.problem_values = failure, dict(values)
    session.add(seating)
    events.record(session, "seating.failed", seating_id)


def give_up(session: Session, seating_id: str) -> None:
    if session.get(Seating, seating_id) is not None:
        fail(session, seating_id, WORKER_LOST, {})
