"""What the guards around `MixedLM` do when it misbehaves."""

import warnings
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from alliance.config import Equation, Variable
from alliance.models.textbook import guarded
from alliance.models.textbook.design import Design, make_design
from alliance.models.textbook.guarded import fit_guarded

VARIABLES = {name: Variable(label=name, column=name, measured="during") for name in ("x", "y")}


def design(order: int | None = None, **vary: list[str]) -> Design:
    rng = np.random.default_rng(21)
    patient = np.repeat(np.arange(48), 6)
    rows = pd.DataFrame({"patient": [f"P{i:03d}" for i in patient], "therapist": [f"T{i // 6:02d}" for i in patient]})
    rows["session"] = np.tile(np.arange(1, 7), 48)
    rows["x"] = rng.normal(size=48)[patient] + rng.normal(size=len(rows))
    slope = 0.5 + 0.5 * rng.normal(size=48)[patient]
    rows["y"] = (
        slope * rows["x"] + rng.normal(size=8)[patient // 6] + rng.normal(size=48)[patient] + rng.normal(size=len(rows))
    )
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
    assert {mark.declared.title for mark in fitted.marks} >= {"convergence", "gradient", "coefficients"}


def test_an_answer_below_the_maximum_is_marked_and_the_maximum_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = guarded._ask_mixedlm(design().arrays, fit_guarded(design()).top)[0]
    wrong = replace(answer, loglik=answer.loglik - 13, beta=answer.beta + 1)
    monkeypatch.setattr(guarded, "_ask_mixedlm", lambda *_: (wrong, []))
    fitted = fit_guarded(design())
    assert failed(fitted) == {"convergence", "coefficients"}
    assert np.array_equal(fitted.beta, fitted.top.beta)
    assert np.array_equal(fitted.cov, fitted.top.cov)


def test_fixed_effects_of_zero_are_noticed_and_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    # statsmodels issue 10239: exactly zero although everything else is right.
    answer = guarded._ask_mixedlm(design().arrays, fit_guarded(design()).top)[0]
    monkeypatch.setattr(guarded, "_ask_mixedlm", lambda *_: (replace(answer, beta=answer.beta * [1, 1, 0, 0]), []))
    fitted = fit_guarded(design())
    assert failed(fitted) == {"coefficients"}
    assert np.all(fitted.beta[1:] != 0)


def test_standard_errors_that_are_too_small_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = guarded._ask_mixedlm(design().arrays, fit_guarded(design()).top)[0]
    monkeypatch.setattr(guarded, "_ask_mixedlm", lambda *_: (replace(answer, cov=-answer.cov), []))
    fitted = fit_guarded(design())
    assert np.array_equal(fitted.cov, fitted.top.cov)


def test_where_statsmodels_has_no_answer_the_maximum_is_given_and_marked(monkeypatch: pytest.MonkeyPatch) -> None:
    def singular(*_: Any) -> Any:
        raise np.linalg.LinAlgError("Singular matrix")

    monkeypatch.setattr(guarded, "MixedLM", singular)
    fitted = fit_guarded(design())
    assert {"convergence", "coefficients"} <= failed(fitted)
    assert np.array_equal(fitted.beta, fitted.top.beta)
    assert any("Singular matrix" in mark.detail for mark in fitted.marks)


def test_a_maximum_that_is_none_is_marked(monkeypatch: pytest.MonkeyPatch) -> None:
    right = guarded.maximise
    monkeypatch.setattr(guarded, "maximise", lambda arrays: replace(right(arrays), converged=False))
    assert failed(fit_guarded(design())) == {"gradient"}


def test_what_statsmodels_says_is_kept_as_a_mark(monkeypatch: pytest.MonkeyPatch) -> None:
    right = guarded.MixedLM

    def complaining(*arguments: Any) -> Any:
        warnings.warn("the moon is full", UserWarning, stacklevel=2)
        return right(*arguments)

    monkeypatch.setattr(guarded, "MixedLM", complaining)
    said = [mark for mark in fit_guarded(design()).marks if mark.declared.title == "statsmodels warning"]
    assert any("the moon is full" in mark.detail for mark in said)


def test_row_order_changes_nothing() -> None:
    plain, other = fit_guarded(design()), fit_guarded(design(order=4))
    assert np.array_equal(other.beta, plain.beta)
    assert np.array_equal(other.top.theta, plain.top.theta)


def test_without_varying_effects_the_answer_is_least_squares() -> None:
    found = design(patient=[])
    fitted = fit_guarded(found)
    reference = np.linalg.lstsq(found.arrays.x, found.arrays.y, rcond=None)[0]
    assert fitted.beta == pytest.approx(reference, abs=1e-12)


def test_slopes_may_vary_between_therapists() -> None:
    found = design(patient=["intercept"], therapist=["intercept", "x"])
    fitted = fit_guarded(found)
    assert "convergence" not in failed(fitted)
    assert len(fitted.top.theta) == 1 + 1 + 3
