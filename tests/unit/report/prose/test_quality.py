"""Sentences on how far the numbers can be trusted."""

import pandas as pd

from alliance.facts.cautions import CAUTIONS
from alliance.facts.marks import Mark
from alliance.report.labels import label_model
from alliance.report.prose.quality import (
    describe_diagnostics,
    describe_models,
    describe_predictive,
    describe_priors,
    describe_truth,
    describe_variance,
)
from alliance.results.comparison import compare_with_truth
from alliance.results.diagnostics import row_of
from tests.artefacts import builders
from tests.unit.report.prose.rows import estimate, inputs, said, with_models

CONFIG = builders.arms_config()
ARTEFACTS = builders.artefacts(CONFIG)


def test_shares_of_variance_come_with_interval_and_n() -> None:
    sentences = said(describe_variance(ARTEFACTS, CONFIG))

    assert "Symptoms: Of its variance 45% (41% to 49%) lies between sessions of the same patient" in sentences
    assert "95% Monte Carlo confidence intervals in parentheses; 80 patients, 620 sessions, 8 therapists" in sentences


def test_model_without_estimates_is_named() -> None:
    sentences = said(describe_models(inputs(estimate()), CONFIG))

    assert "1 model was fitted with statsmodels." in sentences
    missing = sentences.split("No estimates came from: ")[1].split(". Nothing is said")[0]
    others = [label_model(name, CONFIG) for name in CONFIG.models.fit if name != "technique_by_steps"]
    assert all(label in missing for label in others)
    assert label_model("technique_by_steps", CONFIG) not in missing


def test_failed_diagnostics_are_listed_with_value_and_meaning() -> None:
    sentences = said(describe_diagnostics(ARTEFACTS, CONFIG))

    assert f"1 of {len(ARTEFACTS['diagnostics'])} diagnostics did not pass" in sentences
    meaning = CAUTIONS["boundary_sd"].meaning
    assert f"Boundary variance: {meaning} Passes with 0.01 or more (standard deviations of the outcome)." in sentences
    assert (
        f"Seen in: {label_model(CONFIG.models.fit[-1], CONFIG)}: patient slope (1.0 × 10⁻⁹: hardly any)." in sentences
    )


def test_cautions_of_one_title_are_told_apart() -> None:
    names = ("latent_spread", "boundary_sd", "profiled_sd", "separate_boundary")
    assert {CAUTIONS[name].title for name in names} == {"boundary variance"}
    head = {"model": CONFIG.models.fit[0]}
    rows = [head | row_of(Mark(name, f"part {name}", 0.0, verdict=False)) for name in names]
    _, listed = describe_diagnostics({"diagnostics": pd.DataFrame(rows)}, CONFIG)

    assert len(listed.sentences) == len(names)
    for name, point in zip(names, listed.sentences, strict=True):
        assert CAUTIONS[name].meaning in str(point) and f"part {name}" in str(point)
        assert not any(f"part {other}" in str(point) for other in names if other != name)


def test_value_just_beyond_its_threshold_does_not_look_like_it() -> None:
    table = builders.diagnostics(CONFIG).head(1).assign(caution="rhat", value=1.0104, threshold=1.01, passed=False)

    assert "Passes with 1.01 or less." in said(describe_diagnostics({"diagnostics": table}, CONFIG))
    assert "(1.0104)" in said(describe_diagnostics({"diagnostics": table}, CONFIG))


def test_threshold_of_one_model_is_said_where_it_is_not_that_of_all() -> None:
    two = builders.diagnostics(CONFIG).head(2).assign(caution="rhat", value=[1.2, 1.3], passed=False)
    sentences = [
        str(point)
        for point in describe_diagnostics({"diagnostics": two.assign(threshold=[1.01, 1.0956])}, CONFIG)[1].sentences
    ]

    assert "Passes with 1.01 or less." in sentences[0] and "(1.20" in sentences[0]
    assert "Passes with 1.0956 or less." in sentences[1] and "(1.30" in sentences[1]


def test_where_intervals_come_from_is_said_of_the_models_that_have_them() -> None:
    joint = {"model": "technique_jointly", "family": "multilevel_path", "engine": "restricted maximum likelihood"}
    alone = said(describe_models(inputs(estimate()), CONFIG))
    without = said(describe_models(inputs(estimate(**joint, n_therapists=0)), CONFIG))
    robust = with_models(CONFIG, technique_jointly={"standard_errors": "robust", "depth": "ml"})

    assert "the estimated sampling distribution." in alone and "joint models" not in alone
    assert "the degrees of freedom that patients leave" in without and "robust" not in without
    assert "that patients and therapists leave" in said(describe_models(inputs(estimate(**joint)), CONFIG))
    said_of_robust = said(describe_models(inputs(estimate(**joint)), robust))
    assert "with robust standard errors" in said_of_robust and "drawn first" not in said_of_robust


