"""A fit as text: everything that was estimated, within the width of a page, with the numbers of the table."""

import pandas as pd
import pytest

from alliance.study.summary import summarise_fit
from tests.artefacts import builders

CONFIG = builders.arms_config()
ESTIMATES, DIAGNOSTICS = builders.estimates(CONFIG), builders.diagnostics(CONFIG)


def rows_of(table: pd.DataFrame, model: str) -> pd.DataFrame:
    return table[table["model"] == model].reset_index(drop=True)


@pytest.mark.parametrize("model", CONFIG.models.fit)
def test_every_estimate_but_horizons_between_is_there_with_its_interval(model: str) -> None:
    estimates = rows_of(ESTIMATES, model)
    text = summarise_fit(CONFIG.models.specs[model], estimates, rows_of(DIAGNOSTICS, model))
    assert max(map(len, text.splitlines())) <= 110  # a page, and marks behind it
    ends = estimates[
        ~estimates.duplicated(["effect", "path", "level"])
        | ~estimates.duplicated(["effect", "path", "level"], keep="last")
    ]
    for row in ends.to_dict("records"):  # what is between the first and the last horizon stands in the table only
        assert " ".join(f"{row[name]:.4f}" for name in ("estimate", "sd", "low", "high")) in " ".join(text.split())


def test_failed_diagnostic_is_a_note_and_marks_what_it_concerns() -> None:
    model = CONFIG.models.fit[-1]
    text = summarise_fit(CONFIG.models.specs[model], rows_of(ESTIMATES, model), rows_of(DIAGNOSTICS, model))
    marked = [line for line in text.splitlines() if line.endswith("[1]")]
    flagged = rows_of(ESTIMATES, model).query("flag != ''")
    assert len(marked) == len(flagged) == 1
    concerned = rows_of(DIAGNOSTICS, model).query("not passed").iloc[0]
    assert f"[1] {concerned['diagnostic']}: " in text
    assert text.endswith(f"\n    {concerned['subject']}{f': {concerned["detail"]}' if concerned['detail'] else ''}")


def test_correlations_stand_beside_the_standard_deviations_they_belong_to() -> None:
    common = {
        "model": "m", "family": "f", "engine": "e", "horizon": "", "low": 0.0, "high": 1.0, "interval": 0.9, "interval_kind": "k",
        "n_patients": 9, "n_sessions": 99, "n_therapists": 1, "flag": "", "level": "patient", "sd": 0.05,
    }  # fmt: skip
    rows = [
        ("alliance", "technique -> alliance", "sd", 0.6),
        ("symptoms", "intercept -> symptoms", "sd", 1.1),
        ("symptoms", "alliance_lag -> symptoms", "sd", 0.07),
        ("symptoms", "technique -> alliance, intercept -> symptoms", "correlation", 0.111),
        ("symptoms", "technique -> alliance, alliance_lag -> symptoms", "correlation", -0.222),
        ("symptoms", "intercept, alliance_lag -> symptoms", "correlation", 0.333),
    ]
    table = pd.DataFrame(
        [common | dict(zip(("outcome", "path", "effect", "estimate"), row, strict=True)) for row in rows]
    )
    spec = CONFIG.models.specs["technique_by_arm"]
    text = summarise_fit(spec, table, DIAGNOSTICS.iloc[:0])
    lines = [line.split() for line in text.splitlines() if line.startswith("(")]
    assert [line[3:] for line in lines] == [
        ["0.6000", "0.0500"], ["1.1000", "0.0500", "0.111"], ["0.0700", "0.0500", "-0.222", "0.333"],
    ]  # fmt: skip


def test_information_criteria_count_patients() -> None:
    model = CONFIG.models.fit[-1]
    estimates = rows_of(ESTIMATES, model).assign(n_patients=100)
    maximum = {"log_likelihood": -1000.0, "parameters": 10}
    text = summarise_fit(CONFIG.models.specs[model], estimates, rows_of(DIAGNOSTICS, model), maximum)
    assert "Log-likelihood: -1000.000 with 10 parameters   AIC: 2020.000   BIC: 2046.052" in text  # 2000 + 10 log 100
