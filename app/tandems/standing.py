"""What stands between two communities at this moment, whatever a round found before. The engine is not asked."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum

from sqlmodel import Session

from app.communities import queries as communities
from app.communities.models import Terms
from app.companies import proximity
from app.core.clock import now
from app.tandems import queries


class Obstacle(StrEnum):
    NOT_TAKING_PART = "not_taking_part"
    EXCLUDED = "excluded"
    """One of the two keeps away from the other's company or sector."""
    PROXIMITY_EXCLUDED = "proximity_excluded"
    """One of the two companies does."""
    NOT_ASKED = "not_asked"
    """One of the two does not want to be asked yet, or not so often."""
    NO_CAPACITY = "no_capacity"
    PAIRED_ALREADY = "paired_already"


Apart = Mapping[str, frozenset[str]]


def obstacles(
    session: Session, pairs: Sequence[tuple[str, str]], *, avoidance: bool = True, asker: str | None = None
) -> list[Obstacle | None]:
    """What keeps each pair from being suggested now, in the order given; None where nothing does.

    Capacity is used up as pairs pass: of two pairs with a community that has one place left, the first one passes.
    So are the questions that a community wants in a quarter. `asker` asks by itself, which is no question to it.
    Without `avoidance` it does not matter whether one of the two, or its company, keeps away from the other.
    """
    ids = {one for pair in pairs for one in pair}
    terms, apart = queries.terms(session, ids, now().date()), proximity.excluded_pairs(session)
    left = _asks_left(session, [(one.id, one.asks_per_quarter, one.ask_not_before) for one in terms.values()])
    left.pop(asker or "", None)
    taken = queries.open_pairs(session, ids)
    paired, places = set(taken), Counter(one for pair in taken for one in pair)
    found: list[Obstacle | None] = []
    for pair in pairs:
        ordered = (min(pair), max(pair))
        obstacle = _between(terms.get(pair[0]), terms.get(pair[1]), apart if avoidance else None)
        if obstacle is None and ordered in paired:
            obstacle = Obstacle.PAIRED_ALREADY
        if obstacle is None and any(left.get(one, 1) <= 0 for one in pair):
            obstacle = Obstacle.NOT_ASKED
        if obstacle is None and any(places[one] >= terms[one].capacity for one in pair):
            obstacle = Obstacle.NO_CAPACITY
        if obstacle is None:
            paired.add(ordered)
            places.update(pair)
            left.subtract(one for one in pair if one in left)
        found.append(obstacle)
    return found


def kept_apart(session: Session, a_id: str, b_id: str) -> Obstacle | None:
    """What keeps a pair that has a suggestion from becoming a tandem: the place that it takes is its own."""
    terms = queries.terms(session, {a_id, b_id}, now().date())
    return _between(terms.get(a_id), terms.get(b_id), proximity.excluded_pairs(session))


def committed(session: Session) -> dict[str, int]:
    """How many open tandems and open suggestions each community has; absent: none."""
    return dict(Counter(one for pair in queries.open_pairs(session) for one in pair))


def asks_left(session: Session) -> dict[str, int]:
    """How often communities want to be suggested somebody, for the rest of this quarter; absent: as often as it may
    be. Whose day is still to come is not asked at all."""
    return dict(_asks_left(session, communities.reserved(session, now().date())))


def quarter_of(moment: datetime) -> datetime:
    """When the quarter of the calendar began."""
    return moment.replace(
        month=moment.month - (moment.month - 1) % 3, day=1, hour=0, minute=0, second=0, microsecond=0
    )


def _asks_left(session: Session, wishes: Iterable[tuple[str, int | None, date | None]]) -> Counter[str]:
    moment, left, limits = now(), Counter[str](), {}
    for community_id, limit, day in wishes:
        if day is not None and day > moment.date():
            left[community_id] = 0
        elif limit is not None:
            limits[community_id] = limit
    if limits:
        asked = queries.asked_since(session, limits, quarter_of(moment))
        left.update({community_id: limit - asked[community_id] for community_id, limit in limits.items()})
    return left


def _between(a: Terms | None, b: Terms | None, apart: Apart | None) -> Obstacle | None:
    if a is None or b is None or not (a.takes_part and b.takes_part) or a.company_id == b.company_id:
        return Obstacle.NOT_TAKING_PART
    if apart is None:
        return None
    if _avoids(a, b) or _avoids(b, a):
        return Obstacle.EXCLUDED
    if b.company_id in apart.get(a.company_id, frozenset()):
        return Obstacle.PROXIMITY_EXCLUDED
    return None


def _avoids(one: Terms, other: Terms) -> bool:
    return other.company_id in one.excluded_companies or other.sector in one.excluded_sectors
