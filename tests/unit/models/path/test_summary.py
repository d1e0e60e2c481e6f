"""The summary says what the table says."""

import re

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from alliance.facts.marks import Mark
from alliance.inference.robust import robust_covariance
from alliance.models.path.maximum import PathMaximum, log_likelihood_of
from alliance.models.path.maximum import table_of as raw_table
from alliance.models.path.summary import summarise
from tests.unit.models.path.path_study import small_maximum


def numbers_after(text: str, section: str, name: str) -> list[float]:
    """Return the numbers of one line of one section."""
    lines = text.splitlines()
    start = next(number for number, line in enumerate(lines) if re.match(rf"{section} +(rows|coef|sd) ", line))
    line = next(line for line in lines[start + 1 :] if line.startswith(f"{name} "))
    return [float(part) for part in line[len(name) :].split()]


def table_of(maximum: PathMaximum, covariance: np.ndarray | None = None) -> pd.DataFrame:
    return raw_table(maximum, covariance).set_index("parameter")


@pytest.mark.parametrize("robust", [False, True])
def test_coefficients_are_those_of_the_table(robust: bool) -> None:
    maximum = small_maximum("therapist")
    covariance = robust_covariance(maximum) if robust else None
    text = summarise(maximum, covariance=covariance, errors="robust" if robust else "observed information")
    table = table_of(maximum, covariance)
    for outcome, terms in {"m": ("intercept", "x"), "y": ("intercept", "m", "x")}.items():
        for term in terms:
            estimate, se = table.loc[f"{outcome}: {term}", ["estimate", "se"]].astype(float)
            z = estimate / se
            expected = [estimate, se, z, 2 * stats.norm.sf(abs(z)), estimate - 1.959964 * se, estimate + 1.959964 * se]
            # Written with three or four decimals.
            assert numbers_after(text, outcome, term) == pytest.approx(expected, abs=6e-4)
            assert numbers_after(text, outcome, term)[:2] == pytest.approx([estimate, se], abs=5.1e-5)
    assert f"Standard errors: {'robust' if robust else 'observed information'}." in text


def test_components_are_those_of_the_table() -> None:
    maximum = small_maximum("therapist")
    text, table = summarise(maximum), table_of(maximum)
    for level in ("patient", "therapist"):
        effects = [effect.text for effect in maximum.target.design.varying[level]]
        for number, effect in enumerate(effects):
            sd = table.loc[f"sd {level} {effect}", ["estimate", "se"]].astype(float).tolist()
            correlations = [
                float(table.loc[f"correlation {level} {effect} with {other}", "estimate"]) for other in effects[:number]
            ]
            found = numbers_after(text, f"between {level}s", f"({number + 1}) {effect}")
            assert found == pytest.approx([*sd, *correlations], abs=6e-4)
    for outcome in ("m", "y"):
        sd = table.loc[f"sd residual {outcome}", ["estimate", "se"]].astype(float).tolist()
        assert numbers_after(text, "residual", outcome) == pytest.approx(sd, abs=5.1e-5)


def test_head_holds_fit_and_counts() -> None:
    maximum = small_maximum("therapist")
    text = summarise(maximum, title="Study")
    shown = dict(re.findall(r"(\S[^:\n]*?): +(\S+(?: \S+)*)", text.split("-----")[0]))
    log_likelihood, size = log_likelihood_of(maximum), maximum.target.layout.size
    assert text.splitlines()[0].strip() == "Study"
    assert float(shown["Log-likelihood"]) == pytest.approx(log_likelihood, abs=1e-3)
    assert float(shown["AIC"]) == pytest.approx(2 * size - 2 * log_likelihood, abs=1e-3)
    assert float(shown["BIC (N = 60 patients)"]) == pytest.approx(size * np.log(60) - 2 * log_likelihood, abs=1e-3)
    assert (shown["Patients"], shown["Therapists"], shown["Converged"]) == ("60", "12", "yes")
    assert shown["Free parameters"] == str(size)
    equation = maximum.target.design.equations["y"]
    assert numbers_after(text, "equation", "y") == [len(equation.y), equation.rows["patient"].nunique()]


def test_therapists_are_not_counted_where_the_model_has_none() -> None:
    text = summarise(small_maximum("patient"))
    assert re.search(r"Therapists: +not in the model", text)
    assert "between therapists" not in text


def test_failed_marks_become_notes() -> None:
    marks = [
        Mark("boundary_sd", "m: x by patient", 0.0, "hardly any differences"),
        Mark("few_clusters", "patients", 40, "not shown"),
    ]
    text = summarise(small_maximum("patient"), marks=marks)
    last = text.splitlines()[-1]
    assert last.startswith(
        "[1] boundary variance, m: x by patient: How much an intercept or slope differs between units."
    )
    assert last.endswith(" Hardly any differences.")
    assert "few clusters" not in text


def test_columns_of_numbers_stand_below_each_other() -> None:
    lines = summarise(small_maximum("therapist")).split("between patients")[0].splitlines()
    width = len(lines[1])
    rows = [line for line in lines if re.match(r"(intercept|x|m|y) ", line) and "." in line]
    assert len(rows) == 7  # two heads, five coefficients
    assert {len(line) for line in rows} == {width}
