"""What published numbers give away: an attacker with linear programming, and two runs that differ by one patient."""

import itertools
import math

import numpy as np
import pandas as pd
import pytest

from alliance.config import Config
from alliance.facts.artefacts import ARTEFACTS, NUMBER
from alliance.report.figures import load_figure
from alliance.report.labels import find_roles
from alliance.report.tables import load_table
from alliance.results.disclosure import (
    bounds_of,
    in_multiples,
    publish_digits,
    publish_flow,
    step_for,
    suppress_counts,
    suppress_missing,
    to_step,
)
from tests.artefacts import builders

CONFIG = builders.arms_config()
INPUTS = builders.artefacts(CONFIG)
LEAST = CONFIG.privacy.minimum_cell


class Attacker:
    """Knows that counts are not negative and what is published, and looks for the interval of what is not."""

    def __init__(self) -> None:
        self.parts: dict[object, int] = {}
        self.known: list[tuple[dict[object, float], float, float]] = []

    def learn(self, sum_of: dict[object, float], low: float, high: float) -> None:
        for name in sum_of:
            self.parts.setdefault(name, len(self.parts))
        self.known.append((sum_of, low, high))

    def find(self, sum_of: dict[object, float]) -> tuple[float, float]:
        shown = np.array([self._row(names) for names, _, _ in self.known])
        return bounds_of(self._row(sum_of), shown, *(np.array([one[i] for one in self.known]) for i in (1, 2)))

    def _row(self, sum_of: dict[object, float]) -> np.ndarray:
        row = np.zeros(len(self.parts))
        for name, weight in sum_of.items():
            row[self.parts[name]] = weight
        return row

    def cannot_tell(self, sum_of: dict[object, float]) -> bool:
        low, high = self.find(sum_of)
        return low < 1 + 1e-6 and high > LEAST - 1 - 1e-6


def test_one_small_count_takes_three_others_along() -> None:
    counts = np.array([[20, 18, 38], [3, 9, 12], [17, 13, 30]])
    hidden = suppress_counts(counts, LEAST, rows_add_up=True, columns_add_up=True)
    assert hidden.sum() == 4 and hidden[1, 0]


def test_smallest_minimum_leaves_more_than_one_number_open() -> None:
    # A single hidden count is 10 - 9 = 1: hiding it alone tells it.
    assert suppress_counts(np.array([[1], [9]]), 2, rows_add_up=False, columns_add_up=True).all()


def test_bounds_tell_what_nothing_limits_from_what_contradicts_itself() -> None:
    one, other = np.eye(2)
    exact = np.array([3.0])

    assert bounds_of(one, one[None], exact, exact) == pytest.approx((3, 3))
    assert bounds_of(other, one[None], exact, exact) == (0, math.inf)
    assert all(map(math.isnan, bounds_of(one, np.array([one, one]), *([np.array([3.0, 4.0])] * 2))))


@pytest.mark.parametrize("missing", [[1, 0], [2, 6], [0, 17], [18, 20], [3, 3]])
def test_missing_values_tell_neither_who_is_missing_nor_who_is_not(missing: list[int]) -> None:
    sizes = [20, 22]
    counts, whole = np.array([*missing, sum(missing)]), np.array([*sizes, sum(sizes)])
    hidden = suppress_missing(counts, whole, LEAST)
    attacker = Attacker()
    for group, size in enumerate(sizes):
        attacker.learn({("missing", group): 1, ("seen", group): 1}, size, size)
    sums: list[dict[object, float]] = [{("missing", 0): 1}, {("missing", 1): 1}, {("missing", 0): 1, ("missing", 1): 1}]
    for names, count, secret in zip(sums, counts, hidden, strict=True):
        if not secret:
            attacker.learn(names, count, count)
    for (group, size), kind in itertools.product(enumerate(sizes), ("missing", "seen")):
        count = missing[group] if kind == "missing" else size - missing[group]
        assert not 0 < count < LEAST or attacker.cannot_tell({(kind, group): 1})


