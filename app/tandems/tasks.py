"""What waits for the caller, in the order in which its time is over."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from app.access.models import Role
from app.access.service import Caller
from app.communities import queries as communities
from app.core.clock import now
from app.core.i18n import Language, mark, translate
from app.tandems import queries
from app.tandems.models import Suggestion
from app.tandems.schemas import TaskOut

ANSWER, APPROVE = "answer_suggestion", "approve_suggestion"

_ANSWER = mark("Answer the suggestion for {name}: yes, not now or no. A no needs no reason.")
_APPROVE = mark("Approve the tandem of {own} and {partner} ({company}), or refuse it. Both have said yes.")

Place = tuple[datetime, str]
"""When a task is due, and what it is about."""


@dataclass(frozen=True, slots=True)
class Task:
    kind: str
    subject_id: str
    due_at: datetime
    text: str
    values: dict[str, str]


def page(session: Session, caller: Caller, *, after: Place | None, limit: int) -> list[Task]:
    """Suggestions to be answered for managers and portals, to be approved for coordinators; one more than `limit`.
    Nothing waits for anybody else."""
    match caller.role:
        case Role.MANAGER | Role.PORTAL:
            found = queries.to_answer(session, caller, now(), after=after, limit=limit)
            return [Task(ANSWER, one.id, one.expires_at, _ANSWER, {"name": name}) for one, name in found]
        case Role.COORDINATOR if caller.company_id is not None:
            waiting = queries.to_approve(session, caller.company_id, now(), after=after, limit=limit)
            return _approvals(session, caller.company_id, waiting)
        case _:
            return []


def shown(tasks: Sequence[Task], language: Language) -> list[TaskOut]:
    return [
        TaskOut(
            kind=one.kind,
            subject_id=one.subject_id,
            due_at=one.due_at,
            text=translate(one.text, language, **one.values),
        )
        for one in tasks
    ]


def _approvals(session: Session, company_id: str, waiting: Sequence[Suggestion]) -> list[Task]:
    """With both names: the one who decides has to know about whom."""
    carded = communities.carded(session, {side for one in waiting for side in (one.a_id, one.b_id)})
    tasks = []
    for one in waiting:
        own, partner = sorted((carded[one.a_id], carded[one.b_id]), key=lambda side: side.company_id != company_id)
        values = {"own": own.name, "partner": partner.name, "company": partner.company_name}
        tasks.append(Task(APPROVE, one.id, one.expires_at, _APPROVE, values))
    return tasks
