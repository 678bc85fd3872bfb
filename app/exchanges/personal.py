"""What of a person stands in meetings: no row names one, but people write each other's names into texts."""

from collections.abc import Iterator, Sequence

from sqlalchemy import or_, select
from sqlmodel import Session, col

from app.communities.models import CommunityManager
from app.exchanges import forgetting, queries
from app.exchanges.models import Exchange, Harvest, TandemPulse
from app.notifications import queries as messages
from app.people.models import Person
from app.tandems.models import SideName, Tandem

Record = tuple[str, dict[str, object]]


def export_person(session: Session, person_id: str) -> Iterator[Record]:
    """The meetings, pulses and harvests of the communities that the person speaks for, as its own side sees them."""
    sides = _sides(session, person_id)
    for exchange in queries.of_tandems(session, list(sides)):
        yield "exchange", _exchange(exchange)
    for pulse in queries.pulses_of(session, list(sides)):
        if pulse.side is sides[pulse.tandem_id]:
            yield "pulse", _pulse(pulse)
    for harvest in queries.harvests_of(session, list(sides)):
        yield "harvest", _harvest(harvest)


def erase_person(session: Session, person_id: str) -> None:
    """Take the person out of what was written in the tandems that it speaks for, or has spoken for.

    To be called while the person still has its address and name, and speaks for its communities.
    """
    person = session.get(Person, person_id)
    if person is not None:
        sides = _was_told_of(session, person_id) | _sides(session, person_id)
        forgetting.take_out(session, sides, person.email, person.first_name)


def _was_told_of(session: Session, person_id: str) -> dict[str, SideName]:
    """The tandems of which the person was sent mails, and as which side: of its time as a manager, too."""
    told = (one.ids for one in messages.of_person(session, person_id))
    return {ids["tandem_id"]: SideName(ids["side"]) for ids in told if "tandem_id" in ids and "side" in ids}


def _sides(session: Session, person_id: str) -> dict[str, SideName]:
    """The tandems of the communities that a person speaks for, and which side they are."""
    mine = select(col(CommunityManager.community_id)).where(col(CommunityManager.person_id) == person_id)
    is_a = col(Tandem.a_id).in_(mine)
    query = select(col(Tandem.id), is_a).where(or_(is_a, col(Tandem.b_id).in_(mine))).order_by(col(Tandem.id))
    return {tandem_id: SideName.A if of_a else SideName.B for tandem_id, of_a in session.execute(query)}


def _exchange(one: Exchange) -> dict[str, object]:
    names: Sequence[str] = ("id", "tandem_id", "number", "status", "place", "agenda", "topics", "take_away", "next")
    return {name: getattr(one, name) for name in names} | {"starts_at": one.starts_at.isoformat()}


def _pulse(one: TandemPulse) -> dict[str, object]:
    names: Sequence[str] = ("tandem_id", "term", "at_end", "pulse", "fitted", "why")
    return {name: getattr(one, name) for name in names} | {"said_at": one.said_at.isoformat()}


def _harvest(one: Harvest) -> dict[str, object]:
    return {"tandem_id": one.tandem_id, "lines": one.lines, "written_at": one.written_at.isoformat()}
