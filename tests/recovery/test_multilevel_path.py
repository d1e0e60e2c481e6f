"""The joint engine finds the truth of small simulated studies, and its intervals hold it as often as they say.

A small version of the recovery that runs as a target of the workflow. Restricted maximum likelihood, so that many studies take seconds.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from alliance.certify.recovery import simulate_panel, variables_of
from alliance.config import ModelSpec, read_yaml
from alliance.inference.restricted import Restricted
from alliance.models.design.arrays import make_design
from alliance.models.diagram import every_path
from alliance.models.path.maximum import maximise, population_of
from alliance.models.quantities.compute import compute_quantities
from alliance.models.rows import select_rows
from alliance.worlds.settings import World
from alliance.worlds.truth import true_quantities

WORLDS = read_yaml(Path(__file__).with_name("worlds.yaml"))
KEYS = ["path", "effect", "level"]
A, C_PRIME = ("x -> m", "a", "within"), ("x -> y", "c_prime", "within")
DRAWS = 4000  # per study: a tenth of them moves the ends of intervals enough to lose three studies of forty


def declare(name: str, without: str = "") -> tuple[World, ModelSpec]:
    """Return a world and its model, without the equation of one outcome."""
    model: dict[str, Any] = {"label": name, "family": "multilevel_path", "depth": "ml", **WORLDS[name]}
    world = World.model_validate(model.pop("world"))
    equations = {outcome: equation for outcome, equation in model["equations"].items() if outcome != without}
    return world, ModelSpec.model_validate(model | {"equations": equations})


def recover(world: World, spec: ModelSpec, studies: int) -> pd.DataFrame:
    """Return estimate, low and high (columns) of each quantity in each study (rows)."""
    variables, groups = variables_of(world), every_path("recovery", spec, variables_of(world))
    tables = []
    for seed in range(studies):
        rows, _ = select_rows(simulate_panel(world.model_copy(update={"seed": seed})), "recovery", spec)
        maximum = maximise(make_design("recovery", spec, rows, variables))
        assert maximum.converged
        restricted = Restricted(maximum, maximum.target.quadratic)
        positions = restricted.draw(DRAWS, np.random.default_rng(seed))
        # The estimate first, then the draws.
        population = population_of(maximum, np.concatenate([restricted.position[None], positions]))
        rng = np.random.default_rng(seed)
        found = compute_quantities(
            maximum.target.design, population, groups, variables, 1, rng, range(1, world.size.sessions + 1)
        )
        values = np.array(found.draws)
        low, high = np.quantile(values[:, 1:], [0.025, 0.975], axis=1)
        index = pd.MultiIndex.from_frame(found.table()[KEYS])
        tables.append(pd.DataFrame({"estimate": values[:, 0], "low": low, "high": high}, index=index))
    return pd.concat(tables).sort_index()


def check_bias(results: pd.DataFrame, truth: pd.Series, share: float = 0.1) -> None:
    """Compare mean estimates with the truth: within 3 Monte Carlo standard errors, and off by less than a share."""
    for key, value in truth.items():
        estimates = results.loc[key, "estimate"]
        error = float(estimates.mean()) - value
        # Right estimators fail once in 370 quantities, and seeds are fixed.
        assert abs(error) < 3 * estimates.std() / np.sqrt(len(estimates)), (key, error)
        assert abs(error) < share * abs(value), (key, error)


def check_coverage(results: pd.DataFrame, truth: pd.Series) -> None:
    """Compare how many 95 % intervals hold the truth with what 95 % allow, by chance once in 1000 quantities on either side."""
    for key, value in truth.items():
        intervals = results.loc[key]
        held = int(((intervals["low"] <= value) & (value <= intervals["high"])).sum())
        low, high = stats.binom.ppf([0.001, 0.999], len(intervals), 0.95)
        assert low <= held <= high, (key, held, len(intervals))


@pytest.mark.parametrize(
    ("name", "studies", "effects", "levels"),
    [
        ("covarying_slopes", 80, ["a", "b", "c_prime", "indirect", "indirect_product"], ["within", "between_patient"]),
        ("few_sessions", 40, ["effect"], ["within", "between_patient"]),
        ("confounded_cause", 12, ["a", "b", "c_prime", "indirect"], ["within"]),
        # Without initial values, as here, a model with a past leaves out a part of what patients differ in.
        ("own_past", 12, ["coefficient", "effect"], ["within"]),
        ("three_levels", 40, ["effect", "sd"], ["within", "between_patient", "between_therapist", "patient", "therapist"]),
    ],
)  # fmt: skip
def test_effects_are_recovered_and_held_by_their_intervals(
    name: str, studies: int, effects: list[str], levels: list[str]
) -> None:
    world, spec = declare(name)
    rows = true_quantities(world, [(asked.source, asked.target) for asked in spec.every_effects()])
    truth = rows[rows["effect"].isin(effects) & rows["level"].isin(levels)].set_index(KEYS)["value"]
    results = recover(world, spec, studies)
    check_bias(results, truth)
    check_coverage(results, truth)
    if name == "few_sessions":
        # Observed means would draw it to the one within: -.2 - .4 x .56 = -.42.
        assert results.loc["m -> y", "effect", "between_patient"]["estimate"].mean() < -0.52


def test_cause_without_an_equation_of_its_own_mixes_levels() -> None:
    mixed = recover(*declare("confounded_cause", without="x"), 12)
    # Without it x -> m is a mean of the effect within patients, .30, and that between observed means, .30 + .3 / (.5 + 1/8) = .78. Their
    # weights are the sums of squares within, 7, and between, 8 (.5 + 1/8) = 5, the latter times 1 / (1 + 8 x .656) = .16, with .656 the
    # variance of m's intercepts given x: (7 x .30 + .16 x 5 x .78) / (7 + .16 x 5) = .349. Twelve studies leave a standard error of .005.
    assert mixed.loc[A, "estimate"].mean() == pytest.approx(0.349, abs=0.015)
    # The direct effect takes the association of the intercepts of x and y.
    assert mixed.loc[C_PRIME, "estimate"].mean() > 0.10 + 0.02
