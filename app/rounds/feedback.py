"""What the answers to a round say, for its organizer: figures of many, never of one company or community.

They are told once the round is over: two readings with one answer between them would tell whose it is.
"""

from collections import Counter
from collections.abc import Sequence

from sqlmodel import Session

from app.access.service import Caller
from app.core.i18n import Language, lookup, mark
from app.rounds import service as rounds
from app.rounds.models import RoundStatus
from app.rounds.schemas import DeclineCountOut, RemindersOut, RoundFeedbackOut
from app.tandems import queries as tandem_queries
from app.tandems.models import DeclineReason
from app.tandems.queries import SideOfRound
from app.tandems.wording import WHY

FEWEST_COMPANIES = 3

NOT_OVER = mark("The figures come once the round is over: when none of its suggestions is open any more.")
TOO_FEW = mark(
    "Where fewer sides have answered than make a group, or of fewer than three companies, no figure is told: it "
    "could be known whose it is."
)
_OVER = (RoundStatus.CLOSED, RoundStatus.WITHDRAWN)


def of_round(
    session: Session, caller: Caller, round_id: str, *, least_group: int, language: Language
) -> RoundFeedbackOut:
    """Figures of the answers to a round; those of fewer sides than `least_group` are null. Raises RoundNotFound."""
    match_round = rounds.get(session, caller, round_id)
    sides = tandem_queries.sides_of_round(session, round_id)
    is_over = match_round.status in _OVER

    def enough(some: Sequence[SideOfRound]) -> bool:
        return is_over and len(some) >= least_group and len({one.company_id for one in some}) >= FEWEST_COMPANIES

    answered = [one for one in sides if one.answered_at is not None]
    with_cause = [one for one in sides if one.why]
    reminded = [one for one in sides if one.reminded_at is not None]
    told = [enough(some) for some in (answered, with_cause, reminded)]
    return RoundFeedbackOut(
        round_id=round_id,
        asked=len(sides),
        answered=len(answered) if told[0] else None,
        declines=_declines(with_cause, language) if told[1] else None,
        reminders=_reminders(reminded) if told[2] else None,
        text=None if all(told) else lookup(TOO_FEW if is_over else NOT_OVER, language),
    )


def _declines(sides: Sequence[SideOfRound], language: Language) -> list[DeclineCountOut]:
    """In the order in which causes are offered, so that none ranks."""
    counted = Counter(code for one in sides for code in one.why)
    return [
        DeclineCountOut(why=code, text=lookup(WHY[code], language), sides=counted[code.value])
        for code in DeclineReason
    ]


def _reminders(sides: Sequence[SideOfRound]) -> RemindersOut:
    answered = sum(one.answered_at is not None for one in sides)
    return RemindersOut(sent=len(sides), answered=answered)
