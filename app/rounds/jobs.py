"""Background work on rounds: compute with no transaction open, store in batches under the fence."""

import gc
import hashlib
import os
from base64 import b32hexencode
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from app.core.jobs import JobKind, Lease
from app.core.settings import get_settings
from app.rounds import previews, queries, running
from app.rounds import service as rounds
from app.rounds.decisions import NOT_TAKING_PART, RULES
from app.rounds.models import Round, RoundPreview
from app.rounds.running import Decisions
from app.rounds.schemas import RoundSettings
from app.rounds.snapshot import Frozen, thaw
from matching.exceptions import InvalidPin

if TYPE_CHECKING:
    from matching.lexicon import Lexicon
    from matching.prepared import PairingOutline
    from matching.settings import PairingSettings

BATCH = 1000

# Figures of a company are told from this many communities on.
_FEWEST_TOLD = 5
_BINS = 10

# Where each stage begins and ends on the way from 0 to 1, measured on 15,000 communities.
_SPANS = {
    "freezing": (0.0, 0.1),
    "vectors": (0.1, 0.4),
    "neighbours": (0.4, 0.5),
    "pairing": (0.5, 0.6),
    "reasons": (0.6, 0.9),
    "storing": (0.9, 1.0),
}
_PREVIEW_SPANS = {"freezing": (0.0, 0.2), "vectors": (0.2, 0.5), "neighbours": (0.5, 0.7), "pairing": (0.7, 1.0)}

T = TypeVar("T")
Rows = list[dict[str, object]]


@contextmanager
def _kept_not_collected() -> Iterator[None]:
    """What a pairing makes it keeps, and next to nothing of it in circles: to look for garbage among millions of
    small things again and again takes a third of its time."""
    collected = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collected:
            gc.enable()


@_kept_not_collected()
def run(lease: Lease, round_id: str) -> None:
    """Pair the communities of a round and store what came out. A try that is lost leaves nothing that counts."""
    tell = _Teller(lease, _SPANS)
    tell("freezing", 0.0)
    with lease.database.reader() as session:
        snapshot = None if running.frozen_already(session, round_id) else running.snapshot_of(session, round_id)
        decisions = running.decisions(session, round_id)
    with lease.database.session() as session:
        running.held(session, round_id)
        lease.guard(session)
        content = running.begin(session, round_id, snapshot)
        match_round = session.get_one(Round, round_id)
    if match_round.communities == 0:
        _failed(lease, round_id, "nobody_left")
        return
    try:
        proposals, unmatched = _computed(match_round, thaw(content), decisions, tell)
    except InvalidPin as impossible:
        _failed(lease, round_id, "pin_impossible", impossible)
        return
    _store(lease, match_round, proposals, unmatched, tell)


@_kept_not_collected()
def run_preview(lease: Lease, preview_id: str) -> None:
    """Compute a preview: one reading of the texts, one pairing for each of the settings."""
    tell = _Teller(lease, _PREVIEW_SPANS)
    tell("freezing", 0.0)
    with lease.database.reader() as session:
        preview = session.get(RoundPreview, preview_id)
        if preview is None:
            snapshot = None
        else:
            # Of a round that has run: on what it has frozen, as another run would.
            snapshot = running.snapshot_for_preview(session, preview.round_id)
            decisions = running.decisions(session, preview.round_id)
    if preview is None or snapshot is None:
        with lease.database.session() as session:
            lease.finish(session)
            previews.fail(session, preview_id, "snapshot_erased")
        return
    with lease.database.session() as session:
        lease.guard(session)
        previews.begin(session, preview_id, communities=snapshot.communities, digest=snapshot.digest)
    frozen = thaw(snapshot.content)
    settings = [RoundSettings.model_validate(one) for one in preview.settings]
    try:
        outlines = _outlined(frozen, decisions, settings, tell)
    except InvalidPin as impossible:
        with lease.database.session() as session:
            lease.finish(session)
            previews.fail(session, preview_id, "pin_impossible", _pin_in_words(lease, impossible))
        return
    with lease.database.session() as session:
        lease.finish(session)
        names = queries.companies_by_id(session, {one.company for one in frozen.profiles})
        outcomes = [
            {"settings": one.model_dump(mode="json"), **_outcome(outline, frozen, names)}
            for one, outline in zip(settings, outlines, strict=True)
        ]
        previews.finish(session, preview_id, outcomes)


