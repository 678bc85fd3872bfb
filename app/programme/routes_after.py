"""HTTP for what came of a meetup: its summary, and everything of it to take along."""

from typing import Annotated

from fastapi import APIRouter, Path
from fastapi.responses import StreamingResponse

from app.access.dependencies import CallerDep, KeyedRoute, OnceDep, OrganizerDep, SettingsDep
from app.access.models import Role
from app.access.service import Caller
from app.core.database import DatabaseDep, ReaderDep, SessionDep
from app.core.http import problems
from app.core.i18n import LanguageDep
from app.core.schemas import Id
from app.meetups import service as meetups
from app.programme import exporting
from app.programme import summary as summaries
from app.programme.schemas_after import MeetupSummaryOut

router = APIRouter(prefix="/v1", tags=["meetups"], route_class=KeyedRoute, responses=problems(401, 403))

MeetupId = Annotated[Id, Path(description="Id of the meetup.", examples=["mtp_06em2n0u4hsm7bg6m3r8t2f5ac"])]


@router.get("/meetups/{meetup_id}/summary", operation_id="read_meetup_summary", responses=problems(404, 409))
def read_meetup_summary(
    meetup_id: MeetupId, session: ReaderDep, caller: CallerDep, settings: SettingsDep
) -> MeetupSummaryOut:
    """What came of a meetup that was held: how many were there, talks, tables, feedback, tandems that began.

    Figures of fewer than five people (a setting of the service) are not told. What people said is told once the
    summary is sent, of at least so many people of three companies, and does not change from then on, whoever comes to
    say more or is marked as absent. Everybody may read it, also without a key on the page of the meetup.
    """
    told = summaries.read(session, caller, meetup_id, settings.least_group)
    return MeetupSummaryOut.of(told, with_comments=_organizes(caller))


@router.post(
    "/meetups/{meetup_id}/summary/send",
    operation_id="send_meetup_summary",
    responses=problems(404, 409, 422),
)
def send_meetup_summary(
    meetup_id: MeetupId, session: SessionDep, caller: OrganizerDep, once: OnceDep, settings: SettingsDep
) -> MeetupSummaryOut:
    """Send the summary to everybody who was there, now and once; three days after the meetup it goes by itself.

    With it what people have said is fixed, if at least five (a setting of the service) of three companies have
    spoken; if not, as soon as they have. Each mail is written when it is sent, with the other figures of that moment.
    """
    meetup = once.of(
        lambda: summaries.tell(session, caller, meetup_id, settings.least_group),
        lambda known: meetups.get(session, caller, known),
    )
    return MeetupSummaryOut.of(summaries.summary(session, meetup, settings.least_group), with_comments=True)


@router.get(
    "/meetups/{meetup_id}/export",
    operation_id="export_meetup",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "One JSON object a line, each with its `record`: meetup, talk, registration, group, "
            "feedback. `members` of a group are ids of registrations.",
            "content": {"application/x-ndjson": {"schema": {"type": "string"}}},
        },
        **problems(404),
    },
)
def export_meetup(
    meetup_id: MeetupId, database: DatabaseDep, caller: OrganizerDep, language: LanguageDep
) -> StreamingResponse:
    """Everything of a meetup to take along: its talks, who is in line with which wishes, who sat with whom, feedback.

    Of people the first name, company and wishes; never an e-mail address, nor an id by which somebody is found
    elsewhere. Feedback as totals with comments, once the summary tells it.
    """
    return StreamingResponse(
        exporting.export(database, caller, meetup_id, language),
        media_type="application/x-ndjson",
        headers={"Content-Disposition": 'attachment; filename="c3-meetup.ndjson"'},
    )


def _organizes(caller: Caller) -> bool:
    return caller.role in (Role.ORGANIZER, Role.OPERATOR)
