"""HTTP for seatings, for who sits with whom, and for whom somebody wants to meet again."""

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Path, Response
from fastapi.responses import StreamingResponse
from sqlmodel import Session

from app.access.dependencies import CallerDep, KeyedRoute, OnceDep, OrganizerDep, SettingsDep
from app.access.service import Caller
from app.core.database import DatabaseDep, ReaderDep, SessionDep
from app.core.http import problems
from app.core.i18n import LanguageDep
from app.core.pagination import PageDep, cut
from app.core.schemas import Id, Page
from app.core.streams import following, stream_of
from app.meetups import service as meetups
from app.meetups.models import Meetup
from app.registrations.models import Registration
from app.seatings import planning, queries, telling
from app.seatings import service as seatings
from app.seatings.schemas import (
    AgainCreate,
    OwnGroupOut,
    OwnGroupsOut,
    ReseatCreate,
    SeatingCreate,
    SeatingOut,
    SeatingPlanOut,
)

router = APIRouter(prefix="/v1", tags=["meetups"], route_class=KeyedRoute, responses=problems(401, 403))

MeetupId = Annotated[Id, Path(description="Id of the meetup.", examples=["mtp_06em2n0u4hsm7bg6m3r8t2f5ac"])]
SeatingId = Annotated[Id, Path(description="Id of the seating.", examples=["stg_06em2n0u4hsm7bg6m3r8t2f5ac"])]
RegistrationId = Annotated[
    Id, Path(description="Id of the registration.", examples=["reg_06em2n0u4hsm7bg6m3r8t2f5ac"])
]


@router.post(
    "/meetups/{meetup_id}/seatings",
    status_code=202,
    operation_id="create_seating",
    responses=problems(400, 404, 409, 422),
)
def create_seating(
    meetup_id: MeetupId,
    wish: SeatingCreate,
    session: SessionDep,
    caller: OrganizerDep,
    once: OnceDep,
    language: LanguageDep,
    settings: SettingsDep,
    response: Response,
) -> SeatingOut:
    """Seat everybody in groups, in every rotation with other people. Follow `Location`.

    Nobody sits with somebody whose company is excluded by one of the two, or is kept `apart`; a group has a language
    in common wherever that is possible. Then, in this order: no two meet twice, as few people of one company as
    possible in a group, and as much in common as possible. What cannot be had is told, with the least that can.
    """
    queued = once.of(
        lambda: planning.create(session, caller, meetup_id, wish),
        lambda known: seatings.get(session, caller, known),
    )
    response.headers["Location"] = f"/v1/seatings/{queued.id}"
    session.flush()
    return telling.seatings_shown(session, [queued], language, settings)[0]


@router.get("/meetups/{meetup_id}/seatings", operation_id="list_seatings", responses=problems(404, 422))
def list_seatings(
    meetup_id: MeetupId,
    session: ReaderDep,
    caller: OrganizerDep,
    request: PageDep,
    language: LanguageDep,
    settings: SettingsDep,
) -> Page[SeatingOut]:
    """Seatings of a meetup without their groups, newest first."""
    after = request.key(str)
    meetup = meetups.get(session, caller, meetup_id)
    found = queries.page(session, meetup.id, after=str(after[0]) if after else None, limit=request.limit)
    page, cursor = cut(found, request, lambda one: (one.id,))
    return Page(items=telling.seatings_shown(session, page, language, settings), next_cursor=cursor)


@router.get("/seatings/{seating_id}", operation_id="read_seating", responses=problems(404))
def read_seating(
    seating_id: SeatingId, session: ReaderDep, caller: OrganizerDep, language: LanguageDep, settings: SettingsDep
) -> SeatingPlanOut:
    """One seating: how far it is, how good it is, and who sits with whom.

    Theme and opening question of a group are in its own language, as they stand on its card.
    """
    return telling.plan_shown(session, seatings.get(session, caller, seating_id), language, settings)


@router.get(
    "/seatings/{seating_id}/events",
    operation_id="follow_seating",
    response_class=StreamingResponse,
    responses=stream_of(SeatingOut) | problems(404),
)
def follow_seating(
    seating_id: SeatingId, database: DatabaseDep, caller: OrganizerDep, language: LanguageDep, settings: SettingsDep
) -> StreamingResponse:
    """The same without groups as server-sent events, at each change until the seating is done or failed."""

    def look() -> SeatingOut:
        with database.reader() as session:
            seating = seatings.get(session, caller, seating_id)
            return telling.seatings_shown(session, [seating], language, settings)[0]

    look()
    return following(look, lambda shown: shown.status in telling.ENDED)


