"""The truth in the words of the estimates table, beside what interventions and long series show."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from alliance.worlds.course import Course
from alliance.worlds.dynamics import run_sessions
from alliance.worlds.people import People, draw_people
from alliance.worlds.settings import World
from alliance.worlds.study import run_study, streams_of
from alliance.worlds.truth import KEYS, slopes_between_therapists, true_quantities

from .settings_for_tests import WORLD, changed, example, world

PAIRS = (("technique", "symptoms"), ("arm", "symptoms"), ("alliance", "symptoms"), ("symptoms", "alliance"))
MEDIATED = "x -> m -> y"


def truth_of(world: World, *pairs: tuple[str, str]) -> pd.Series:
    rows = true_quantities(world, pairs or [("x", "y")])
    return rows.set_index(["path", "effect", "level", "horizon"])["value"].sort_index()


def run(world: World, people: People | None = None) -> tuple[People, Course]:
    """Run all sessions, with the same chances for the same seed."""
    people = people or draw_people(world, streams_of(world.seed)["people"])
    return people, run_sessions(world, people, streams_of(world.seed)["sessions"])


def slopes(y: np.ndarray, *x: np.ndarray) -> np.ndarray:
    """Return the coefficients of least squares, without the intercept."""
    return np.linalg.lstsq(np.column_stack([np.ones(len(y)), *x]), y, rcond=None)[0][1:]


def test_the_indirect_effect_is_the_mean_product_of_the_patients_own_slopes() -> None:
    people, _ = run(world())
    a, b = (mean + people.deviation(effect) for mean, effect in ((1.2, "x -> m"), (-0.5, "m -> y")))
    truth = truth_of(world())
    # The standard deviation of a product is .37, so of the mean of 4000 products .006.
    assert truth[MEDIATED, "indirect", "within", "same session"] == pytest.approx(np.mean(a * b), abs=0.02)
    assert truth[MEDIATED, "indirect_product", "within", "same session"] == pytest.approx(-0.6)
    assert truth[MEDIATED, "cov_ab", "within", "same session"] == pytest.approx(-0.5 * 0.4 * 0.2)


@pytest.mark.parametrize(("sd", "share"), [({}, 0.0), ({"x -> m": 0.2}, 0.2)])
def test_slopes_that_therapists_share_are_said_to_differ_by_nothing_between_them(
    sd: dict[str, float], share: float
) -> None:
    settings = world(patients={"sd": {"x -> m": 0.4}}, therapists={"sd": sd})
    rows = slopes_between_therapists(settings).set_index(["path", "effect", "level", "horizon"])["value"]
    whole = truth_of(settings)
    spread = ("x -> m", "sd", "therapist", "")
    assert rows.get(spread, whole.get(spread)) == sd.get("x -> m", 0.0)
    assert rows["x -> m", "slope_share", "therapist", ""] == pytest.approx(share)  # .04 / (.04 + .16)
    assert set(rows.index.get_level_values("path")) == {"x -> m"}  # nobody differs in any other
    # Few models let slopes vary between therapists, so the truth that every model is held against has no row of it.
    assert not rows.index.intersection(whole.index).size


def test_a_path_of_three_steps_is_the_expectation_of_their_product() -> None:
    variables = {**changed("variables", "y", causes={"n": 0.5})}
    variables["y"].pop("first")
    variables["n"] = {"measured": "during", "causes": {"m": -0.7}}
    sd = {"x -> m": 0.4, "m -> n": 0.3, "n -> y": 0.2}
    correlation = {"x -> m, m -> n": 0.5, "m -> n, n -> y": 0.4, "x -> m, n -> y": -0.3}
    settings = world(variables=variables, patients={"sd": sd, "correlation": correlation}, therapists={})
    # abc + a cov(b, c) + b cov(a, c) + c cov(a, b)
    expected = 1.2 * -0.7 * 0.5 + 1.2 * 0.4 * 0.06 + -0.7 * -0.3 * 0.08 + 0.5 * 0.5 * 0.12
    assert truth_of(settings)["x -> m -> n -> y", "indirect", "within", "same session"] == pytest.approx(expected)


def test_direct_and_indirect_effects_add_up_to_the_total_at_every_level() -> None:
    truth = truth_of(world())
    for level in ("within", "between_patient", "between_therapist"):
        parts = truth[MEDIATED, "indirect", level, "same session"] + truth["x -> y", "direct", level, "same session"]
        assert truth["x -> y", "total", level, "same session"] == pytest.approx(parts)


@pytest.mark.parametrize(("level", "section"), [("between_patient", "patients"), ("between_therapist", "therapists")])
def test_effects_between_are_regressions_on_the_levels_at_which_people_come_to_rest(level: str, section: str) -> None:
    """Without chance values settle at the latent means, each patient's by their own slopes: 40 sessions later nothing moves any more."""
    still = {
        name: {**variable, "sd": 0.0, "first": {"mean": 0, "sd": 0}} for name, variable in WORLD["variables"].items()
    }
    apart = {"patients": {}, "therapists": {}, section: WORLD[section]}
    size = {"patients": 30000, "therapists": 9000 if section == "therapists" else 1, "sessions": 2}
    settings = world(variables=still, unseen=40, size=size, **apart)
    x, m, y = (run(settings)[1].values[name][:, -1] for name in "xmy")
    truth = truth_of(world(**apart))
    # Standard errors of regressions over 9,000 units are .02 and less; at average slopes the total of patients would be off by .2.
    assert slopes(m, x)[0] == pytest.approx(truth["x -> m", "a", level, "same session"], abs=0.04)
    b, direct = slopes(y, m, x)
    assert b == pytest.approx(truth["m -> y", "b", level, "same session"], abs=0.03)
    assert direct == pytest.approx(truth["x -> y", "c_prime", level, "same session"], abs=0.04)
    assert slopes(y, x)[0] == pytest.approx(truth["x -> y", "total", level, "same session"], abs=0.04)


