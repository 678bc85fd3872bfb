"""From score to probability as people have answered, once enough of them have; until then as shipped."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sqlmodel import Session

from app.rounds.models import CalibrationSource
from app.tandems import queries_rounds
from app.tandems.queries_rounds import Answered
from matching.calibration import Calibration

LEAST_ANSWERS = 300
"""From so many answers on they count, if there are enough of each kind."""
LEAST_OF_EACH = 30
LEAST_OF_A_BIN = 5
"""Fewer answers tell nothing, and might tell of single ones: they are joined with their neighbours'."""
DIGITS = 6


@dataclass(frozen=True, slots=True)
class Calibrated:
    """What a round takes, where it comes from, and how many answers there are at present."""

    calibration: Calibration
    source: CalibrationSource
    answers: int


def calibrated(session: Session) -> Calibrated:
    """What a round takes that is frozen now."""
    answered = queries_rounds.answered_by_score(session)
    answers = sum(one.accepted + one.declined for one in answered)
    fitted = from_answers(answered)
    if fitted is None:
        return Calibrated(Calibration(), CalibrationSource.SHIPPED, answers)
    return Calibrated(fitted, CalibrationSource.ANSWERS, answers)


def from_answers(answered: Sequence[Answered]) -> Calibration | None:
    """Fitted on bins of score; None where answers are too few, or do not grow with the score."""
    accepted, declined = sum(one.accepted for one in answered), sum(one.declined for one in answered)
    if accepted + declined < LEAST_ANSWERS or min(accepted, declined) < LEAST_OF_EACH:
        return None
    bins = joined(answered)
    if len(bins) < 2:
        return None
    counts = np.array([one.accepted + one.declined for one in bins], dtype=np.float64)
    shares = np.array([one.accepted for one in bins], dtype=np.float64) / counts
    fitted = Calibration.fitted(np.array([one.score for one in bins]), shares, weight=counts)
    # Numbers that are written as they are read, on whatever machine.
    slope, intercept = round(fitted.slope, DIGITS), round(fitted.intercept, DIGITS)
    if not (math.isfinite(slope) and math.isfinite(intercept)) or slope <= 0:
        return None
    return Calibration(slope, intercept)


def joined(answered: Sequence[Answered]) -> list[Answered]:
    """The bins by score, those with too few answers joined with the next one, the last with the one before it."""
    bins: list[Answered] = []
    waiting: Answered | None = None
    for one in sorted(answered, key=lambda one: one.score):
        waiting = one if waiting is None else _together(waiting, one)
        if waiting.accepted + waiting.declined >= LEAST_OF_A_BIN:
            bins.append(waiting)
            waiting = None
    if waiting is not None:
        bins.append(_together(bins.pop(), waiting) if bins else waiting)
    return bins


def _together(one: Answered, other: Answered) -> Answered:
    """Two bins as one, at the mean of their centres by answers."""
    first, second = one.accepted + one.declined, other.accepted + other.declined
    score = (one.score * first + other.score * second) / (first + second)
    return Answered(score, one.accepted + other.accepted, one.declined + other.declined)
