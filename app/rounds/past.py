"""Which pairs a round does not suggest, or not again, after what earlier rounds led to."""

from sqlmodel import Session

from app.core.clock import now
from app.rounds import queries
from app.rounds.models import Round
from app.tandems import history


def not_again(session: Session, match_round: Round) -> set[tuple[str, str]]:
    """Pairs that are a tandem or being asked, and those that met or were asked too short a time ago for this round.

    As of now, so for a round that has run also what has happened since. Its own release does not count.
    """
    released = [one for one in queries.releases(session) if one != match_round.released_at]
    again_after = match_round.repeat_after
    return {
        (past.a_id, past.b_id)
        for past in history.past_pairs(session, released, now().date())
        if past.rounds_ago is None or again_after is None or past.rounds_ago <= again_after
    }