def test_fits_to_samples_say_whose_samples_they_are() -> None:
    config = with_models(CONFIG, technique_jointly={"bootstrap": {"level": "therapist"}, "depth": "ml"})
    row = estimate(model="technique_jointly", family="multilevel_path", interval_kind="bootstrap confidence")

    assert "from fits to therapists drawn with replacement" in said(describe_models(inputs(row), config))


def test_diagnostics_that_passed_are_said_to_have_passed() -> None:
    passed = builders.diagnostics(CONFIG).assign(passed=True)

    everything = f"All {len(passed)} diagnostics of {len(CONFIG.models.fit)} models passed."
    assert said(describe_diagnostics({"diagnostics": passed}, CONFIG)) == everything


def test_missing_diagnostics_are_no_good_news() -> None:
    assert said(describe_diagnostics({}, CONFIG)) == "No diagnostics were recorded."


def test_statistics_the_model_does_not_reproduce_are_listed() -> None:
    table = builders.predictive(CONFIG)
    table.loc[0, "observed"] = -0.4
    sentences = said(describe_predictive({"predictive": table}, CONFIG))

    assert f"in {len(table) - 1} of {len(table)} the observed statistic lies within" in sentences
    assert "Within-patient correlation is −0.40, predicted −0.27 to −0.13." in sentences


def test_priors_that_let_series_explode_are_said_to() -> None:
    table = builders.predictive(CONFIG).assign(kind="prior")
    assert "without end" not in said(describe_predictive({"predictive": table}, CONFIG))
    table.loc[0, "high"] = 3e8
    assert "grow from session to session without end" in said(describe_predictive({"predictive": table}, CONFIG))
    assert "without end" not in said(describe_predictive({"predictive": table.assign(kind="posterior")}, CONFIG))
    far = table.assign(low=10 * table["observed"].abs() + 1, high=1e6 * table["observed"].abs() + 1)
    sentences = said(describe_predictive({"predictive": far}, CONFIG))
    assert f"without end: {len(far)} of the statistics lie outside for that reason" in sentences
    assert "predicted" not in sentences.replace("what the model predicts", "")  # none of these numbers is listed


def test_priors_are_spoken_of_only_where_there_are_any() -> None:
    assert "slopes from −2.00 to 2.00 standard deviations" in said(describe_priors(ARTEFACTS, CONFIG))
    assert "Every correlation of intercepts and slopes that vary is equally plausible" in said(
        describe_priors(ARTEFACTS, CONFIG)
    )
    lkj = CONFIG.model_copy(update={"priors": CONFIG.priors.model_copy(update={"correlations": 2.0})})
    assert "(LKJ with eta = 2)" in said(describe_priors(ARTEFACTS, lkj))
    assert describe_priors({"priors": builders.priors(CONFIG).head(0)}, CONFIG) == []


def test_intervals_without_the_truth_are_listed() -> None:
    rows = [estimate(), estimate(model="technique_jointly", estimate=-0.05, low=-0.1, high=0.0, flag="R-hat")]
    truth = pd.DataFrame(
        [{key: rows[0][key] for key in ("outcome", "path", "effect", "level", "horizon")} | {"value": -0.2}]
    )
    corrected = builders.corrected(CONFIG, inputs(*rows)["estimates"]).head(0)
    table = compare_with_truth(inputs(*rows)["estimates"], corrected, truth, CONFIG)
    sentences = said(describe_truth({"truth": table}, CONFIG))

    assert "1 of 2 intervals holds it" in sentences
    assert "The truth is −0.20, the interval runs from −0.10 to 0.00 [flagged: R-hat]" in sentences
    assert "corrected" not in sentences

    found = {"estimate_corrected": -0.15, "low_corrected": -0.25, "high_corrected": -0.05}
    table = compare_with_truth(inputs(*rows)["estimates"], pd.DataFrame([rows[1] | found]), truth, CONFIG)
    sentences = said(describe_truth({"truth": table}, CONFIG))

    assert "1 of the corrected intervals hold it, and 0 of those of scores as they are" in sentences
    assert "Corrected for unreliable scores: −0.15 [−0.25, −0.05], with the truth." in sentences
