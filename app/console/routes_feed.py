"""HTTP for calendar feeds: where a community's own people get the address, and what is at it."""

from fastapi import APIRouter, Response

from app.access.dependencies import CallerDep, KeyedRoute, OnceDep, SettingsDep
from app.communities.routes import CommunityId
from app.console import feeds
from app.console.links import FeedLinkDep
from app.console.schemas import CalendarFeedOut
from app.core.database import ReaderDep, SessionDep
from app.core.http import problems

router = APIRouter()
keyed = APIRouter(prefix="/v1", tags=["communities"], route_class=KeyedRoute, responses=problems(401, 403))


@keyed.post("/communities/{community_id}/calendar-feed", operation_id="give_calendar_feed", responses=problems(404))
def give_calendar_feed(
    community_id: CommunityId, session: SessionDep, caller: CallerDep, settings: SettingsDep, once: OnceDep
) -> CalendarFeedOut:
    """The address at which a calendar program finds the meetings of your community's tandems.

    Whoever has it needs no key: it is for those who look after the community. Asked again it is the same, until it is
    revoked.
    """
    return once.told(
        lambda: feeds.address(session, caller, community_id, settings),
        lambda known: feeds.address(session, caller, known, settings),
        lambda feed: feed.community_id,
    )


@keyed.post(
    "/communities/{community_id}/calendar-feed/revoke", operation_id="revoke_calendar_feed", responses=problems(404)
)
def revoke_calendar_feed(
    community_id: CommunityId, session: SessionDep, caller: CallerDep, settings: SettingsDep, once: OnceDep
) -> CalendarFeedOut:
    """Make the address of the feed useless, and get a new one."""
    once.told(lambda: feeds.revoke(session, caller, community_id).id, lambda known: known, lambda revoked: revoked)
    return feeds.address(session, caller, community_id, settings)


@router.get("/calendars/{token}.ics", include_in_schema=False)
def read_calendar(link: FeedLinkDep, session: ReaderDep) -> Response:
    """What calendar programs read, again and again: nothing new is told in a few bytes."""
    feed = feeds.read(session, link)
    headers = {
        "ETag": feed.etag,
        "Content-Disposition": 'inline; filename="tandem.ics"',
        "Referrer-Policy": "no-referrer",
        "X-Robots-Tag": "noindex",
    }
    return Response(feed.content, media_type="text/calendar; charset=utf-8", headers=headers)


router.include_router(keyed)
