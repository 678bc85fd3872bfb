"""Rounds, their pairs and those left alone, as an organizer reads them."""

from collections.abc import Mapping, Sequence
from typing import cast

from sqlmodel import Session

from app.core import jobs
from app.core.i18n import Language, mark, translate
from app.core.jobs import Job
from app.rounds import queries
from app.rounds.models import Proposal, Round, RoundDecision, RoundPreview, RoundStatus, RoundUnmatched
from app.rounds.running import FAILURES
from app.rounds.schemas import CalibrationOut, RoundOut, SuggestionsOut
from app.rounds.schemas_proposals import (
    AlternateOut,
    CommunityCard,
    DecisionOut,
    LeftOutOut,
    ProposalOut,
    RemedyOut,
    UnmatchedOut,
)
from app.tandems import service as tandems
from app.tandems.reasons import reason_shown
from app.tandems.service import SuggestionCounts
from app.tandems.standing import Obstacle
from app.tandems.strengths import strength_shown
from matching.eligibility import Rule
from matching.explain import Change, Unmatched, UnmatchedKind
from matching.sentences import change_sentence, unmatched_sentence

STAGES = {
    "draft": mark("not started"),
    "queued": mark("waiting for a worker"),
    "freezing": mark("freezing the profiles"),
    "vectors": mark("reading the texts"),
    "neighbours": mark("finding related communities"),
    "pairing": mark("choosing the best pairs"),
    "reasons": mark("writing the reasons"),
    "storing": mark("storing the proposals"),
    "proposed": mark("done: look at the proposals"),
    "released": mark("released: the managers decide"),
    "closed": mark("closed: every suggestion has come to its end"),
    "withdrawn": mark("withdrawn"),
    "failed": mark("failed"),
    "done": mark("done"),
}
_RUN_TO_ITS_END = (RoundStatus.PROPOSED, RoundStatus.RELEASED, RoundStatus.CLOSED, RoundStatus.WITHDRAWN)

BANNED, MET = "banned", "met_before"
LEFT_OUT: Mapping[str, str] = {
    BANNED: mark("The organizer has taken the pair out."),
    MET: mark("The two have met, or were asked, since the round ran."),
    Obstacle.NOT_TAKING_PART.value: mark("One of the two does not take part any more."),
    Obstacle.EXCLUDED.value: mark("One of the two has excluded the other's company or sector."),
    Obstacle.PROXIMITY_EXCLUDED.value: mark("The two companies do not meet."),
    Obstacle.NOT_ASKED.value: mark("One of the two does not want to be asked yet, or not so often."),
    Obstacle.NO_CAPACITY.value: mark("One of the two has no free capacity any more."),
    Obstacle.PAIRED_ALREADY.value: mark("The two are a tandem, or are being asked, already."),
}


def rounds_shown(session: Session, rounds: Sequence[Round], language: Language) -> list[RoundOut]:
    """Rounds with their progress, and what became of their pairs."""
    ids = [one.id for one in rounds]
    work = jobs.latest(session, ids)
    released = [one.id for one in rounds if one.released_at is not None]
    counts = tandems.counts_of_rounds(session, released) if released else {}
    left_out = queries.count_left_out(session, released) if released else {}
    return [
        _round_shown(one, work.get(one.id), counts.get(one.id), left_out.get(one.id, 0), language) for one in rounds
    ]