def test_what_a_mediator_carries_over_sessions_is_what_is_lost_when_its_arrow_is_cut() -> None:
    """Raise x by one at every session, all chances being equal, with and without the arrow from m to y."""

    def moved(cut: bool, higher: float) -> np.ndarray:
        variables = changed("variables", "x", mean=3.0 + higher, centre=3.0, causes={})
        variables["x"].pop("first")
        for name in ("m", "y"):
            # The start is moved as the equation would move it, so that effects act from the first session on.
            variables[name] = {**variables[name], "first": {"mean": 0.0, "sd": 0.0, "heading": True}}
        settings = world(variables=variables)
        people, _ = run(settings)
        if cut:
            variables["y"] = {**variables["y"], "causes": {**variables["y"]["causes"], "m": 0.0}}
            settings, people = world(variables=variables), without(people, "m -> y")
        return run(settings, people)[1].values["y"].mean(axis=0)

    carried = (moved(False, 1.0) - moved(False, 0.0)) - (moved(True, 1.0) - moved(True, 0.0))
    variables = changed("variables", "x", causes={})
    variables["x"].pop("first")
    truth = truth_of(world(variables=variables))
    expected = [truth[MEDIATED, "accumulated", "within", f"after {n} session{'s' * (n > 1)}"] for n in range(1, 7)]
    # Slopes of 4000 patients leave standard errors of .006 to .02.
    assert carried == pytest.approx(expected, abs=0.06)
    assert expected[-1] < 1.5 * expected[0]


def without(people: People, effect: str) -> People:
    patients, therapists = (
        {key: v for key, v in d.items() if key != effect} for d in (people.patients, people.therapists)
    )
    return replace(people, patients=patients, therapists=therapists)


