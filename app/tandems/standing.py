"""What stands between two communities at this moment, whatever a round found before. The engine is not asked."""

from collections import Counter
from collections.abc import Mapping, Sequence
from enum import StrEnum

from sqlmodel import Session

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
    NO_CAPACITY = "no_capacity"
    PAIRED_ALREADY = "paired_already"


Apart = Mapping[str, frozenset[str]]


def obstacles(session: Session, pairs: Sequence[tuple[str, str]], *, avoidance: bool = True) -> list[Obstacle | None]:
    """What keeps each pair from being suggested now, in the order given; None where nothing does.

    Capacity is used up as pairs pass: of two pairs with a community that has one place left, the first one passes.
    Without `avoidance` it does not matter whether one of the two, or its company, keeps away from the other.
    """
    ids = {one for pair in pairs for one in pair}
    terms, apart = queries.terms(session, ids, now().date()), proximity.excluded_pairs(session)
    taken = queries.open_pairs(session, ids)
    paired, places = set(taken), Counter(one for pair in taken for one in pair)
    found: list[Obstacle | None] = []
    for pair in pairs:
        ordered = (min(pair), max(pair))
        obstacle = _between(terms.get(pair[0]), terms.get(pair[1]), apart if avoidance else None)
        if obstacle is None and ordered in paired:
            obstacle = Obstacle.PAIRED_ALREADY
        if obstacle is None and any(places[one] >= terms[one].capacity for one in pair):
            obstacle = Obstacle.NO_CAPACITY
        if obstacle is None:
            paired.add(ordered)
            places.update(pair)
        found.append(obstacle)
    return found


def kept_apart(session: Session, a_id: str, b_id: str) -> Obstacle | None:
    """What keeps a pair that has a suggestion from becoming a tandem: the place that it takes is its own."""
    terms = queries.terms(session, {a_id, b_id}, now().date())
    return _between(terms.get(a_id), terms.get(b_id), proximity.excluded_pairs(session))


def committed(session: Session) -> dict[str, int]:
    """How many open tandems and open suggestions each community has; absent: none."""
    return dict(Counter(one for pair in queries.open_pairs(session) for one in pair))


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
