"""From a score to the probability that two communities are a good pair, and the word that it is shown with.

A logistic function of one number (J. Platt: Probabilistic outputs for support vector machines, 1999): monotone, so
that no order changes; two parameters, so that they can be told, shipped, and fitted again from few answers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from matching.exceptions import InvalidParameter

Floats = npt.NDArray[np.float64]

_ITERATIONS = 50
_ENOUGH = 1e-10


class Strength(StrEnum):
    """How sure a suggestion is, in a word."""

    STRONG = "strong"
    GOOD = "good"
    WORTH_A_LOOK = "worth_a_look"


LEAST_STRONG, LEAST_GOOD = 0.75, 0.5
"""From these probabilities on a pair is called strong (three in four), and good (rather than not)."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """`probability = 1 / (1 + exp(-(slope * score + intercept)))`.

    The default was fitted on pairs of profiles with derived judgements; see the quality report for their kinds.
    """

    slope: float = 7.8
    intercept: float = -2.15

    def probability(self, score: Floats) -> Floats:
        """Of each score, 0 to 1; never just 0 or 1."""
        probability: Floats = 1.0 / (1.0 + np.exp(-(self.slope * np.asarray(score) + self.intercept)))
        return probability

    @classmethod
    def fitted(
        cls, score: Floats, good: npt.NDArray[np.bool_] | Floats, weight: Floats | None = None
    ) -> "Calibration":
        """By maximum likelihood, with Platt's smoothed targets, which keep separable data finite.

        good : which pairs were good, or the share of them behind each score. Raises InvalidParameter where there is
        no score, or all of them were judged alike.
        """
        x, y = np.asarray(score, dtype=np.float64), np.asarray(good, dtype=np.float64)
        w = np.ones_like(x) if weight is None else np.asarray(weight, dtype=np.float64)
        positives, negatives = float((w * y).sum()), float((w * (1 - y)).sum())
        if positives <= 0 or negatives <= 0:
            raise InvalidParameter("good", "both good pairs and others are needed to fit a probability")
        target = y * (positives + 1) / (positives + 2) + (1 - y) / (negatives + 2)
        slope, intercept = 1.0, float(np.log(positives / negatives))
        for _ in range(_ITERATIONS):
            p = 1.0 / (1.0 + np.exp(-(slope * x + intercept)))
            gradient = w * (target - p)
            curve = w * p * (1 - p) + 1e-12
            hessian = np.array([[(curve * x * x).sum() + 1e-9, (curve * x).sum()], [(curve * x).sum(), curve.sum()]])
            step = np.linalg.solve(hessian, np.array([(gradient * x).sum(), gradient.sum()]))
            step *= min(1.0, 5.0 / max(1e-12, float(np.abs(step).max())))
            slope, intercept = slope + float(step[0]), intercept + float(step[1])
            if float(np.abs(step).max()) < _ENOUGH:
                break
        return cls(slope, intercept)


def strength(probability: float) -> Strength:
    """The word for a probability."""
    if probability >= LEAST_STRONG:
        return Strength.STRONG
    return Strength.GOOD if probability >= LEAST_GOOD else Strength.WORTH_A_LOOK


def calibration_error(probability: Floats, good: npt.NDArray[np.bool_], bins: int = 10) -> float:
    """Expected calibration error over bins of equal mass (M. Naeini et al., AAAI 2015); 0 for no pairs."""
    if not len(probability):
        return 0.0
    order = np.argsort(probability, kind="stable")
    parts: Sequence[npt.NDArray[np.int64]] = np.array_split(order, bins)
    gaps = [abs(float(probability[part].mean() - good[part].mean())) * len(part) for part in parts if len(part)]
    return sum(gaps) / len(order)


def brier_skill(probability: Floats, good: npt.NDArray[np.bool_]) -> float:
    """How much smaller the mean squared error is than the base rate's, as a share; 0 where all are judged alike."""
    base = float(good.mean()) if len(good) else 0.0
    variance = base * (1 - base)
    return 1.0 - float(((probability - good) ** 2).mean()) / variance if variance > 0 else 0.0
