"""HTTP for what everybody may read of meetups, without a key: a calendar and a list."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from app.access.dependencies import SettingsDep
from app.core.database import ReaderDep
from app.core.i18n import Language, LanguageDep
from app.meetups import feed
from app.meetups.feed import PublicMeetups

router = APIRouter(tags=["meetups"])

# Whoever changes a meetup sees it at once with a key; who only follows may learn of it a little later.
_CACHED = "public, max-age=300"


class CalendarFile(Response):
    media_type = "text/calendar"


@router.get("/meetups.ics", operation_id="read_meetup_calendar", response_class=CalendarFile)
def read_meetup_calendar(
    session: ReaderDep,
    settings: SettingsDep,
    asked: LanguageDep,
    lang: Annotated[
        Language | None, Query(description="`de` or `en`, for calendar programs that send no `Accept-Language`.")
    ] = None,
) -> CalendarFile:
    """A calendar to subscribe to: the meetups of the last year and to come, without a key.

    A meetup that moves keeps its `UID` and has a higher `SEQUENCE`; one that does not take place is `CANCELLED`. The
    online link is not in it: whoever has a place gets it. `304` for who has it already.
    """
    found = feed.as_calendar(session, lang or asked, settings.public_url)
    headers = {
        "ETag": found.etag,
        "Cache-Control": _CACHED,
        "Vary": "Accept-Language",
        "Content-Disposition": 'inline; filename="meetups.ics"',
    }
    return CalendarFile(found.content, headers=headers)


@router.get("/meetups.json", operation_id="list_public_meetups")
def list_public_meetups(session: ReaderDep, settings: SettingsDep, response: Response) -> PublicMeetups:
    """The meetups of the last year and to come as a plain list by their start, without a key: for a web site or an
    intranet page.

    Drafts are not in it, nor online links or people. `304` for who has it already.
    """
    response.headers["Cache-Control"] = _CACHED
    return feed.listed(session, settings.public_url)