def test_sample_keeps_its_secrets_from_readers_of_the_flow() -> None:
    # Of 40 patients 4 did not say their gender: an equation with gender has 4 fewer than the data, so the 3 of the rarest would follow.
    counts = np.array([[23], [10], [3], [4]])
    told = np.array([[False], [False], [False], [True]])
    assert suppress_counts(counts, LEAST, rows_add_up=False, columns_add_up=True)[:, 0].tolist() == [
        False,
        False,
        True,
        True,
    ]
    hidden = suppress_counts(counts, LEAST, rows_add_up=False, columns_add_up=True, told=told)[:, 0]
    attacker = Attacker()
    attacker.learn(dict.fromkeys(range(4), 1.0), 40, 40)
    for level in np.flatnonzero(~hidden | told[:, 0]):
        attacker.learn({level: 1.0}, counts[level, 0], counts[level, 0])
    assert attacker.cannot_tell({2: 1.0})


def test_variables_of_equations_count_as_told_by_the_flow() -> None:
    others = len(INPUTS["patients"]) - 17
    patients = INPUTS["patients"].assign(gender=["man"] * 10 + ["other"] * 3 + [None] * 4 + ["woman"] * others)
    inputs = {**INPUTS, "patients": patients}
    shown = {}
    for term in ("session", "gender_man"):
        spec = CONFIG.models.specs["arm_jointly"].model_dump(mode="json", by_alias=True)
        spec["equations"]["symptoms"]["on"].append(term)
        spec["equations"]["symptoms"]["on"] = list(dict.fromkeys(spec["equations"]["symptoms"]["on"]))
        asked = {"fit": ["arm_jointly"], "specs": {"arm_jointly": spec}}
        config = builders.arms_config(models=asked)
        table = load_table("sample").make(inputs, config).data
        rows = table[table["characteristic"].str.startswith("Gender") & (table["group"] == "Total")]
        shown[term] = set(rows[~rows["suppressed"]]["characteristic"].str.removeprefix("Gender: "))
    assert shown["gender_man"] < shown["session"]


def small_study(seed: int) -> dict[str, pd.DataFrame]:
    """A study of 22 and 19 patients, who stop and skip one by one."""
    rng = np.random.default_rng(seed)
    panel = INPUTS["panel"]
    patients = [*panel.query("arm == 0")["patient"].unique()[:22], *panel.query("arm == 1")["patient"].unique()[:19]]
    last = dict(zip(patients, rng.integers(1, panel["session"].max() + 1, len(patients)), strict=True))
    panel = panel[panel["patient"].isin(patients)]
    panel = panel[panel["session"] <= panel["patient"].map(last)].reset_index(drop=True)
    for name in ("symptoms", "alliance"):
        panel.loc[rng.random(len(panel)) < 0.15, name] = np.nan
    return {**INPUTS, "panel": panel, "patients": INPUTS["patients"][INPUTS["patients"]["patient"].isin(patients)]}


