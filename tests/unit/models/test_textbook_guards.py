"""What the guards around `MixedLM` do when it misbehaves."""

import warnings
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from alliance.config import Equation, Variable
from alliance.errors import ModelError
from alliance.models.textbook import guarded
from alliance.models.textbook.centring import Design, make_design
from alliance.models.textbook.guarded import fit_guarded

VARIABLES = {name: Variable(label=name, column=name, measured="during") for name in ("x", "y")}


def design(unit: float = 1.0, order: int | None = None, **vary: list[str]) -> Design:
    rng = np.random.default_rng(21)
    patient = np.repeat(np.arange(48), 6)
    rows = pd.DataFrame({"patient": [f"P{i:03d}" for i in patient], "therapist": [f"T{i // 6:02d}" for i in patient]})
    rows["session"] = np.tile(np.arange(1, 7), 48)
    rows["x"] = rng.normal(size=48)[patient] + rng.normal(size=len(rows))
    slope = 0.5 + 0.5 * rng.normal(size=48)[patient]
    rows["y"] = (
        slope * rows["x"] + rng.normal(size=8)[patient // 6] + rng.normal(size=48)[patient] + rng.normal(size=len(rows))
    )
    rows["x"] *= unit
    if order is not None:
        rows = rows.sample(frac=1, random_state=order)
    declared = Equation.model_validate(
        {"on": ["x"], "vary": vary or {"patient": ["intercept", "x"], "therapist": ["intercept"]}}
    )
    return make_design("m", "y", declared, rows, VARIABLES)


def failed(fitted: guarded.Fitted) -> set[str]:
    return {mark.declared.title for mark in fitted.marks if not mark.passed}


def test_a_good_fit_fails_nothing() -> None:
    fitted = fit_guarded(design())
    assert failed(fitted) == set()
    assert {mark.declared.title for mark in fitted.marks} >= {"convergence", "gradient", "fixed effects"}


def test_stopping_at_a_wrong_optimum_is_followed_by_another_attempt(monkeypatch: pytest.MonkeyPatch) -> None:
    right, tried = guarded._fit_once, []

    def wrong_at_first(arrays: Any, components: Any, start: str, optimiser: str) -> Any:
        tried.append(optimiser)
        answer = right(arrays, components, start, optimiser)
        return answer if len(tried) > 1 else replace(answer, loglik=answer.loglik - 13, beta=answer.beta + 1)

    monkeypatch.setattr(guarded, "_fit_once", wrong_at_first)
    fitted = fit_guarded(design())
    assert len(tried) == 2
    assert failed(fitted) == set()


def test_no_attempt_that_reaches_the_maximum_is_marked_and_the_best_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    right, losses = guarded._fit_once, iter([9.0, 5.0, 7.0, 8.0])

    def never_right(arrays: Any, components: Any, start: str, optimiser: str) -> Any:
        answer = right(arrays, replace(components, patient=components.patient * 0.5), "referee", "lbfgs")
        loss = next(losses)
        worse = replace(answer.components, patient=answer.components.patient * (1 + loss / 10))
        return replace(answer, components=worse, loglik=answer.loglik - loss)

    expected = fit_guarded(design()).loglik
    monkeypatch.setattr(guarded, "_fit_once", never_right)
    fitted = fit_guarded(design())
    assert {"convergence", "gradient"} <= failed(fitted)
    assert fitted.loglik == pytest.approx(expected - 5.0, abs=0.01)


def test_fixed_effects_of_zero_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    right = guarded._fit_once

    def zeroed(*arguments: Any) -> Any:
        answer = right(*arguments)
        return replace(answer, beta=answer.beta * [1, 1, 0, 0])

    monkeypatch.setattr(guarded, "_fit_once", zeroed)
    assert "fixed effects" in failed(fit_guarded(design()))


def test_an_equation_nothing_can_fit_ends_in_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def singular(*_: Any) -> Any:
        raise np.linalg.LinAlgError("Singular matrix")

    monkeypatch.setattr(guarded, "_fit_once", singular)
    with pytest.raises(ModelError, match="equation of 'y' could not be fitted: lbfgs: Singular matrix"):
        fit_guarded(design())


def test_what_statsmodels_says_is_kept_as_a_mark(monkeypatch: pytest.MonkeyPatch) -> None:
    right = guarded._fit_once

    def complaining(*arguments: Any) -> Any:
        warnings.warn("the moon is full", UserWarning, stacklevel=2)
        return right(*arguments)

    monkeypatch.setattr(guarded, "_fit_once", complaining)
    said = [mark for mark in fit_guarded(design()).marks if mark.declared.title == "statsmodels warning"]
    assert any("the moon is full" in mark.detail for mark in said)


@pytest.mark.parametrize("unit", [1e-4, 1e5])
def test_units_of_a_predictor_change_its_effect_and_nothing_else(unit: float) -> None:
    plain, other = fit_guarded(design()), fit_guarded(design(unit=unit))
    # The same problem after scaling, up to rounding of the data.
    assert other.beta[0] == pytest.approx(plain.beta[0], rel=1e-5)
    assert other.beta[1:] * unit == pytest.approx(plain.beta[1:], rel=1e-5)
    assert other.theta == pytest.approx(plain.theta, abs=1e-5)


def test_row_order_changes_nothing() -> None:
    plain, other = fit_guarded(design()), fit_guarded(design(order=4))
    assert np.array_equal(other.beta, plain.beta)
    assert other.loglik == plain.loglik


def test_without_varying_effects_the_answer_is_least_squares() -> None:
    found = design(patient=[])
    fitted = fit_guarded(found)
    x = found.arrays.x * found.x_sd
    reference = np.linalg.lstsq(x, found.rows["y"].to_numpy(), rcond=None)[0]
    assert fitted.beta == pytest.approx(reference, abs=1e-9)


def test_slopes_may_vary_between_therapists() -> None:
    found = design(patient=["intercept"], therapist=["intercept", "x"])
    fitted = fit_guarded(found)
    assert "convergence" not in failed(fitted)
    assert len(fitted.theta) == 1 + 1 + 3