def _computed(match_round: Round, frozen: Frozen, decisions: Decisions, tell: "_Teller") -> tuple[Rows, Rows]:
    # Imported where it is needed: the API lists this module but never computes.
    from matching.matcher import TandemMatcher

    matcher = TandemMatcher(
        min_similarity=match_round.min_similarity,
        objective=match_round.objective,
        cost=match_round.cost,
        alternates=match_round.alternates,
        repeat_after=match_round.repeat_after,
        max_per_company_pair=match_round.max_per_company_pair,
        lexicons=_lexicons(),
        calibration=frozen.calibration,
        n_jobs=os.cpu_count() or 1,
    ).fit(
        frozen.profiles,
        past_pairs=_past(frozen),
        pins=decisions.pins,
        bans=decisions.bans,
        on_progress=tell,
    )

    def alternates(community_id: str) -> Rows:
        further = matcher.alternates_.get(community_id, ())
        return [
            {
                "id": one.id,
                "similarity": round(one.similarity, 6),
                "score": round(one.score, 6),
                "probability": round(one.probability, 4),
            }
            for one in further
        ]

    run = match_round.running
    proposals: Rows = [
        {
            "id": _proposal_id(match_round.id, tandem.a, tandem.b),
            "round_id": match_round.id,
            "run": run,
            "rank": rank,
            "a_id": tandem.a,
            "b_id": tandem.b,
            "similarity": round(tandem.similarity, 6),
            "correction": round(tandem.correction, 4),
            "probability": round(tandem.probability, 4),
            "pinned": tandem.pinned,
            "reasons": [reason.as_record() for reason in tandem.reasons],
            "other": round(tandem.other, 4),
            "alternates_of_a": alternates(tandem.a),
            "alternates_of_b": alternates(tandem.b),
        }
        for rank, tandem in enumerate(matcher.tandems_, start=1)
    ]
    unmatched: Rows = [
        {
            "round_id": match_round.id,
            "run": run,
            "community_id": alone.id,
            "kind": alone.kind.value,
            "changes": [change.value for change in alone.changes],
            "nearest_id": alone.nearest,
            "nearest_similarity": alone.nearest_similarity,
            "rule": alone.rule.value if alone.rule else None,
        }
        for alone in matcher.unmatched_
    ]
    return proposals, unmatched


def _outlined(
    frozen: Frozen, decisions: Decisions, settings: Sequence[RoundSettings], tell: "_Teller"
) -> "list[PairingOutline]":
    from matching.matcher import TandemMatcher

    prepared = TandemMatcher(
        calibration=frozen.calibration, lexicons=_lexicons(), n_jobs=os.cpu_count() or 1
    ).prepare(
        frozen.profiles,
        past_pairs=_past(frozen),
        pins=decisions.pins,
        bans=decisions.bans,
        on_progress=tell,
    )
    # One after the other: a worker has other threads, and a process with threads is not to be forked.
    return prepared.outlines([_engine_settings(one) for one in settings], on_progress=tell)


def _lexicons() -> "Mapping[str, Lexicon] | None":
    """The shipped lexicons, or these with the operator's dictionary."""
    dictionary = get_settings().dictionary
    if dictionary is None:
        return None
    from matching.lexicon import lexicons_with

    return lexicons_with(dictionary)


def _engine_settings(settings: RoundSettings) -> "PairingSettings":
    from matching.settings import PairingSettings

    return PairingSettings(
        objective=settings.objective.value,
        min_similarity=settings.min_similarity,
        cost=settings.cost,
        alternates=settings.alternates,
        repeat_after=settings.repeat_after,
        max_per_company_pair=settings.max_per_company_pair,
    )


def _past(frozen: Frozen) -> list[tuple[str, str] | tuple[str, str, int]]:
    return [
        (one.a_id, one.b_id) if one.rounds_ago is None else (one.a_id, one.b_id, one.rounds_ago)
        for one in frozen.past_pairs
    ]