def interval_of(count: float, whole: float) -> tuple[float, float]:
    """What a rounded count says; one that is all but few of the whole is not rounded like that."""
    if count >= whole:
        return whole - LEAST + 1, whole
    return max(0.0, count - LEAST // 2), min(count + LEAST - 1 - LEAST // 2, whole - LEAST)


@pytest.mark.parametrize("seed", range(3))
def test_counts_by_session_tell_nobody_who_stopped_or_skipped(seed: int) -> None:
    inputs = small_study(seed)
    panel = inputs["panel"]
    trajectories = load_figure("trajectories").draw(inputs, CONFIG).values
    observed = load_figure("missingness").draw(inputs, CONFIG).values
    arms = (
        dict(zip(sorted(trajectories["group"].unique()), (0, 1), strict=True))
        if trajectories["group"].nunique() == 2
        else {}
    )
    assert arms, "both arms are drawn"
    size = panel.groupby("arm")["patient"].nunique()
    names = {group: next(arm for arm in (0, 1) if str(group) in _labels(arm)) for group in arms}
    sessions, scores = (
        sorted(panel["session"].unique()),
        [s for s in find_roles(CONFIG).session_scores if s in panel][:2],
    )
    whole = int(size.sum())
    attacker = Attacker()
    last = panel[_held(panel)].groupby("patient")["session"].max()
    arm_of = panel.drop_duplicates("patient").set_index("patient")["arm"]
    for arm in (0, 1):  # everybody stops at some session
        attacker.learn({("stops", arm, s): 1.0 for s in [0, *sessions]}, size[arm], size[arm])
        for session, score in itertools.product(sessions, scores):
            later: dict[object, float] = {("stops", arm, s): -1.0 for s in sessions if s >= session}
            attacker.learn({("seen", arm, session, score): 1.0, ("blank", arm, session, score): 1.0, **later}, 0, 0)
    for row in observed.drop_duplicates("session").itertuples():
        in_all: dict[object, float] = {("stops", arm, s): 1.0 for arm in (0, 1) for s in sessions if s >= row.session}
        attacker.learn(in_all, *interval_of(row.still_in, whole))
    for session in set(sessions) - set(observed["session"]):
        attacker.learn({("stops", arm, s): 1.0 for arm in (0, 1) for s in sessions if s >= session}, 0, 3 * LEAST - 1)
    for row in observed[observed["variable"].isin(scores)].dropna(subset=["still_in"]).itertuples():
        seen: dict[object, float] = {("seen", arm, row.session, row.variable): 1.0 for arm in (0, 1)}
        low, high = (0, LEAST - 1) if math.isnan(row.share) else interval_of(round(row.share * row.still_in), whole)
        if row.share == 1 and row.still_in < whole:
            low, high = row.still_in - LEAST // 2, whole
        attacker.learn(seen, low, high)
    drawn = {(names[row.group], row.session, row.variable) for row in trajectories.itertuples()}
    for cell in itertools.product((0, 1), sessions, scores):
        attacker.learn({("seen", *cell): 1.0}, *((LEAST, size[cell[0]]) if cell in drawn else (0, LEAST - 1)))
    tried = 0
    for arm, session in itertools.product((0, 1), sessions):
        mine = arm_of[arm_of == arm].index
        targets = [({("stops", arm, session): 1.0}, int((last.reindex(mine) == session).sum()))]
        here = panel[(panel["session"] == session) & (panel["arm"] == arm)]
        still = int((last.reindex(mine) >= session).sum())
        targets += [({("seen", arm, session, s): 1.0}, int(here[s].notna().sum())) for s in scores]
        targets += [({("blank", arm, session, s): 1.0}, still - int(here[s].notna().sum())) for s in scores]
        for target, count in targets:
            if 0 < count < LEAST:
                tried += 1
                assert attacker.cannot_tell(target), (target, count, attacker.find(target))
    assert tried > 10


def _labels(arm: int) -> str:
    declared = CONFIG.variables["arm"].levels or {}
    return " ".join(label for label, value in declared.items() if value == arm).replace("_", " ") + " "


def _held(panel: pd.DataFrame) -> pd.Series:
    from alliance.data.panel import sessions_held

    return sessions_held(panel, CONFIG.variables)


def test_figures_do_not_say_how_long_the_last_patient_stayed() -> None:
    inputs, values = small_study(0), []
    last = inputs["panel"].sort_values("session").tail(1)
    for more in (0, 9):  # sessions that nobody else reached
        panel = pd.concat([inputs["panel"], *(last.assign(session=last["session"] + 1 + n) for n in range(more))])
        study = {**inputs, "panel": panel.reset_index(drop=True)}
        values.append([load_figure(name).draw(study, CONFIG).values for name in ("trajectories", "missingness")])
    for short, long in zip(*values, strict=True):
        assert long["session"].max() == short["session"].max() < last["session"].iloc[0]


def test_flow_tells_no_stage_that_removed_few() -> None:
    for removed in ([0, 1, 6, 0], [0, 2, 0, 0], [0, 1, 2, 0], [0, 7, 0, 9], [0, 3, 3, 3], [0, 0, 0, 0]):
        left = 60 - np.cumsum(removed)
        flow = pd.DataFrame({"model": "", "n_patients": left, "removed_patients": removed})
        shown = publish_flow(flow, LEAST)
        attacker = Attacker()
        attacker.learn(dict.fromkeys(range(4), 0.0), 0, 0)
        for stage in range(4):
            after: dict[object, float] = dict.fromkeys(range(stage + 1, 4), 1.0)
            for names, value in (
                ({"end": 1.0, **after}, shown["n_patients"]),
                ({stage: 1.0}, shown["removed_patients"]),
            ):
                if not math.isnan(value[stage]):
                    attacker.learn(names, value[stage], value[stage])  # type: ignore[arg-type]
        assert shown["n_patients"].iloc[-1] == left[-1], "how many are analysed is always known"
        for stage, count in enumerate(removed):
            assert not 0 < count < LEAST or attacker.cannot_tell({stage: 1.0}), (removed, stage)
        if not any(0 < count < LEAST for count in removed):
            assert shown.notna().all(axis=None)


def published_means(inputs: dict[str, pd.DataFrame], config: Config) -> dict[str, float]:
    """All means of the whole sample, as they are published."""
    sample = load_table("sample").make(inputs, config).data
    means = sample[(sample["statistic"] == "mean") & (sample["group"] == "Total")].dropna(subset=["value"])
    return {row.characteristic: row.value for row in publish_digits(means).itertuples()}


def test_two_runs_that_differ_by_one_patient_do_not_give_his_score() -> None:
    patients = INPUTS["patients"]
    age = pd.to_numeric(patients["age"])
    with_all, errors = published_means(INPUTS, CONFIG)["Age (years)"], []
    for one in patients["patient"].head(30):
        rest = {name: frame[frame["patient"] != one] if "patient" in frame else frame for name, frame in INPUTS.items()}
        without = published_means(rest, CONFIG)["Age (years)"]
        n = len(patients)
        guess = n * with_all - (n - 1) * without
        errors.append(guess - float(age[patients["patient"] == one].iloc[0]))
    assert np.sqrt(np.mean(np.square(errors))) > 0.9 * age.std(), "the attack tells no more than the mean of all does"


def test_steps_are_between_a_quarter_and_five_eighths_of_the_error() -> None:
    for error in 10 ** np.linspace(-4, 4, 200):
        assert 0.25 * (1 - 1e-9) <= step_for(error) / error <= 0.625 * (1 + 1e-9)
    assert to_step(23.456, step_for(0.77)) == 23.4 and to_step(0.001, 0.5) == 0.001
    assert to_step(4e-17, 0.5) == 0, "what a sum leaves of zero"
    assert math.isnan(step_for(0.0)) and to_step(23.45678, math.nan) == 23.46


def test_estimates_keep_two_digits_of_their_error_and_counts_all_of_theirs() -> None:
    table = pd.DataFrame({"estimate": [0.123456], "sd": [0.0345678], "low": [0.05567], "n": [12345.0], "p": [0.123456]})
    assert publish_digits(table).iloc[0].to_dict() == {
        "estimate": 0.123,
        "sd": 0.035,
        "low": 0.056,
        "n": 12345.0,
        "p": 0.1235,
    }


# Columns beside an error that are no estimates.
NO_ESTIMATES = {
    "interval",
    "p_direction",
    "value",
    "change",
    "shift",
    "overlap",
    "median",
    "observed",
    "p_value",
    "p_adjusted",
    "size",
    "largest",
    "length",
    "loading",
    "truth",
    *("weight", "error", "share", "share_low", "share_high", "q", "scale"),  # of sites put together
    "correlation",  # of two estimates
}


@pytest.mark.parametrize(
    "name", [name for name, one in ARTEFACTS.items() if {"sd", "low"} & set(one.columns) and "mean" not in one.columns]
)
def test_every_estimate_of_an_artefact_has_the_digits_of_its_error(name: str) -> None:
    columns = [column for column, kind in ARTEFACTS[name].columns.items() if kind == NUMBER]
    table = pd.DataFrame({column: [0.123456] for column in columns})
    for column in columns:
        if column.startswith("sd"):
            table[column] = 0.0345678
        if column.startswith("high"):
            table[column] = 0.123456 + 4 * 0.0345678
    published = publish_digits(table).iloc[0]
    for column in set(columns) - NO_ESTIMATES:
        assert published[column] == round(table[column].iloc[0], 3), column


def test_multiples_leave_as_much_open_as_a_small_count_needs() -> None:
    for least in (1, 2, 5, 10):
        of_value: dict[float, list[int]] = {}
        for count in range(200):
            of_value.setdefault(in_multiples(count, least), []).append(count)
        assert {len(counts) for value, counts in of_value.items() if 0 < value < 200 - least} == {least}
