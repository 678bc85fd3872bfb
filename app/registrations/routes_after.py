"""HTTP for what people say of a meetup that they were at."""

from typing import Annotated

from fastapi import APIRouter, Path

from app.access.dependencies import CallerDep, KeyedRoute, OnceDep
from app.core.database import ReaderDep, SessionDep
from app.core.http import problems
from app.core.i18n import LanguageDep
from app.core.schemas import Id
from app.registrations import feedback
from app.registrations.schemas_after import FeedbackCreate, FeedbackOut

router = APIRouter(prefix="/v1", tags=["meetups"], route_class=KeyedRoute, responses=problems(401, 403))

RegistrationId = Annotated[
    Id, Path(description="Id of the registration.", examples=["reg_06em2n0u4hsm7bg6m3r8t2f5ac"])
]


@router.post(
    "/registrations/{registration_id}/feedback",
    operation_id="say_how_a_meetup_was",
    responses=problems(400, 404, 409, 422),
)
def say_how_a_meetup_was(
    registration_id: RegistrationId,
    wish: FeedbackCreate,
    session: SessionDep,
    caller: CallerDep,
    once: OnceDep,
    language: LanguageDep,
) -> FeedbackOut:
    """Say how a meetup was, as the person itself; the last word counts.

    From its start until 60 days after it, by who had a place and was not marked as absent. What others are told is
    fixed once: when the summary is sent, at the latest three days after the meetup, or as soon after it as at least
    five people (a setting of the service) of three companies have spoken. They see totals, and organizers also the
    comments without names, in alphabetical order. What is said or changed later is stored and told to nobody.
    """
    said = once.told(
        lambda: feedback.say_for(session, caller, registration_id, wish.useful, wish.comment),
        lambda known: feedback.said_by(session, caller, known),
        lambda made: made.registration_id,
    )
    return FeedbackOut.of(said, language)


@router.get("/registrations/{registration_id}/feedback", operation_id="read_own_feedback", responses=problems(404))
def read_own_feedback(
    registration_id: RegistrationId, session: ReaderDep, caller: CallerDep, language: LanguageDep
) -> FeedbackOut:
    """What was said of a meetup, for the person itself; nobody else reads it with a name."""
    return FeedbackOut.of(feedback.said_by(session, caller, registration_id), language)
