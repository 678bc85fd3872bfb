import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression

from matching.calibration import Calibration, Strength, brier_skill, calibration_error, strength
from matching.exceptions import InvalidParameter


def drawn(slope: float, intercept: float, n: int = 4000) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(5)
    score = rng.uniform(-0.2, 1.0, n)
    return score, rng.random(n) < 1 / (1 + np.exp(-(slope * score + intercept)))


def test_a_fit_finds_what_scores_were_drawn_from_and_agrees_with_scikit_learn() -> None:
    score, good = drawn(8.0, -3.0)

    fitted = Calibration.fitted(score, good)
    reference = LogisticRegression(C=1e9).fit(score[:, None], good)

    assert fitted.slope == pytest.approx(8.0, rel=0.1)
    assert fitted.slope == pytest.approx(float(reference.coef_[0, 0]), rel=0.02)
    assert fitted.intercept == pytest.approx(float(reference.intercept_[0]), rel=0.02)


def test_shares_with_weights_are_fitted_like_the_pairs_behind_them() -> None:
    score = np.array([0.1, 0.1, 0.1, 0.5, 0.5, 0.9])
    good = np.array([False, False, True, True, False, True])

    each = Calibration.fitted(score, good)
    binned = Calibration.fitted(np.array([0.1, 0.5, 0.9]), np.array([1 / 3, 0.5, 1.0]), np.array([3.0, 2.0, 1.0]))

    assert (binned.slope, binned.intercept) == pytest.approx((each.slope, each.intercept), rel=1e-6)


def test_separable_answers_stay_finite_and_one_sided_ones_are_refused() -> None:
    separable = Calibration.fitted(np.array([0.1, 0.2, 0.8, 0.9]), np.array([False, False, True, True]))

    assert np.isfinite(separable.slope)
    assert separable.slope > 0
    with pytest.raises(InvalidParameter, match="good"):
        Calibration.fitted(np.array([0.1, 0.2]), np.array([True, True]))
    with pytest.raises(InvalidParameter, match="good"):
        Calibration.fitted(np.empty(0), np.empty(0, dtype=bool))


@given(st.floats(-1, 1), st.floats(-1, 1))
def test_a_higher_score_is_never_less_probable(one: float, other: float) -> None:
    low, high = Calibration().probability(np.array(sorted([one, other])))

    assert 0 < low <= high < 1


@pytest.mark.parametrize(
    ("probability", "word"),
    [(0.9, Strength.STRONG), (0.75, Strength.STRONG), (0.5, Strength.GOOD), (0.49, Strength.WORTH_A_LOOK)],
)
def test_a_probability_has_a_word(probability: float, word: Strength) -> None:
    assert strength(probability) is word


def test_what_comes_true_as_often_as_it_was_told_has_no_error() -> None:
    probability = np.repeat([0.2, 0.8], 50)
    good = np.concatenate([np.arange(50) < 10, np.arange(50) < 40])

    assert calibration_error(probability, good, bins=2) == pytest.approx(0.0)
    assert brier_skill(probability, good) == pytest.approx(0.36)
    assert calibration_error(np.empty(0), np.empty(0, dtype=bool)) == 0.0
    assert brier_skill(np.full(4, 0.5), np.ones(4, dtype=bool)) == 0.0
