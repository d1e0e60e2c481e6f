"""Models for true scores and constructs against the dense normal density that integrates over them, and what stands in their way."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import optimize

from alliance.config import ModelSpec, Variable
from alliance.config.schema import Inference
from alliance.facts.columns import COUNT_COLUMNS
from alliance.models.filling.readings import Indicator, read_construct, read_score
from alliance.models.path.fit import fit as fit_model
from alliance.models.path.layout import Layout, Natural
from alliance.models.path.maximum import population_of
from alliance.models.path.true_scores import TrueScores, compare_without, find_obstacle, fit_true_scores, mark_unsettled
from alliance.models.quantities.pairs import Quantities
from alliance.results.fits import tabulate_fit
from tests.unit.models.filling.study import EQUATIONS, VARIABLES, make_spec, panel_of, simulate
from tests.unit.models.filling.test_likelihood import as_parameters
from tests.unit.models.path.test_filled import settings

ERRORS = {"m": 0.5, "y": 0.5}
LASTING = 0.3
LIMITS = Inference(interval=0.95, monte_carlo_draws=1000, rhat_max=1.01, ess_min=400, divergences_max=0)


def recorded(patients: int, sessions: int, seed: int, lasting: float = 0.0) -> pd.DataFrame:
    """Simulate scores of m and y with errors of known variance; those of m have one that lasts, too."""
    scores, rng = simulate(patients, sessions, seed), np.random.default_rng(seed + 1000)
    own = np.sqrt(lasting) * rng.standard_normal(patients)[pd.factorize(scores["patient"])[0]]
    for name, variance in ERRORS.items():
        scores[name] += np.sqrt(variance) * rng.standard_normal(len(scores)) + (own if name == "m" else 0.0)
    return scores


def hidden_with(panel: pd.DataFrame, errors: dict[str, float], lasting: float = 0.0) -> dict[str, list[Indicator]]:
    """Return what tells true scores whose reliabilities imply these variances."""
    found = {}
    for name, variance in errors.items():
        whole = read_score(panel, name, (1.0, 1.0)).error
        assert whole is not None
        between = 1 - lasting / whole.spread[1] if name == "m" else 1.0
        found[name] = [read_score(panel, name, (1 - variance / whole.spread[0], between))]
    return found


def dense_log_likelihood(scores: pd.DataFrame, parameters: dict[str, float], lasting: float) -> float:
    """Return the log density of all m and y of patients who have all sessions, given the arm.

    True series are as in `tests.unit.models.filling.test_likelihood`, but for first values, which are regressions on the arm, and that of y
    on that of m too. All is linear in the random numbers, so mean and covariance are built up session by session.
    """
    p, sessions = parameters, int(scores["session"].max())
    first = 2 + 2 * (sessions - 1)
    size = first + 2 + 2 * sessions + 1
    root = np.linalg.cholesky(
        np.array([[p["um"] ** 2, p["r"] * p["um"] * p["uy"]], [p["r"] * p["um"] * p["uy"], p["uy"] ** 2]])
    )
    m0_of, y0_of = np.zeros(size), np.zeros(size)
    m0_of[first] = p["first sm"]
    y0_of += p["first ym"] * m0_of
    y0_of[first + 1] = p["first sy"]
    m_of, y_of, loadings = m0_of, y0_of, [m0_of, y0_of]
    for step in range(sessions - 1):
        new_of = p["mm"] * m_of + p["my"] * y_of + p["mm0"] * m0_of + p["my0"] * y0_of
        new_of[:2] += root[0]
        new_of[2 + 2 * step] += p["sm"]
        y_of = p["ym"] * new_of + p["yy"] * y_of + p["ym0"] * m0_of + p["yy0"] * y0_of
        y_of[:2] += root[1]
        y_of[3 + 2 * step] += p["sy"]
        m_of = new_of
        loadings += [m_of, y_of]
    of = np.array(loadings)
    for place in range(sessions):
        of[2 * place, first + 2 + 2 * place] = np.sqrt(ERRORS["m"])
        of[2 * place + 1, first + 3 + 2 * place] = np.sqrt(ERRORS["y"])
        of[2 * place, -1] = np.sqrt(lasting)
    lower = np.linalg.cholesky(of @ of.T)
    total = 0.0
    for arm, own in scores.groupby("arm"):
        m = m0 = p["first m1"] + p["first marm"] * float(arm)
        y = y0 = p["first y1"] + p["first yarm"] * float(arm) + p["first ym"] * m0
        means = [m, y]
        for _ in range(sessions - 1):
            m_new = p["m1"] + p["marm"] * arm + p["mm"] * m + p["my"] * y + p["mm0"] * m0 + p["my0"] * y0
            y = p["y1"] + p["yarm"] * arm + p["ym"] * m_new + p["yy"] * y + p["ym0"] * m0 + p["yy0"] * y0
            m = m_new
            means += [m, y]
        values = own.sort_values(["patient", "session"])[["m", "y"]].to_numpy().reshape(-1, 2 * sessions)
        white = np.linalg.solve(lower, (values - np.array(means)).T)
        total -= float((white**2).sum()) / 2 + len(values) * float(np.log(np.diag(lower)).sum())
    return total


def dense_maximum(scores: pd.DataFrame, start: dict[str, float], lasting: float) -> tuple[pd.Series, pd.Series]:
    """Return the maximum of the dense density and standard errors from its curvature."""
    names = list(start)
    positive = np.array([name.split()[-1] in ("sm", "sy", "um", "uy") for name in names])
    correlation = names.index("r")

    def natural(free: np.ndarray) -> np.ndarray:
        values = np.where(positive, np.exp(np.where(positive, free, 0.0)), free)
        values[correlation] = np.tanh(free[correlation])
        return values

    def minus(free: np.ndarray) -> float:
        return -dense_log_likelihood(scores, dict(zip(names, natural(free), strict=True)), lasting)

    values = np.array([start[name] for name in names])
    free = np.where(positive, np.log(np.where(positive, values, 1.0)), values)
    free[correlation] = np.arctanh(values[correlation])
    found = natural(optimize.minimize(minus, free, method="BFGS", options={"gtol": 1e-2}).x)
    steps = 1e-3 * np.eye(len(names))

    def value(moved: np.ndarray) -> float:
        return dense_log_likelihood(scores, dict(zip(names, moved, strict=True)), lasting)

    centre = value(found)
    up, down = (np.array([value(found + sign * row) for row in steps]) for sign in (1, -1))
    information = -np.diag(up + down - 2 * centre) / 1e-6
    for i in range(len(names)):
        for j in range(i):
            both = value(found + steps[i] + steps[j]) - up[i] - up[j] + centre
            information[i, j] = information[j, i] = -both / 1e-6
    return pd.Series(found, index=names), pd.Series(np.sqrt(np.diag(np.linalg.inv(information))), index=names)


def fit(scores: pd.DataFrame, hidden: dict[str, list[Indicator]], spec: ModelSpec) -> TrueScores:
    found, marks = fit_true_scores(panel_of(scores), "study", spec, settings(), hidden)
    assert not isinstance(found, str)
    assert [(mark.caution, mark.passed) for mark in marks] == [("few_data_sets", True)]
    return found


def test_estimates_and_errors_are_those_of_the_density_without_true_scores() -> None:
    """But for the chance of 200 rounds and 20 completed data sets: .1 standard errors of an estimate, a tenth of a standard error."""
    scores = recorded(200, 6, 1, LASTING)
    found = fit(scores, hidden_with(panel_of(scores), ERRORS, LASTING), make_spec())
    completion = found.basis.completion
    assert completion is not None
    at = as_parameters(population_of(completion.sets[0].maximum, completion.point[None]), EQUATIONS)
    firsts = dict.fromkeys(("first m1", "first marm", "first y1", "first yarm", "first ym"), 0.0)
    maximum, errors = dense_maximum(scores, {**at, **firsts, "first sm": 1.0, "first sy": 1.0}, LASTING)
    off = (pd.Series(at) - maximum[list(at)]) / errors[list(at)]
    assert off.abs().max() < 0.4
    assert np.sqrt(np.mean(off**2)) < 0.2
    rows = found.quantities.table()
    for path, name in (("m_lag -> m", "mm"), ("m -> y", "ym"), ("y_lag -> y", "yy")):
        place = rows.index[(rows["effect"] == "coefficient") & (rows["path"] == path)][0]
        assert found.quantities.draws[place].std() == pytest.approx(errors[name], rel=0.3)


def test_own_past_that_the_error_hides_stands_beside_it() -> None:
    scores = recorded(120, 8, 3)
    # Of some patients nothing but the first session is there: they have no row in any equation.
    panel = panel_of(scores[(scores["session"] == 1) | ~scores["patient"].isin(["P0003", "P0030"])])
    known = {name: {"within": [0.7, 0.0], "between": [1.0, 0.0], "note": ""} for name in ("m", "y")}
    tree = fit_model(panel, "study", make_spec(), settings(reliability=known)).tree
    tables = tabulate_fit(tree, LIMITS)
    found = tables["corrected"].query("effect == 'coefficient'").set_index("path")
    for path in ("m_lag -> m", "y_lag -> y", "m -> y"):
        ratio = found.loc[path, "estimate_corrected"] / found.loc[path, "estimate"]
        assert 1.1 < ratio < 1.8  # with a reliability of .7, 1 / .7 or so
        assert found.loc[path, "sd_corrected"] > found.loc[path, "sd"]
    marks = tables["diagnostics"].set_index(["caution", "subject"])
    assert "true values as unknowns" in marks.loc[("corrected_error", "m"), "detail"]


@pytest.mark.parametrize(
    ("reason", "changes"),
    [
        ("remove 'missing: drop'", {"missing": "drop"}),
        ("a factor of the product 'both'", {"products": {"both": ["m", "arm"]}}),
        (
            "nothing says how its first values are distributed",
            {"equations": {"m": {"on": ["m_lag"]}, "y": {"on": ["m"]}}},
        ),
        ("it has no equation of its own", {"equations": {"y": {"on": ["m", "y_lag"]}}}),
        ("remove it, the model has true means", {"equations": {"m": {"on": []}, "y": {"on": ["m", "m_between"]}}}),
    ],
)
def test_what_stands_in_the_way_is_named(reason: str, changes: dict[str, Any]) -> None:
    assert reason in find_obstacle(make_spec(**changes), "m", VARIABLES)


def test_remedies_are_followed() -> None:
    assert find_obstacle(make_spec(), "m", VARIABLES) == find_obstacle(make_spec(), "y", VARIABLES) == ""


def test_two_indicators_load_alike_and_a_sum_is_the_sum() -> None:
    parts = {"kind": "composite", "of": ["a", "b"], "latent": True, "label": "c", "measured": "after"}
    for metric, loading in (("mean", 1.0), ("sum", 0.5)):
        found = read_construct(Variable.model_validate(parts | {"metric": metric}))
        assert [each.loading for each in found] == [loading, loading]
        assert sum(each.weight * loading for each in found) == 1.0


def test_construct_stands_beside_its_composite_with_what_its_indicators_tell() -> None:
    scores, rng = simulate(120, 6, 4), np.random.default_rng(5)
    parts = ["a", "b", "c"]
    for part in parts:
        scores[part] = scores["m"] + rng.standard_normal(len(scores))
    scores["m"] = scores[parts].mean(axis=1)
    construct = Variable(label="m", kind="composite", of=parts, metric="mean", latent=True, measured="during")
    variables = (
        VARIABLES | {part: Variable(label=part, column=part, measured="during") for part in parts} | {"m": construct}
    )
    dumped = {key: variable.model_dump(mode="json") for key, variable in variables.items()}
    tables = tabulate_fit(fit_model(panel_of(scores), "study", make_spec(), settings(variables=dumped)).tree, LIMITS)
    found = tables["corrected"].query("effect == 'coefficient'").set_index("path")
    assert found.loc["m -> y", "estimate_corrected"] < 1.1 * found.loc["m -> y", "estimate"] < 0
    slope = tables["estimates"].query("effect == 'coefficient' and path == 'm -> y'").iloc[0]
    assert "measurement error" in slope["flag"] and "little reliability" not in slope["flag"]
    corrected_flag = found.loc["m -> y", "flag"]
    assert "few completed data sets" not in corrected_flag and "measurement error" not in corrected_flag
    # 150 rows for each coefficient that is constant within patients are too few for intervals of own pasts, and for these alone.
    assert (
        "interval of a construct" in found.loc["m_lag -> m", "flag"] and "interval of a construct" not in corrected_flag
    )
    assert "interval of a construct" not in set(tables["estimates"]["flag"])
    mark = tables["diagnostics"].set_index(["caution", "subject"]).loc[("corrected_error", "m")]
    # Errors of three parts with variance 1 beside a variance of m within patients of about 1.08.
    assert mark["value"] == pytest.approx(1.08 / (1.08 + 1 / 3), abs=0.06)
    assert "loadings (standard deviations of errors of a session, and of errors that last): a " in mark["detail"]
    # Whether parts drift was tested in the same breath.
    assert set(tables["invariance"]["indicator"]) == set(parts) and "indicators drift" not in corrected_flag
    assert tables["diagnostics"].query("caution == 'drifting_indicator'")["passed"].tolist() == [True]


def test_what_drifts_do_to_estimates_is_told_by_the_one_that_changes_most() -> None:
    def scores(*values: float) -> TrueScores:
        found = Quantities({name: dict.fromkeys(COUNT_COLUMNS, 1) for name in ("m", "y")})
        for (source, outcome), value in zip((("m", "y"), ("y", "m")), values, strict=True):
            found.add(f"{source} -> {outcome}", "coefficient", "within", value + np.array([-0.1, 0.1]), (outcome,))
        point = replace(found, draws=[draws.mean(keepdims=True) for draws in found.draws])
        found = replace(found, rows=[*found.rows], draws=[*found.draws])
        # No effect, so without draws.
        point.add("m -> y, y -> m", "correlation", "between_patient", np.zeros(1), ("m", "y"))
        return TrueScores(found, point, None)  # type: ignore[arg-type]

    told = compare_without(scores(0.5, 0.2), scores(0.49, 0.25))
    assert "no coefficient changes by more than 0.50 standard errors (y -> m: 0.20 before, 0.25 after)" in told
    assert "no coefficients to compare" in compare_without(scores(0.5, 0.2), "no")


def test_error_that_may_be_everything_is_that_of_its_own_outcome() -> None:
    """Equations stand in the order in which outcomes come about, whichever is declared first."""
    residual = np.column_stack([np.full(100, 1.0), np.linspace(0.0, 1.0, 100)])  # nothing may be left of y
    empty = np.empty((100, 0))
    natural = Natural(Layout({"m": 1, "y": 2}, {}), np.zeros((100, 3)), residual, empty, empty, empty, {})
    assert mark_unsettled(natural, ["m"]) == []
    (mark,) = mark_unsettled(natural, ["y", "m"])
    assert (mark.caution, mark.outcomes) == ("unsettled_error", ("y",))
