"""The calendar feed of a community: its address, which can be changed, and the meetings of its tandems."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from hashlib import blake2b

from sqlmodel import Session

from app.access.models import Role
from app.access.service import Caller
from app.communities import queries as community_queries
from app.communities import service as communities
from app.communities.models import Community, CommunityStatus
from app.companies.models import Company, CompanyStatus
from app.console import queries
from app.console.links import CALENDAR, FeedLink
from app.console.schemas import CalendarFeedOut
from app.core import links
from app.core.clock import now
from app.core.errors import NotFound
from app.core.i18n import Language, mark, translate
from app.core.settings import Settings
from app.exchanges import agendas
from app.exchanges.models import Exchange, ExchangeStatus
from app.guardrails import acceptance
from app.notifications import calendar
from app.notifications.calendar import Entry
from app.tandems.models import Tandem, TandemStatus

SHOWN_AFTER = timedelta(days=366)
"""How long a meeting that is over stays in the feed."""

NAME = mark("Tandems of {community}")
SUMMARY = mark("Tandem: {community} and {partner}")

_HAS_BEEN = (ExchangeStatus.HELD, ExchangeStatus.ENDED_BY_OBJECTION)


class FeedRevoked(NotFound):
    slug = "feed-revoked"
    title = mark("This calendar address is no longer in use")
    detail = mark(
        "A new one was made, somebody has ceased to speak for the community, or it is gone. Ask whoever gave you the "
        "address for the new one."
    )


@dataclass(frozen=True, slots=True)
class Feed:
    content: bytes
    etag: str
    """Of what is in it, not of when it was asked for."""


def address(session: Session, caller: Caller, community_id: str, settings: Settings) -> CalendarFeedOut:
    """Where to subscribe to the meetings of one's own community."""
    return _told(_own(session, caller, community_id), settings)


def revoke(session: Session, caller: Caller, community_id: str) -> Community:
    """Make every address of the feed given out before useless."""
    community = _own(session, caller, community_id, for_update=True)
    community.feed_number += 1
    session.add(community)
    return community


def read(session: Session, link: FeedLink) -> Feed:
    """The feed at an address. Raises FeedRevoked."""
    community = session.get(Community, link.community_id)
    if community is None or community.feed_number != link.number or not _goes_on(session, community):
        raise FeedRevoked
    language = _language_of(community)
    entries = _entries(session, community, language)
    name = translate(NAME, language, community=community.name)
    return Feed(
        calendar.feed(name, entries), f'"{blake2b(repr((name, entries)).encode(), digest_size=12).hexdigest()}"'
    )


def _goes_on(session: Session, community: Community) -> bool:
    """Not once it is archived, or its company is leaving or has left."""
    company = session.get_one(Company, community.company_id)
    return community.status is not CommunityStatus.ARCHIVED and company.status is CompanyStatus.ACTIVE


def _own(session: Session, caller: Caller, community_id: str, *, for_update: bool = False) -> Community:
    caller.require(Role.COORDINATOR, Role.PORTAL, Role.MANAGER)
    community = community_queries.visible(session, caller, community_id, for_update=for_update)
    if community is None:
        raise communities.CommunityNotFound(community_id=community_id)
    return community


def _told(community: Community, settings: Settings) -> CalendarFeedOut:
    token = links.signed(CALENDAR, (community.id, str(community.feed_number)), settings.key_pepper.get_secret_value())
    return CalendarFeedOut(community_id=community.id, url=f"{settings.public_url}/calendars/{token}.ics")


def _language_of(community: Community) -> Language:
    """The first of the community's languages that is one of ours; whoever subscribes is not known."""
    for tag in community.languages:
        primary = tag.split("-", 1)[0].lower()
        if primary == "de":
            return "de"
        if primary == "en":
            return "en"
    return "en"


def _entries(session: Session, community: Community, language: Language) -> list[Entry]:
    """One for each meeting: of a moved one, which keeps its uid, the newest."""
    found = queries.meetings_of(session, community.id, now() - SHOWN_AFTER)
    partners = {tandem.id: tandem.b_id if tandem.a_id == community.id else tandem.a_id for _, tandem in found}
    names = community_queries.carded(session, set(partners.values()))
    newest: dict[str, tuple[Exchange, Tandem]] = {}
    for exchange, tandem in found:
        known = newest.get(exchange.uid)
        if known is None or (known[0].sequence, known[0].number) < (exchange.sequence, exchange.number):
            newest[exchange.uid] = exchange, tandem
    return [
        _entry(exchange, tandem, community.name, names[partners[tandem.id]].name, language)
        for exchange, tandem in newest.values()
    ]


def _entry(exchange: Exchange, tandem: Tandem, own: str, partner: str, language: Language) -> Entry:
    is_to_be = exchange.status is ExchangeStatus.PLANNED and tandem.status is not TandemStatus.CLOSED
    return Entry(
        uid=exchange.uid,
        sequence=exchange.sequence,
        starts_at=exchange.starts_at,
        minutes=exchange.minutes,
        time_zone=exchange.time_zone,
        summary=translate(SUMMARY, language, community=own, partner=partner),
        description=_description(exchange.agenda, language),
        place=exchange.place,
        status="confirmed" if is_to_be or exchange.status in _HAS_BEEN else "cancelled",
    )


def _description(agenda: Sequence[dict[str, object]], language: Language) -> str:
    """The agenda, then the notice that belongs to every meeting."""
    items = [f"- {item.text}" for item in agendas.shown(agenda, language) if not item.parked]
    return "\n".join([*items, *([""] if items else []), acceptance.notice(language)])
