"""What the answers to a round say, for its organizer: figures of many, never of one company or community.

They are told once the round is over: two readings with one answer between them would tell whose it is.
"""

from collections.abc import Mapping, Sequence

from sqlmodel import Session

from app.access.service import Caller
from app.core.clock import now
from app.core.i18n import Language, lookup, mark
from app.exchanges import voices
from app.exchanges.voices import UsefulCounts
from app.rounds import service as rounds
from app.rounds.models import RoundStatus
from app.rounds.schemas import DeclineCountOut, RemindersOut, RoundFeedbackOut
from app.tandems import queries_rounds
from app.tandems.models import DeclineReason
from app.tandems.queries_rounds import SideOfRound
from app.tandems.wording import WHY

FEWEST_COMPANIES = 3

NOT_OVER = mark("The figures come once the round is over: when none of its suggestions is open any more.")
STILL_MEET = mark("Whether meetings were useful is told once all tandems of the round have been closed for 30 days.")
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
    sides = queries_rounds.sides_of_round(session, round_id)
    is_over = match_round.status in _OVER

    def enough(some: Sequence[SideOfRound]) -> bool:
        return is_over and len(some) >= least_group and len({one.company_id for one in some}) >= FEWEST_COMPANIES

    def count(some: Sequence[SideOfRound]) -> int | None:
        return len(some) if enough(some) else None

    answered = [one for one in sides if one.answered_at is not None]
    with_cause = [one for one in sides if one.why]
    reminded = [one for one in sides if one.reminded_at is not None]
    # In the order in which causes are offered, so that none ranks.
    causes = {code: count([one for one in with_cause if code in one.why]) for code in DeclineReason}
    still_meet = queries_rounds.has_tandem_since(session, round_id, now() - voices.SAID_WITHIN)
    useful, not_useful = (None, None)
    if is_over and not still_meet:
        useful, not_useful = _of_meetings(voices.useful_share(session, round_id), least_group)
    figures = (count(answered), *causes.values(), count(reminded), useful, not_useful)
    return RoundFeedbackOut(
        round_id=round_id,
        asked=len(sides),
        answered=count(answered),
        declines=_declines(causes, language) if enough(with_cause) else None,
        reminders=_reminders(reminded) if enough(reminded) else None,
        useful=useful,
        not_useful=not_useful,
        text=_why_not_all(language, is_over=is_over, still_meet=still_meet) if None in figures else None,
    )


def _declines(causes: Mapping[DeclineReason, int | None], language: Language) -> list[DeclineCountOut]:
    return [
        DeclineCountOut(why=code, text=lookup(WHY[code], language), sides=sides) for code, sides in causes.items()
    ]


def _of_meetings(said: UsefulCounts, least_group: int) -> tuple[int | None, int | None]:
    """How often meetings were useful and how often not, each where it is told."""
    is_told = said.companies >= FEWEST_COMPANIES
    useful, not_useful = (one if is_told and one >= least_group else None for one in (said.useful, said.not_useful))
    return useful, not_useful


def _why_not_all(language: Language, *, is_over: bool, still_meet: bool) -> str:
    if not is_over:
        return lookup(NOT_OVER, language)
    reasons = (STILL_MEET, TOO_FEW) if still_meet else (TOO_FEW,)
    return " ".join(lookup(one, language) for one in reasons)


def _reminders(sides: Sequence[SideOfRound]) -> RemindersOut:
    answered = sum(one.answered_at is not None for one in sides)
    return RemindersOut(sent=len(sides), answered=answered)
