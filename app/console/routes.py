"""HTTP for the pages that people open from a message. A GET changes nothing: scanners of mails follow links."""

from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, Form, Request, Response
from sqlmodel import Session

from app.access.dependencies import SettingsDep
from app.console import answers, preferences, saying
from app.console.answers import Said, Why, Written
from app.console.links import (
    OWN_FORM,
    AnswerLink,
    AnswerLinkDep,
    MailLinkDep,
    PulseLinkDep,
    UsefulLinkDep,
    require_own_form,
)
from app.console.pages import STYLE, back_to, page
from app.console.saying import NothingChosen, Opinion
from app.core.database import ReaderDep, SessionDep
from app.core.errors import Problem
from app.core.settings import Settings
from app.exchanges.models import Pulse
from app.notifications.models import Wants
from app.tandems.models import Answer

router = APIRouter(include_in_schema=False)

YesOrNo = Literal["yes", "no"]


@router.get("/static/style.css")
def read_style() -> Response:
    return Response(STYLE, media_type="text/css", headers={"Cache-Control": "public, max-age=31536000, immutable"})


@router.get("/answers/{token}")
def show_answer(link: AnswerLinkDep, request: Request, session: ReaderDep, settings: SettingsDep) -> Response:
    return _answer_page(session, request, link, settings)


@router.post("/answers/{token}", dependencies=OWN_FORM)
def take_answer(
    token: str,
    link: AnswerLinkDep,
    request: Request,
    session: SessionDep,
    settings: SettingsDep,
    answer: Annotated[Answer, Form()],
    until: Annotated[date | None, Form()] = None,
    why: Annotated[list[Why], Form()] = [],  # noqa: B006  how the framework wants a default, and never changed
    reason: Annotated[Written, Form()] = None,
) -> Response:
    try:
        answers.answer(session, request, link, Said(answer, until, why, reason))
    except Problem as refusal:
        session.rollback()
        return _answer_page(session, request, link, settings, refusal)
    return back_to(request, token)


@router.get("/useful/{token}")
def show_useful(link: UsefulLinkDep, request: Request, session: ReaderDep) -> Response:
    return page(request, saying.useful_shown(session, request, link))


@router.post("/useful/{token}", dependencies=OWN_FORM)
def take_useful(
    token: str, link: UsefulLinkDep, request: Request, session: SessionDep, useful: Annotated[YesOrNo, Form()]
) -> Response:
    saying.say_useful(session, request, link, useful == "yes")
    return back_to(request, token)


@router.get("/pulse/{token}")
def show_pulse(link: PulseLinkDep, request: Request, session: ReaderDep) -> Response:
    return page(request, saying.pulse_shown(session, request, link))


@router.post("/pulse/{token}", dependencies=OWN_FORM)
def take_pulse(
    token: str,
    link: PulseLinkDep,
    request: Request,
    session: SessionDep,
    pulse: Annotated[Pulse | None, Form()] = None,
    fitted: Annotated[YesOrNo | None, Form()] = None,
    why: Annotated[Written, Form()] = None,
) -> Response:
    opinion = Opinion(pulse, None if fitted is None else fitted == "yes", why)
    saying.say_pulse(session, request, link, opinion)
    return back_to(request, token)


@router.get("/mail/{token}")
def show_preferences(link: MailLinkDep, request: Request, session: ReaderDep) -> Response:
    return page(request, preferences.shown(session, request, link))


@router.post("/mail/{token}")
def take_preferences(
    link: MailLinkDep,
    request: Request,
    session: SessionDep,
    settings: SettingsDep,
    wants: Annotated[Wants | None, Form()] = None,
    unsubscribe: Annotated[Literal["One-Click"] | None, Form(alias="List-Unsubscribe")] = None,
) -> Response:
    """Also the one click of RFC 8058, which mail programs send without a cookie or an origin, and without following
    a redirect: it is answered with the page itself."""
    if unsubscribe is not None:
        wants = Wants.NOTHING
    else:
        require_own_form(request, settings)
    if wants is None:
        raise NothingChosen
    preferences.choose(session, request, link, wants)
    return page(request, preferences.shown(session, request, link, saved=True))


def _answer_page(
    session: Session, request: Request, link: AnswerLink, settings: Settings, refusal: Problem | None = None
) -> Response:
    pepper = settings.key_pepper.get_secret_value()
    return page(request, answers.shown(session, request, link, pepper, refusal))
