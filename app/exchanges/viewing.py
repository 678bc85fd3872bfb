"""Exchanges, harvests and stories as each caller may see them: what was said stays between the two sides."""

from collections.abc import Mapping, Sequence
from typing import cast

from sqlmodel import Session

from app.access.models import Role
from app.access.service import Caller
from app.communities import queries as communities
from app.communities.cards import themes_of
from app.communities.models import Carded
from app.core import times
from app.core.dates import local
from app.core.i18n import Language
from app.exchanges import agendas, queries
from app.exchanges.models import Exchange, Harvest, TandemPulse
from app.exchanges.queries import Told
from app.exchanges.schemas import (
    AgendaItemOut,
    ExchangeOut,
    HarvestOut,
    MinutesHint,
    MinutesOut,
    PulseOut,
    StoryOut,
    TandemObjectionOut,
    TandemObjectionsOut,
)
from app.guardrails import terms
from app.guardrails.models import Objection
from app.guardrails.schemas import HintOut
from app.tandems import queries as tandem_queries
from app.tandems.models import SideName, Tandem

_SEES_ALL = (Role.ORGANIZER, Role.OPERATOR)
_FIELDS = ("topics", "take_away", "next")


def exchanges_shown(
    session: Session, caller: Caller, tandem: Tandem, exchanges: Sequence[Exchange], language: Language
) -> list[ExchangeOut]:
    """Exchanges of a tandem that the caller may see."""
    side = side_of(session, caller, tandem)
    said = queries.usefulness(session, [one.id for one in exchanges]) if side is not None else {}
    return [
        ExchangeOut.model_validate(
            _for_everybody(one, language)
            | (_WITHHELD if side is None else _for_side(one, side, language))
            | {"own_useful": None if side is None else said.get((one.id, side))}
        )
        for one in exchanges
    ]


def tag(exchange: Exchange, own_useful: bool | None) -> str:
    """Another one whenever anything changes of what a side sees: what the other side found useful is not among it."""
    return f"{exchange.version}" if own_useful is None else f"{exchange.version}.{own_useful:d}"


def side_of(session: Session, caller: Caller, tandem: Tandem) -> SideName | None:
    """Which of the two the caller speaks for; None for those who see all."""
    return tandem_queries.own_sides(session, caller, [tandem.suggestion_id]).get(tandem.suggestion_id)


def confirmed_by(exchange: Exchange, side: SideName) -> int | None:
    """Which version of the minutes this side has confirmed."""
    return exchange.confirmed_a if side is SideName.A else exchange.confirmed_b


def released_by(harvest: Harvest, side: SideName) -> int | None:
    """Which version of the three lines this side has released."""
    return harvest.released_a if side is SideName.A else harvest.released_b


def pulse_shown(pulse: TandemPulse, tandem: Tandem) -> PulseOut:
    return PulseOut.model_validate(vars(pulse) | {"tandem_status": tandem.status})


def harvest_shown(harvest: Harvest, side: SideName, language: Language) -> HarvestOut:
    return HarvestOut(
        tandem_id=harvest.tandem_id,
        lines=harvest.lines,
        version=harvest.version,
        written_by=harvest.written_by if harvest.version else None,
        own_released=harvest.version == released_by(harvest, side),
        partner_released=harvest.version == released_by(harvest, side.other),
        story_id=harvest.story_id,
        hints=[_hints(line, language) for line in harvest.lines],
    )


def objections_shown(objections: Sequence[Objection]) -> TandemObjectionsOut:
    return TandemObjectionsOut(
        items=[
            TandemObjectionOut(
                id=one.id,
                exchange_id=one.exchange_id,
                side=SideName(one.side),
                item=int(one.item) if one.item else None,
                objected_at=one.objected_at,
            )
            for one in objections
        ]
    )


def stories_shown(session: Session, caller: Caller, stories: Sequence[Told]) -> list[StoryOut]:
    """Stories for everybody: of the two only their names, and themes that stand on the cards of both."""
    known = communities.carded(session, {side for one in stories for side in (one.a_id, one.b_id)})
    return [
        StoryOut(
            id=one.story_id,
            lines=one.lines,
            themes=_on_both_cards(known[one.a_id], known[one.b_id]),
            communities=[known[one.a_id].name, known[one.b_id].name],
            tandem_id=one.tandem_id if caller.role in _SEES_ALL else None,
            released_at=one.released_at,
        )
        for one in stories
    ]


def themes(reasons: Sequence[Mapping[str, object]]) -> list[str]:
    """What the reasons of a suggestion name as shared, in each side's words, each once: for the two only."""
    pairs = (
        pair
        for reason in reasons
        if reason["kind"] in ("theme", "offer_meets_seek")
        for pair in cast("list[dict[str, str]]", reason["terms"])
    )
    return list(dict.fromkeys(word for pair in pairs for word in (pair["a"], pair["b"]) if word))


def _on_both_cards(a: Carded, b: Carded) -> list[str]:
    of_b = {theme.casefold() for theme in themes_of(b)}
    return [theme for theme in themes_of(a) if theme.casefold() in of_b]


_WITHHELD: dict[str, object] = {"side": None, "place": None, "agenda": None, "minutes": None}


def _for_everybody(exchange: Exchange, language: Language) -> dict[str, object]:
    return {
        "id": exchange.id,
        "tandem_id": exchange.tandem_id,
        "number": exchange.number,
        "kick_off": exchange.kick_off,
        "status": exchange.status,
        "starts_at": exchange.starts_at,
        "local_time": local(exchange.starts_at, exchange.time_zone).replace(tzinfo=None).isoformat(),
        "time_zone": exchange.time_zone,
        "time_remark": times.remark(exchange.starts_at, exchange.time_zone, language),
        "meeting_minutes": exchange.minutes,
        "host": exchange.host,
        "moved_to": exchange.moved_to,
        "settled_at": exchange.settled_at,
    }


def _for_side(exchange: Exchange, side: SideName, language: Language) -> dict[str, object]:
    return {
        "side": side,
        "place": exchange.place,
        "agenda": [
            AgendaItemOut(
                text=item.text,
                minutes=item.minutes,
                parked=item.parked,
                hints=[] if item.given else _hints(item.text, language),
            )
            for item in agendas.shown(exchange.agenda, language)
        ],
        "minutes": _minutes(exchange, side, language),
    }


def _minutes(exchange: Exchange, side: SideName, language: Language) -> MinutesOut | None:
    if exchange.topics is None or exchange.take_away is None or exchange.next is None or exchange.minutes_by is None:
        return None
    return MinutesOut(
        topics=exchange.topics,
        take_away=exchange.take_away,
        next=exchange.next,
        written_by=exchange.minutes_by,
        version=exchange.minutes_version,
        own_confirmed=confirmed_by(exchange, side) == exchange.minutes_version,
        partner_confirmed=confirmed_by(exchange, side.other) == exchange.minutes_version,
        hints=[
            MinutesHint(field=field, hint=hint)
            for field in _FIELDS
            for hint in _hints(str(getattr(exchange, field)), language)
        ],
    )


def _hints(text: str, language: Language) -> list[HintOut]:
    return [HintOut.of(hint, language) for hint in terms.hints(text)]