@router.get(
    "/seatings/{seating_id}/groups.csv",
    operation_id="download_groups",
    response_class=Response,
    responses={
        200: {
            "description": "One seat a line: rotation, table, theme, language, opening_question, first_name, "
            "company, registration_id.",
            "content": {"text/csv": {"schema": {"type": "string"}}},
        },
        **problems(404, 409),
    },
)
def download_groups(seating_id: SeatingId, session: ReaderDep, caller: OrganizerDep) -> Response:
    """Who sits where, as a file for a spreadsheet. A cell that it would take for a formula begins with an
    apostrophe."""
    cards = seatings.cards(session, seatings.get_done(session, caller, seating_id))
    return Response(
        telling.as_csv(cards),
        media_type="text/csv",
        headers={"Content-Disposition": 'attachment; filename="groups.csv"', "Cache-Control": "private, no-cache"},
    )


@router.post(
    "/seatings/{seating_id}/reseat",
    status_code=202,
    operation_id="reseat_people",
    responses=problems(400, 404, 409, 422),
)
def reseat(
    seating_id: SeatingId,
    wish: ReseatCreate,
    session: SessionDep,
    caller: OrganizerDep,
    once: OnceDep,
    language: LanguageDep,
    settings: SettingsDep,
    response: Response,
) -> SeatingOut:
    """Plan the rotations that are left anew: without people who did not come, with people who came late. Follow
    `Location` to the new seating.

    The rotations before `from_rotation` stay as they are, and those who met in them do not meet again where that is
    possible. Only the seating that counts can be planned anew; until the new one is done, it goes on counting.
    """
    queued = once.of(
        lambda: planning.reseat(session, caller, seating_id, wish),
        lambda known: seatings.get(session, caller, known),
    )
    response.headers["Location"] = f"/v1/seatings/{queued.id}"
    session.flush()
    return telling.seatings_shown(session, [queued], language, settings)[0]


@router.get("/registrations/{registration_id}/groups", operation_id="read_own_groups", responses=problems(404))
def read_own_groups(registration_id: RegistrationId, session: ReaderDep, caller: CallerDep) -> OwnGroupsOut:
    """With whom you sit, or sat, in each rotation; for the person itself and its portal. Whom it wants to meet again
    only the person itself reads."""
    return _own_groups_shown(session, caller, seatings.own_registration(session, caller, registration_id))


@router.post(
    "/registrations/{registration_id}/again", operation_id="say_again", responses=problems(400, 404, 409, 422)
)
def say_again(
    registration_id: RegistrationId, wish: AgainCreate, session: SessionDep, caller: CallerDep, once: OnceDep
) -> OwnGroupsOut:
    """Say whom of your groups you want to meet again, from the start of the meetup until 30 days after it.

    Only with the person's own key, or on its page: no portal says it. The list replaces the one before. Nobody learns
    that they were named, unless they name you, too: then your communities are suggested to each other, and what you
    both have said stands.
    """

    def said() -> Registration:
        registration = seatings.own_to_say(session, caller, registration_id)
        seatings.say_again(session, registration, wish.registration_ids)
        return registration

    registration = once.of(said, lambda known: seatings.own_to_say(session, caller, known))
    return _own_groups_shown(session, caller, registration)


def _own_groups_shown(session: Session, caller: Caller, registration: Registration) -> OwnGroupsOut:
    seating = seatings.current(session, registration.meetup_id)
    since, until = seatings.again_window(session.get_one(Meetup, registration.meetup_id))
    withheld = {} if seatings.hears_again(caller) else {"said_again": None, "both": None}
    return OwnGroupsOut(
        registration_id=registration.id,
        meetup_id=registration.meetup_id,
        seating_id=seating.id if seating else None,
        rotation_minutes=seating.rotation_minutes if seating else None,
        groups=[
            OwnGroupOut.model_validate(
                {name: getattr(one.card, name) for name in ("rotation", "theme", "opening_question", "language")}
                | {"table": one.card.number, "companions": [asdict(other) | withheld for other in one.companions]}
            )
            for one in seatings.own_groups(session, registration)
        ],
        again_from=since,
        again_until=until,
    )
