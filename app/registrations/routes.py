"""HTTP for registrations."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from sqlmodel import Session

from app.access.dependencies import CallerDep, KeyedRoute, OnceDep, OrganizerDep
from app.access.service import Caller
from app.core.concurrency import IfMatchHeader, etag
from app.core.database import ReaderDep, SessionDep
from app.core.http import dumped, problems
from app.core.i18n import Language, LanguageDep
from app.core.pagination import PageDep, cut
from app.core.schemas import Id, Page
from app.registrations import attendance
from app.registrations import service as registrations
from app.registrations.models import Registration, RegistrationStatus
from app.registrations.schemas import (
    AttendanceCreate,
    AttendanceReport,
    AttendanceRow,
    RegistrationCreate,
    RegistrationOut,
    RegistrationUpdate,
)
from app.registrations.viewing import registrations_shown, tag_of

router = APIRouter(prefix="/v1", tags=["meetups"], route_class=KeyedRoute, responses=problems(401, 403))

MeetupId = Annotated[Id, Path(description="Id of the meetup.", examples=["mtp_06em2n0u4hsm7bg6m3r8t2f5ac"])]
RegistrationId = Annotated[
    Id, Path(description="Id of the registration.", examples=["reg_06em2n0u4hsm7bg6m3r8t2f5ac"])
]


@router.post(
    "/meetups/{meetup_id}/registrations",
    status_code=201,
    operation_id="register_for_meetup",
    response_model=RegistrationOut,
    responses=problems(400, 404, 409, 422),
)
def register_for_meetup(
    meetup_id: MeetupId,
    wish: RegistrationCreate,
    session: SessionDep,
    caller: CallerDep,
    once: OnceDep,
    language: LanguageDep,
    response: Response,
) -> Response:
    """Register a person of your company, or yourself: a place or, where none is free, the end of the waiting list.

    `number` tells the order. A place that becomes free is offered to who has waited longest, and kept for a while.
    Where a company has as many places as one may have, its people wait although places are free.
    """
    made = once.of(
        lambda: registrations.register(session, caller, meetup_id, wish),
        lambda known: registrations.get(session, caller, known),
    )
    response.headers["Location"] = f"/v1/registrations/{made.id}"
    return dumped(_answer(session, caller, made, language, response), response.headers, status=201)


@router.get("/meetups/{meetup_id}/registrations", operation_id="list_registrations", responses=problems(404, 422))
def list_registrations(
    meetup_id: MeetupId,
    session: ReaderDep,
    caller: CallerDep,
    request: PageDep,
    language: LanguageDep,
    status: RegistrationStatus | None = None,
    company: Annotated[Id | None, Query(description="Only people of this company.")] = None,
) -> Page[RegistrationOut]:
    """Who comes to a meetup, by number: your company's people, or yourself; everybody for organizers.

    Organizers see first names, companies and wishes. Nobody sees e-mail addresses here.
    """
    after = request.key(int)
    found = registrations.page(
        session,
        caller,
        meetup_id,
        status=status,
        company_id=company,
        after=int(after[0]) if after else None,
        limit=request.limit,
    )
    page, cursor = cut(found, request, lambda one: (one.number or 0,))
    return Page(items=registrations_shown(session, caller, page, language), next_cursor=cursor)


@router.get("/registrations/{registration_id}", operation_id="read_registration", responses=problems(404))
def read_registration(
    registration_id: RegistrationId, session: ReaderDep, caller: CallerDep, language: LanguageDep, response: Response
) -> RegistrationOut:
    """One registration: its place or its position on the waiting list, and its wishes."""
    return _answer(session, caller, registrations.get(session, caller, registration_id), language, response)


@router.patch(
    "/registrations/{registration_id}",
    operation_id="update_registration",
    responses=problems(400, 404, 409, 412, 422, 428),
)
def update_registration(
    registration_id: RegistrationId,
    change: RegistrationUpdate,
    session: SessionDep,
    caller: CallerDep,
    language: LanguageDep,
    response: Response,
    if_match: IfMatchHeader = None,
) -> RegistrationOut:
    """Change wishes while the meetup is to come; `stays` at any time. The place in line stays the same."""
    changed = registrations.change(session, caller, registration_id, change, if_match)
    return _answer(session, caller, changed, language, response)


@router.post(
    "/registrations/{registration_id}/cancel", operation_id="cancel_registration", responses=problems(404, 409)
)
def cancel_registration(
    registration_id: RegistrationId,
    session: SessionDep,
    caller: CallerDep,
    once: OnceDep,
    language: LanguageDep,
    response: Response,
) -> RegistrationOut:
    """Say that the person does not come. The place is offered to the next one at once; to cancel again changes
    nothing."""
    cancelled = once.of(
        lambda: registrations.cancel(session, caller, registration_id),
        lambda known: registrations.get(session, caller, known),
    )
    return _answer(session, caller, cancelled, language, response)


@router.post(
    "/registrations/{registration_id}/confirm", operation_id="confirm_registration", responses=problems(404, 409)
)
def confirm_registration(
    registration_id: RegistrationId,
    session: SessionDep,
    caller: CallerDep,
    once: OnceDep,
    language: LanguageDep,
    response: Response,
) -> RegistrationOut:
    """Take the place that is offered to somebody who waited, until `offered_until`."""
    confirmed = once.of(
        lambda: registrations.confirm(session, caller, registration_id),
        lambda known: registrations.get(session, caller, known),
    )
    return _answer(session, caller, confirmed, language, response)


@router.post(
    "/meetups/{meetup_id}/attendance", operation_id="mark_attendance", responses=problems(400, 404, 409, 422)
)
def mark_attendance(
    meetup_id: MeetupId,
    wish: AttendanceCreate,
    session: SessionDep,
    caller: OrganizerDep,
    once: OnceDep,
    language: LanguageDep,
) -> AttendanceReport:
    """Say who was there, from one hour before the meetup begins until 30 days after it. Each row has its own result;
    of one registration that is named several times, the last word counts."""
    results = once.told(
        lambda: attendance.mark_many(session, caller, meetup_id, wish.items),
        lambda rows: attendance.marked_before(session, caller, meetup_id, wish.items, rows),
        attendance.which,
    )
    rows = [
        AttendanceRow(
            registration_id=result.registration_id,
            marked=result.problem is None,
            problem=result.problem.told(language) if result.problem else None,
        )
        for result in results
    ]
    marked = sum(row.marked for row in rows)
    return AttendanceReport(marked=marked, refused=len(rows) - marked, rows=rows)


def _answer(
    session: Session, caller: Caller, registration: Registration, language: Language, response: Response
) -> RegistrationOut:
    [shown] = registrations_shown(session, caller, [registration], language)
    response.headers["ETag"] = etag(tag_of(registration, shown))
    return shown
