"""HTTP for the pages of a meetup: to register, one's own place, table cards, the summary, a story told as a talk.

A GET changes nothing: scanners of mails follow links.
"""

from typing import Annotated

from fastapi import APIRouter, Form, Path, Request, Response
from pydantic import ValidationError

from app.access.dependencies import SettingsDep
from app.console import meetup_page, own_place, story_talk, summary_page, table_cards
from app.console.links import OWN_FORM, CardsLinkDep, PlaceLinkDep, StoryLinkDep
from app.console.own_place import Sent
from app.console.pages import back_to, page
from app.console.wishes import Typed
from app.core.database import ReaderDep, SessionDep
from app.core.errors import Problem
from app.core.schemas import Id

router = APIRouter(include_in_schema=False)

MeetupId = Annotated[Id, Path()]


@router.get("/meetups/{meetup_id}")
def show_meetup(meetup_id: MeetupId, request: Request, session: ReaderDep, settings: SettingsDep) -> Response:
    return page(request, meetup_page.shown(session, request, meetup_id, settings))


@router.post("/meetups/{meetup_id}", dependencies=OWN_FORM)
def take_sign_up(
    meetup_id: MeetupId,
    request: Request,
    session: SessionDep,
    settings: SettingsDep,
    typed: Annotated[Typed, Form()],
) -> Response:
    try:
        meetup_page.sign_up(session, request, meetup_id, settings, typed)
    except (ValidationError, Problem) as refusal:
        session.rollback()
        return page(request, meetup_page.shown(session, request, meetup_id, settings, typed, refusal))
    return back_to(request, f"{meetup_id}/inbox")


@router.get("/meetups/{meetup_id}/inbox")
def show_inbox(meetup_id: MeetupId, request: Request, session: ReaderDep) -> Response:
    return page(request, meetup_page.inbox_shown(session, request, meetup_id))


@router.get("/meetups/{meetup_id}/summary")
def show_summary(meetup_id: MeetupId, request: Request, session: ReaderDep, settings: SettingsDep) -> Response:
    return page(request, summary_page.shown(session, request, meetup_id, settings.least_group))


@router.get("/registrations/{token}")
def show_place(link: PlaceLinkDep, request: Request, session: ReaderDep, settings: SettingsDep) -> Response:
    return page(request, own_place.shown(session, request, link, settings))


@router.post("/registrations/{token}", dependencies=OWN_FORM)
def take_place(
    token: str,
    link: PlaceLinkDep,
    request: Request,
    session: SessionDep,
    settings: SettingsDep,
    sent: Annotated[Sent, Form()],
) -> Response:
    try:
        own_place.do(session, request, link, settings, sent)
    except (ValidationError, Problem) as refusal:
        session.rollback()
        return page(request, own_place.shown(session, request, link, settings, sent, refusal))
    return back_to(request, token)


@router.get("/table-cards/{token}")
def show_table_cards(link: CardsLinkDep, request: Request, session: ReaderDep) -> Response:
    return page(request, table_cards.shown(session, request, link))


@router.get("/story-talks/{token}")
def show_story_talk(link: StoryLinkDep, request: Request, session: ReaderDep) -> Response:
    return page(request, story_talk.shown(session, request, link))


@router.post("/story-talks/{token}", dependencies=OWN_FORM)
def take_story_talk(token: str, link: StoryLinkDep, request: Request, session: SessionDep) -> Response:
    story_talk.propose(session, request, link)
    return back_to(request, token)