def test_the_arm_at_the_end_is_the_difference_that_treating_everybody_makes() -> None:
    scales = {name: {"scale": None} for name in ("technique", "alliance", "symptoms")}
    settings = example(size={"patients": 9000, "therapists": 900}, variables=scales)
    people, _ = run(settings)
    treated, control = (
        run(settings, replace(people, arm=np.full_like(people.arm, arm)))[1].values["symptoms"][:, -1] for arm in (1, 0)
    )
    truth = truth_of(settings, *PAIRS)
    # Slopes of 9000 patients leave a standard error of .003; rounded homework leaves about as much.
    assert (treated - control).mean() == pytest.approx(
        truth["arm -> symptoms", "total", "overall", "at session 16"], abs=0.02
    )
    mediated = truth["arm -> alliance -> symptoms", "indirect", "overall", "at session 16"]
    # The direct effect alone builds up as -.45 (1 + .4 + .16 + ...).
    assert mediated == pytest.approx((treated - control).mean() + 0.45 / 0.6, abs=0.02)


def test_one_point_of_technique_at_one_session_moves_the_next_symptoms_by_the_total_effect() -> None:
    """Intervene: give every patient the same technique at the first session, then one point more, all chances being equal."""
    size = {"patients": 9000, "therapists": 900, "sessions": 2}
    low, high = (example(seed=2, size=size, variables={"technique": {"mean": m, "centre": 3.0}}) for m in (2.5, 3.5))
    people, before = run(low)
    _, after = run(high, people)
    change = {name: after.values[name] - before.values[name] for name in ("symptoms", "technique")}
    total = truth_of(low, *PAIRS)["technique -> symptoms", "total", "within", "next session"]
    # Rounding and clipping of 9000 patients' scores leave about .01.
    assert change["symptoms"][:, 1].mean() / change["technique"][:, 0].mean() == pytest.approx(total, abs=0.03)


def test_spread_of_intercepts_is_listed_only_where_nothing_depends_on_the_past() -> None:
    def without_past(variable: dict[str, object]) -> dict[str, object]:
        causes = {term: effect for term, effect in dict(variable["causes"]).items() if not term.endswith("_lag")}  # type: ignore[call-overload]
        return {key: value for key, value in variable.items() if key != "first"} | {"causes": causes}

    static = world(variables={name: without_past(variable) for name, variable in WORLD["variables"].items()})
    truth = truth_of(static)
    assert truth["intercept -> m", "sd", "patient", ""] == 1.0
    assert truth["intercept -> m", "sd", "therapist", ""] == 0.5
    assert truth["intercept -> m, intercept -> y", "correlation", "patient", ""] == -0.4
    assert truth["residual -> y", "sd", "session", ""] == 2.0
    assert not [key for key in truth_of(world()).index if key[0].startswith("intercept")]
    assert truth_of(world())["x -> m, m -> y", "correlation", "patient", ""] == -0.5


def test_residuals_hold_rounding_and_what_enters_as_a_surprise() -> None:
    settings = example(size={"patients": 3000, "therapists": 300})
    truth = truth_of(settings, *PAIRS)["residual -> symptoms", "sd", "session", ""]
    # 45,000 values leave a standard error of .007; few are cut off.
    assert run_study(settings)[1].surprises["symptoms"][:, 1:].std() == pytest.approx(truth, abs=0.03)


def test_what_lasts_is_listed_as_models_call_it() -> None:
    lasting = world(variables=changed("variables", "y", lasts=0.6))
    table = true_quantities(lasting, [("x", "y")])
    (row,) = table[table["effect"] == "autocorrelation"].to_dict("records")
    assert (row["path"], row["level"], row["horizon"], row["value"]) == (
        "residual -> y",
        "session",
        "one session apart",
        0.6,
    )
    assert "autocorrelation" not in set(true_quantities(world(), [("x", "y")])["effect"])


def test_each_quantity_is_listed_once() -> None:
    assert not true_quantities(example(), PAIRS).duplicated(KEYS).any()
