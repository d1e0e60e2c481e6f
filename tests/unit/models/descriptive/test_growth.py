"""How a process develops and who changes: numbers against simulation and by hand, and what is refused."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from alliance.config import ModelSpec, Variable
from alliance.data.scoring.change import CATEGORIES, Norm
from alliance.errors import ModelError
from alliance.inference.montecarlo import generator_for
from alliance.models.container import rows_of
from alliance.models.descriptive.ending import chances_at_end
from alliance.models.descriptive.numbers import shown_of
from alliance.models.descriptive.resampling import draw_weights
from alliance.models.descriptive.shapes import EACH, TURN, fit_shape
from alliance.models.fitting import fit_declared, with_meanings

VARIABLES = {
    "alliance": Variable(label="a", column="a", measured="after", higher_is="better"),
    "symptoms": Variable(label="s", column="s", measured="before", higher_is="worse"),
    "arm": Variable(label="arm", table="patients", kind="category", column="arm", levels={"no": 0, "yes": 1}),
}
SETTINGS: dict[str, Any] = {
    "seed": 5,
    "lag": 1,
    "planned_sessions": 8,
    "variables": {name: variable.model_dump(mode="json") for name, variable in VARIABLES.items()},
    "reliability": {"alliance": {"within": [0.75, 0.0], "between": [0.9, 0.0], "note": ""}},
    "privacy": {"minimum_cell": 5},
    "meanings": {
        "symptoms": {"higher_is": "worse", "change_value": 6.0, "change_level": 0.95, "change_source": "file"}
        | {"case_rule": "at_least", "case_value": 10.0, "case_source": "file"}
    },
}


def simulate(patients: int = 90, seed: int = 1) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    rows = []
    for patient in range(patients):
        level, slope, own = rng.normal(40, 3), rng.normal(0.4, 0.3), rng.normal(16, 3)
        gain = 0.6 + 0.06 * (level - 40)
        for session in range(1, 9 if rng.random() < 0.8 else 6):
            alliance = level + slope * (session - 1) + rng.normal(0, 2)
            symptoms = round(own - gain * (session - 1) + rng.normal(0, 2))
            rows.append((f"p{patient:03d}", f"t{patient % 30:02d}", session, alliance, max(symptoms, 0), patient % 2))
    return pd.DataFrame(rows, columns=["patient", "therapist", "session", "alliance", "symptoms", "arm"])


@pytest.fixture(scope="module")
def panel() -> pd.DataFrame:
    return simulate()


def fit(panel: pd.DataFrame, analysis: str, *variables: str, **changes: Any) -> dict[str, Any]:
    spec = {"label": "x", "family": "descriptive", "analysis": analysis, "variables": list(variables), "samples": 200}
    result = fit_declared(panel, "m", ModelSpec.model_validate(spec | changes), SETTINGS)
    paths = result.tree["paths"]
    names = (paths[name].to_numpy() for name in ("effect", "horizon"))
    numbers = dict(zip(zip(*names, strict=True), paths["point"].to_numpy(), strict=True))
    return {
        "numbers": numbers,
        **{name: rows_of(group) for name, group in result.tree.children.items() if name != "paths"},
    }


def test_course_of_complete_series_is_that_of_their_means(panel: pd.DataFrame) -> None:
    complete = panel[panel.groupby("patient")["session"].transform("size") == 8]
    numbers = fit(complete, "growth", "alliance")["numbers"]
    means = complete.groupby("session")["alliance"].mean()
    averages = [numbers["average", f"at session {session}"] for session in range(1, 9)]
    # All series are complete, so generalised least squares gives the plain means.
    assert averages == pytest.approx(means.to_list(), abs=1e-6)
    assert numbers["average_change", "at session 8"] == pytest.approx(means[8] - means[1], abs=1e-6)
    turn = fit_shape(complete, "alliance", TURN, "m")
    parabola = np.polyfit(turn.sessions, turn.course(turn.population()), 2)
    halfway = np.polyval(parabola, 4.5) - np.polyval(parabola, [1, 8]).mean()
    assert numbers["bend", ""] == pytest.approx(halfway, abs=1e-9)
    assert numbers["trend", ""] == pytest.approx(0.4, abs=0.15)
    assert numbers["trend_sd", ""] == pytest.approx(0.3, abs=0.12)


def test_samples_of_few_therapists_move_a_course_as_they_move_its_means(panel: pd.DataFrame) -> None:
    complete = panel[panel.groupby("patient")["session"].transform("size") == 8]
    complete = complete.assign(therapist="t" + complete["patient"].str[-1]).reset_index(drop=True)
    spec = {"label": "x", "family": "descriptive", "analysis": "growth", "variables": ["alliance"], "samples": 200}
    paths = fit_declared(complete, "m", ModelSpec.model_validate(spec), SETTINGS).tree["paths"]
    drawn = paths["draws"].to_numpy()[..., (paths["effect"] == "average") & (paths["horizon"] == "at session 5")]
    units = pd.factorize(complete["therapist"])[0]
    own, scores = (complete["session"] == 5).to_numpy(), complete["alliance"].to_numpy()
    samples = draw_weights(units, 200, generator_for(5, "m"))
    # Series are complete, so the average of any sample is its weighted mean, to first order and beyond.
    assert drawn.ravel() == pytest.approx([np.average(scores[own], weights=each[own]) for each in samples], abs=1e-6)


def test_development_tells_directions_the_start_and_how_shapes_fit(panel: pd.DataFrame) -> None:
    found = fit(panel, "growth", "alliance", "symptoms")
    numbers = found["numbers"]
    norm = found["norms"].iloc[0]
    within = panel.groupby("patient")["alliance"].transform(lambda own: own - own.mean()).pow(2).sum() / (
        len(panel) - 90
    )
    assert norm["change_value"] == pytest.approx(1.959964 * np.sqrt(2 * 0.25 * within), rel=1e-6)
    ends = panel.groupby("patient")["alliance"].agg(["first", "last"])
    risen = (ends["last"] - ends["first"] >= norm["change_value"]).mean()
    assert numbers["share_risen", ""] == pytest.approx(risen)
    early = panel[panel["session"] <= 3].groupby("patient")["alliance"].mean()
    last = panel.groupby("patient")["symptoms"].last()
    assert numbers["r_start", ""] == pytest.approx(np.corrcoef(early, last)[0, 1])
    assert numbers["start_level", ""] == pytest.approx(early.mean())
    assert found["shapes"]["shape"].tolist() == ["line", "plateau", "turn"]
    assert found["shapes"]["support"].sum() == pytest.approx(1)
    assert found["shapes"]["parameters"].tolist() == [7, 7, 11]


def test_an_end_within_the_start_of_the_process_tells_nothing_of_what_follows(panel: pd.DataFrame) -> None:
    short = panel["patient"].isin(panel["patient"].unique()[:40]) & (panel["session"] > 3)
    # The outcome is known before the first session, the process from the first one on.
    before = panel[panel["session"] == 1].assign(session=0, alliance=np.nan)
    numbers = fit(pd.concat([panel[~short], before]), "growth", "alliance", "symptoms")["numbers"]
    stayed = panel[~panel["patient"].isin(panel["patient"].unique()[:40])]
    early = stayed[stayed["session"] <= 3].groupby("patient")["alliance"].mean()
    expected = np.corrcoef(early, stayed.groupby("patient")["symptoms"].last())[0, 1]
    assert numbers["r_start", ""] == pytest.approx(expected)


def test_changes_are_counted_from_the_first_to_the_last_value(panel: pd.DataFrame) -> None:
    found = fit(panel, "change", "symptoms", "alliance", "arm")
    numbers, when = found["numbers"], "last session observed"
    ends = panel.groupby("patient").agg(first=("symptoms", "first"), last=("symptoms", "last"), arm=("arm", "first"))
    better = ends["first"] - ends["last"] >= 6
    recovered = better & (ends["first"] >= 10) & (ends["last"] < 10)
    assert numbers["share_better", when] == pytest.approx(better.mean())
    assert numbers["share_recovered", when] == pytest.approx(recovered.mean())
    assert numbers["share_cases", when] == pytest.approx((ends["last"] >= 10).mean())
    by_arm = better.groupby(ends["arm"]).mean()
    assert numbers["difference_share_better", when] == pytest.approx(by_arm[1] - by_arm[0])
    assert ("share_deteriorated", when) not in numbers  # hardly anybody
    assert numbers["odds_ratio_better", ""] > 1
    assert found["norms"]["change_source"].tolist() == ["file"]


def test_options_come_before_what_the_instrument_says(panel: pd.DataFrame) -> None:
    options = {"reliable_change": 4.0, "level": 0.9, "case_rule": "above", "case_value": 12.0}
    norm = fit(panel, "change", "symptoms", options=options)["norms"].iloc[0]
    assert norm[["change_value", "change_level", "case_rule", "case_value"]].tolist() == [4.0, 0.9, "above", 12.0]
    with pytest.raises(ModelError, match=r"options.case_rule: 'over' is no rule. Write one of: at_least, above"):
        fit(panel, "change", "symptoms", options={"case_rule": "over"})


def test_chances_at_the_end_are_those_of_simulated_ends(panel: pd.DataFrame) -> None:
    rows, norm = panel[["patient", "therapist", "session", "symptoms"]], Norm("worse", 6, "at_least", 10)
    growth = fit_shape(rows, "symptoms", EACH, "m")
    left = [code for code, own in rows.groupby("patient") if own["session"].max() < 8]
    code, whole = left[0], np.setdiff1d(rows["patient"], left)
    own = rows[rows["patient"] == code]
    chances = chances_at_end(rows, "symptoms", growth, np.array([code]), norm)[0]
    population = growth.population()
    mean, covariance = growth.course(population), growth.covariance(population)
    seen, rng = own["session"].to_numpy() - 1, np.random.default_rng(3)
    joint = rng.multivariate_normal(mean, covariance, 200_000)
    # What regression on the scores observed leaves, put on what was observed.
    weights = np.linalg.lstsq(joint[:, seen] - mean[seen], joint[:, 7] - mean[7])[0]
    rest = joint[:, 7] - mean[7] - (joint[:, seen] - mean[seen]) @ weights
    last = np.round(mean[7] + (own["symptoms"].to_numpy() - mean[seen]) @ weights + rest)
    drawn = norm.classify(np.full(len(last), float(own["symptoms"].iloc[0])), last)
    assert chances == pytest.approx([(drawn == name).mean() for name in CATEGORIES], abs=0.01)
    observed = chances_at_end(rows, "symptoms", growth, whole[:1], norm)[0]
    assert sorted(observed) == [0, 0, 0, 1]


def test_what_is_missing_is_named_with_a_remedy_that_works(panel: pd.DataFrame) -> None:
    unsaid = {**SETTINGS, "meanings": {}, "variables": {**SETTINGS["variables"]}}
    unsaid["variables"]["symptoms"] = (
        VARIABLES["symptoms"].model_copy(update={"higher_is": None}).model_dump(mode="json")
    )
    declared = {"label": "x", "family": "descriptive", "analysis": "change", "variables": ["symptoms"], "samples": 200}
    spec = ModelSpec.model_validate(declared)
    with pytest.raises(ModelError, match=r"variables.symptoms.higher_is: .* Write 'higher_is: worse'"):
        fit_declared(panel, "m", spec, unsaid)
    unsaid["variables"]["symptoms"] = SETTINGS["variables"]["symptoms"]
    tree = fit_declared(panel, "m", spec, unsaid).tree
    assert "fluctuate around patients' own straight lines" in rows_of(tree["norms"])["change_source"].iloc[0]
    short = panel[panel["session"].isin([1, 8])]
    with pytest.raises(ModelError, match=r"options: 'reliable_change: 6'"):
        fit_declared(short, "m", spec, unsaid)
    told = ModelSpec.model_validate(declared | {"options": {"reliable_change": 6}})
    assert "paths" in fit_declared(short, "m", told, unsaid).tree.children
    with pytest.raises(ModelError, match="courses of 'alliance' need 10 patients or more, 4 different sessions"):
        fit(short, "growth", "alliance")


@pytest.mark.parametrize(
    ("counts", "middle", "expected"),
    [
        ({"a": 20, "b": 30, "c": 9}, "", ["a", "b", "c"]),
        ({"a": 20, "b": 30, "c": 3}, "", ["b"]),
        ({"a": 20, "b": 30, "c": 3}, "b", ["a"]),
        ({"a": 20, "b": 30, "c": 0}, "b", ["a", "b", "c"]),
        ({"a": 2, "b": 30, "c": 2}, "b", ["b"][:0]),
    ],
)
def test_small_parts_cannot_be_computed_from_those_shown(
    counts: dict[str, int], middle: str, expected: list[str]
) -> None:
    assert shown_of(counts, 5, middle) == expected


def test_only_totals_of_variables_in_use_bring_their_meaning() -> None:
    table = pd.DataFrame({"variable": ["symptoms", "symptoms", "other"], "scale": ["total", "part", "total"]})
    assert list(with_meanings({"variables": {"symptoms": {}}}, table)["meanings"]) == ["symptoms"]