def _outcome(outline: "PairingOutline", frozen: Frozen, names: Mapping[str, str]) -> dict[str, object]:
    """The figures of one pairing, as a preview shows them."""
    similarities = [similarity for _, _, similarity, _ in outline.pairs]
    paired = {side for a, b, _, _ in outline.pairs for side in (a, b)}
    total = sum(similarities)
    bins = Counter(min(int(similarity * _BINS), _BINS - 1) for similarity in similarities)
    each = Counter(one.company for one in frozen.profiles)
    alone = Counter(one.company for one in frozen.profiles if one.id not in paired)
    kinds = Counter(one.kind.value for one in outline.unmatched)
    by_name = sorted(each, key=lambda company: (names.get(company, company).casefold(), company))
    return {
        "pairs": len(similarities),
        "coverage": round(len(paired) / len(frozen.profiles), 4) if frozen.profiles else 0.0,
        "total_similarity": round(total, 4),
        "expected": round(sum(round(probability, 4) for *_, probability in outline.pairs), 4),
        "mean_similarity": round(total / len(similarities), 4) if similarities else None,
        "histogram": [
            {"from": number / _BINS, "to": (number + 1) / _BINS, "pairs": bins[number]} for number in range(_BINS)
        ],
        "left_over": [
            {
                "company_id": company,
                "company": names.get(company, company),
                "communities": _told(each[company]),
                "left_over": _told(alone[company]),
            }
            for company in by_name
        ],
        "unmatched": [
            {"kind": kind, "communities": count}
            for kind, count in sorted(kinds.items(), key=lambda one: (-one[1], one[0]))
        ],
    }


def _told(count: int) -> int | None:
    """A figure of one company, unless it is so small that it speaks of single communities."""
    return count if count >= _FEWEST_TOLD else None


def _failed(lease: Lease, round_id: str, failure: str, impossible: InvalidPin | None = None) -> None:
    values = _pin_in_words(lease, impossible) if impossible else None
    with lease.database.session() as session:
        running.held(session, round_id)
        lease.finish(session)
        running.fail(session, round_id, failure, values)


def _pin_in_words(lease: Lease, impossible: InvalidPin) -> dict[str, str]:
    with lease.database.reader() as session:
        cards = queries.cards(session, impossible.pair)
    a, b = (cards[one].name if one in cards else one for one in impossible.pair)
    reason = RULES.get(impossible.rule, NOT_TAKING_PART)
    return {"a": a, "b": b, "reason": reason}


def _store(lease: Lease, match_round: Round, proposals: Rows, unmatched: Rows, tell: "_Teller") -> None:
    tell("storing", 0.0)
    run, round_id = match_round.running, match_round.id
    with lease.database.session() as session:
        lease.guard(session)
        running.forget_run(session, round_id, run)
    for batch in _batches(proposals, BATCH):
        with lease.database.session() as session:
            lease.guard(session)
            running.store_proposals(session, batch)
    for batch in _batches(unmatched, BATCH):
        with lease.database.session() as session:
            lease.guard(session)
            running.store_unmatched(session, batch)
    with lease.database.session() as session:
        running.held(session, round_id)
        lease.finish(session)
        running.propose(
            session,
            round_id,
            run,
            proposals=len(proposals),
            unmatched=len(unmatched),
            total_similarity=_total(proposals, "similarity"),
            expected=_total(proposals, "probability"),
        )


def _total(proposals: Rows, figure: str) -> float:
    return round(sum(float(str(row[figure])) for row in proposals), 4)


def _proposal_id(round_id: str, a_id: str, b_id: str) -> str:
    """The same pair in the same round has the same id, so that another run on the snapshot gives the same bytes."""
    digest = hashlib.sha256(f"{round_id}\0{a_id}\0{b_id}".encode()).digest()[:16]
    return "prp_" + b32hexencode(digest).decode().rstrip("=").lower()


class _Teller:
    """Turns the engine's progress into the job's, not more often than a person looks."""

    def __init__(self, lease: Lease, spans: Mapping[str, tuple[float, float]]) -> None:
        self._lease = lease
        self._spans = spans
        self._stage = ""
        self._shown = -1.0

    def __call__(self, stage: str, share: float) -> None:
        start, end = self._spans[stage]
        progress = start + (end - start) * share
        if stage == self._stage and progress - self._shown < 0.02:
            return
        self._stage, self._shown = stage, progress
        self._lease.tell(stage, progress)


def _batches(rows: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(rows), size):
        yield rows[start : start + size]


KIND = JobKind(rounds.JOB, run, running.give_up)
PREVIEW = JobKind(previews.JOB, run_preview, previews.give_up)
