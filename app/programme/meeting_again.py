"""Two people of a group want to meet again: their communities are suggested to each other, with consent as always.

The two have spoken for themselves; whether the communities meet is for those to say who speak for them. So both sides
are asked, masked like any suggestion, and nobody is told who the two are. Where something stands between the two
communities, nothing happens and nobody hears of it: that one of them has said no before is its own to keep.

The two are compared among all who were there. A worker does that with no transaction open, and asks once more what
stands between them before it stores.

That they have met is no reason among the others: those are told in words of both communities, and this one would
need the words of a person. The suggestion's origin says it, also where the texts have nothing in common.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlmodel import Session

from app.communities import service as communities
from app.companies import service as companies
from app.core import jobs
from app.core.clock import now
from app.core.events import Event
from app.core.jobs import JobKind, Lease
from app.programme import queries
from app.registrations.models import Registration
from app.rounds import guests
from app.rounds import queries as rounds
from app.rounds.snapshot import profiles_of
from app.seatings.models import Again
from app.tandems import history, standing
from app.tandems import queries as tandem_queries
from app.tandems import service as tandems
from app.tandems.models import SuggestionOrigin
from app.tandems.service import Offer

if TYPE_CHECKING:
    from matching.profiles import Profile

JOB = "meeting_again"

Ids = tuple[str, str]
Compared = tuple[float, list[dict[str, object]], float]
"""Similarity, reasons, and the share that they leave over."""


def both_said_again(session: Session, event: Event) -> None:
    """See that the two communities are suggested; the event names one of the two wishes."""
    jobs.enqueue(session, JOB, event.subject_id)


def run(lease: Lease, again_id: str) -> None:
    """Suggest the communities of the two, unless something stands between them.

    Once for each meetup and pair, however many of their people want to meet again.
    """
    lease.tell("reading", 0.0)
    with lease.database.reader() as session:
        pair = _wanted(session, again_id)
        profiles = _profiles(session, again_id, pair) if pair else []
    compared = _compared(profiles, pair) if pair else None
    with lease.database.session() as session:
        lease.finish(session)
        if pair and compared:
            _suggest(session, again_id, pair, compared)


def give_up(session: Session, again_id: str) -> None:
    """Nothing to record: nobody was told that there would be a suggestion."""


def _suggest(session: Session, again_id: str, pair: Ids, compared: Compared) -> None:
    # Of two at the same moment the second one finds what the first has suggested.
    tandem_queries.hold(session, pair)
    wanted = _wanted(session, again_id)
    if wanted == pair:
        tandems.open_many(session, [_offer(session, again_id, pair, compared)])
    elif wanted:
        # One of the two came for another community after all.
        jobs.enqueue(session, JOB, again_id)


def _wanted(session: Session, again_id: str) -> Ids | None:
    """The communities that are to be suggested; None where there is no reason to, any more."""
    again = session.get(Again, again_id)
    pair = _communities(session, again) if again is not None else None
    if again is None or pair is None or queries.suggested_after(session, again.meetup_id, pair):
        return None
    return None if _something_is_between(session, pair) else pair


def _communities(session: Session, again: Again) -> Ids | None:
    """The communities that the two came for; None where one of them came for none, or has taken its wish back."""
    if not queries.wished_in_return(session, again):
        return None
    came = [session.get_one(Registration, one) for one in (again.registration_id, again.other_id)]
    first, second = sorted(one.community_id or "" for one in came)
    return (first, second) if first and first != second else None


def _something_is_between(session: Session, pair: Ids) -> bool:
    if standing.obstacles(session, [pair]) != [None]:
        return True
    past = history.past_pairs(session, rounds.releases(session), now().date(), community_id=pair[0])
    return any((one.a_id, one.b_id) == pair for one in past)


def _offer(session: Session, again_id: str, pair: Ids, compared: Compared) -> Offer:
    similarity, reasons, other = compared
    meetup_id = session.get_one(Again, again_id).meetup_id
    # No round has compared the two with all others, so there is no probability.
    return Offer(*pair, similarity, reasons, other, origin=SuggestionOrigin.MEETUP, meetup_id=meetup_id)


def _profiles(session: Session, again_id: str, pair: Ids) -> "list[Profile]":
    """What the engine reads of those who were there, with their people's wishes: what is usual among them tells
    little of two of them. As a round of the meetup would, but for rules and places, which were looked at already."""
    meetup_id = session.get_one(Again, again_id).meetup_id
    there = sorted(guests.communities(session, meetup_id) | set(pair))
    found = communities.taking_part(session, company_ids=[], community_ids=there)
    by_id = {company.id: company for company in companies.active(session)}
    wishes = guests.wishes(session, meetup_id, found)
    return profiles_of(found, by_id, now(), apart={}, committed={}, wishes=wishes)


def _compared(profiles: "Sequence[Profile]", pair: Ids) -> Compared:
    """How similar two of the profiles are, at most three reasons, and the share that they leave over."""
    # Imported where it is needed: the API lists this module but never computes.
    import numpy as np

    from matching.explain import PairExplainer
    from matching.profiles import in_canonical_order
    from matching.vectors import ProfileVectorizer

    ordered = in_canonical_order(profiles)
    vectors = ProfileVectorizer().fit_transform(ordered)
    position = {profile.id: number for number, profile in enumerate(ordered)}
    a, b = (position[one] for one in pair)
    [similarity] = vectors.similarity(np.array([a]), np.array([b]))
    reasons, other = PairExplainer(ordered, vectors).reasons(a, b)
    return round(float(similarity), 6), [reason.as_record() for reason in reasons], round(other, 4)


MEETING_AGAIN = JobKind(JOB, run, give_up)