def proposals_shown(
    session: Session, match_round: Round, proposals: Sequence[Proposal], language: Language
) -> list[ProposalOut]:
    """Proposals with names, for the organizer."""
    named = {side for one in proposals for side in (one.a_id, one.b_id)}
    named |= {str(further["id"]) for one in proposals for further in one.alternates_of_a + one.alternates_of_b}
    cards = queries.cards(session, named)
    banned = queries.banned_pairs(session, match_round.id)

    def alternates(stored: Sequence[dict[str, object]]) -> list[AlternateOut]:
        return [
            AlternateOut(
                community=cards[str(one["id"])],
                similarity=cast("float", one["similarity"]),
                probability=cast("float | None", one.get("probability")),
            )
            for one in stored
            if one["id"] in cards
        ]

    return [
        ProposalOut(
            id=one.id,
            a=cards[one.a_id],
            b=cards[one.b_id],
            similarity=one.similarity,
            correction=one.correction,
            probability=one.probability,
            strength=strength_shown(one.probability, language),
            reasons=[reason_shown(stored, language) for stored in one.reasons],
            other=one.other,
            alternates_of_a=alternates(one.alternates_of_a),
            alternates_of_b=alternates(one.alternates_of_b),
            pinned=one.pinned,
            dropped=(one.a_id, one.b_id) in banned,
            left_out=_left_out(one, language),
            suggestion_id=one.suggestion_id,
        )
        for one in proposals
    ]


def unmatched_shown(session: Session, unmatched: Sequence[RoundUnmatched], language: Language) -> list[UnmatchedOut]:
    """Why communities stayed alone, with names, for the organizer."""
    cards = queries.cards(session, {name for one in unmatched for name in (one.community_id, one.nearest_id) if name})
    return [_unmatched_shown(one, cards, language) for one in unmatched]


def decisions_shown(session: Session, decisions: Sequence[RoundDecision]) -> list[DecisionOut]:
    """Pins and bans with names."""
    cards = queries.cards(session, {side for one in decisions for side in (one.a_id, one.b_id)})
    return [
        DecisionOut(id=one.id, kind=one.kind, a=cards[one.a_id], b=cards[one.b_id], created_at=one.created_at)
        for one in decisions
    ]


def _round_shown(
    one: Round, job: Job | None, counts: SuggestionCounts | None, left_out: int, language: Language
) -> RoundOut:
    under_way = one.status is RoundStatus.RUNNING and job is not None
    stage = (job.stage or "freezing") if under_way and job else one.status.value
    progress = 1.0 if one.status in _RUN_TO_ITS_END else job.progress if job and under_way else 0.0
    suggestions = None
    if one.released_at is not None:
        found = counts or SuggestionCounts(open=0, accepted=0, total=0)
        suggestions = SuggestionsOut(open=found.open, accepted=found.accepted, total=found.total, left_out=left_out)
    return RoundOut.model_validate(
        one.model_dump()
        | {
            "settings": one,
            "asking": one,
            "scope": {
                "companies": one.scope_companies,
                "communities": one.scope_communities,
                "meetup": one.scope_meetup,
            },
            "calibration": _calibration(one),
            "progress": progress,
            "stage": translate(STAGES[stage], language),
            "problem": problem_in_words(one, language),
            "suggestions": suggestions,
        }
    )


def _calibration(one: Round) -> CalibrationOut | None:
    if one.calibration_source is None:
        return None
    return CalibrationOut(source=one.calibration_source, answers=one.calibration_answers or 0)


def problem_in_words(failed: Round | RoundPreview, language: Language) -> str | None:
    """What went wrong and what to do."""
    return translate(FAILURES[failed.problem], language, **failed.problem_values) if failed.problem else None


def _left_out(proposal: Proposal, language: Language) -> LeftOutOut | None:
    if proposal.left_out is None:
        return None
    return LeftOutOut(kind=proposal.left_out, text=translate(LEFT_OUT[proposal.left_out], language))


def _unmatched_shown(one: RoundUnmatched, cards: dict[str, CommunityCard], language: Language) -> UnmatchedOut:
    told = Unmatched(
        id=one.community_id,
        kind=UnmatchedKind(one.kind),
        changes=tuple(Change(change) for change in one.changes),
        nearest=one.nearest_id,
        nearest_similarity=one.nearest_similarity,
        rule=Rule(one.rule) if one.rule else None,
    )
    return UnmatchedOut(
        community=cards[one.community_id],
        kind=told.kind.value,
        text=unmatched_sentence(told, language),
        rule=one.rule,
        nearest=cards.get(one.nearest_id) if one.nearest_id else None,
        nearest_similarity=one.nearest_similarity,
        changes=[RemedyOut(kind=change.value, text=change_sentence(change, language)) for change in told.changes],
    )
