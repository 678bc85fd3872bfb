"""Background work: one seating is computed, without a transaction open, and stored."""

from dataclasses import asdict
from typing import TYPE_CHECKING

from app.core.jobs import JobKind, Lease
from app.seatings import personal, running
from app.seatings.attending import Discretion, Task, task_of
from app.seatings.models import Seating
from app.seatings.running import KEPT_APART, SIZES, TOO_FEW, Row
from app.seatings.sizes import fit, nearest
from matching.exceptions import SeatingImpossible

if TYPE_CHECKING:
    from matching.seating import SeatingPlanner

# Where each stage begins and ends on the way from 0 to 1.
_SPANS = {"reading": (0.0, 0.05), "seating": (0.05, 0.95), "storing": (0.95, 1.0)}


def run(lease: Lease, seating_id: str) -> None:
    """Read who is seated, plan, store. A try that is lost leaves nothing that counts."""
    tell = _Teller(lease)
    tell("reading", 0.0)
    with lease.database.reader() as session:
        seating = session.get(Seating, seating_id)
        task = task_of(session, seating) if seating else None
    if seating is None or task is None:
        # The meetup is gone, and with it the seating.
        with lease.database.session() as session:
            lease.finish(session)
        return
    with lease.database.session() as session:
        lease.guard(session)
        running.begin(session, seating_id)
    people = len(task.attendees)
    if people < seating.min_size:
        _failed(lease, seating, TOO_FEW, people=people)
        return
    if not fit(people, seating.min_size, seating.max_size):
        _failed(lease, seating, SIZES, people=people)
        return
    _plan(lease, seating, task, tell)


def _plan(lease: Lease, seating: Seating, task: Task, tell: "_Teller") -> None:
    # Imported where it is needed: the API lists this module but never computes.
    from matching.seating import SeatingPlanner

    planner = SeatingPlanner(
        rotations=seating.rotations - seating.kept,
        group_size=seating.group_size,
        min_size=seating.min_size,
        max_size=seating.max_size,
    )
    try:
        planner.fit(
            task.attendees, apart=task.apart, before=task.before, progress=lambda share: tell("seating", share)
        )
    except SeatingImpossible as impossible:
        _failed(lease, seating, KEPT_APART, people=" ".join(impossible.people))
        return
    tell("storing", 0.0)
    rows = _rows(planner, seating, task.discretion)
    with lease.database.session() as session:
        lease.finish(session)
        running.finish(session, seating.id, rows, planner.figures_, [one.id for one in task.attendees])
        personal.free_seats_of_forgotten(session, seating.id)


def _rows(planner: "SeatingPlanner", seating: Seating, discretion: Discretion) -> list[Row]:
    """The groups of the rotations that were planned, without what must stand on no card."""
    told: dict[str, bool] = {}

    def may_stand(phrase: str) -> bool:
        if phrase not in told:
            told[phrase] = discretion.lets_tell(phrase)
        return told[phrase]

    return [
        {
            "rotation": rotation,
            "number": number,
            "members": list(group.members),
            "language": group.language,
            "similarity": round(group.similarity, 6),
            "shared": [asdict(term) for term in group.shared if may_stand(term.text)],
            "same_company_pairs": group.same_company_pairs,
            "repeated_pairs": group.repeated_pairs,
            "no_common_language": group.no_common_language,
        }
        for rotation, groups in enumerate(planner.rotations_, start=seating.kept + 1)
        for number, group in enumerate(groups, start=1)
    ]


def _failed(lease: Lease, seating: Seating, failure: str, people: int | str) -> None:
    values = {"people": str(people), "least": str(seating.min_size), "most": str(seating.max_size)}
    if failure == SIZES:
        instead = asdict(nearest(int(people), seating.min_size, seating.max_size))
        values |= {name: str(number) for name, number in instead.items()}
    with lease.database.session() as session:
        lease.finish(session)
        running.fail(session, seating.id, failure, values)


class _Teller:
    """Turns the engine's progress into the job's, not more often than a person looks."""

    def __init__(self, lease: Lease) -> None:
        self._lease = lease
        self._stage = ""
        self._shown = -1.0

    def __call__(self, stage: str, share: float) -> None:
        start, end = _SPANS[stage]
        progress = start + (end - start) * share
        if stage == self._stage and progress - self._shown < 0.02:
            return
        self._stage, self._shown = stage, progress
        self._lease.tell(stage, progress)


SEATING = JobKind("seating", run, running.give_up)
