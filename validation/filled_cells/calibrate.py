"""Simulation-based calibration with missing cells and with two outcomes of one occasion, in small studies.

Parameters are drawn from priors, data of 40 patients with 8 sessions from the parameters, by the generator of the predictive checks. The
priors are the default ones but for the slopes, .3 instead of 1: with wider ones most series would explode, and data sets be unlike any
study. Fits use the same priors. Two diagrams with lagged outcomes and initial values:

``skipped``       technique -> alliance -> symptoms, slopes of patients that go together; a tenth of sessions after the first is skipped,
                  and an eighth of what is left is blank
``cross_lagged``  alliance and symptoms, each on the past of both, residuals of one occasion free to covary; complete
``cross_skipped`` the same with sessions skipped and answers blank

First sessions are fixed and complete: the density that a fit gives to initial values is no part of the priors. So are the levels from
which slopes deviate, and units are not standardised, since the priors are about standard units. Everything else is what a fit does.
The ranks of the parameters among 99 thinned draws are added to `results/filled_cells/ranks.csv` data set by data set, and a run that was
stopped goes on. Tables and figure are of what is there:

    nice python validation/filled_cells/calibrate.py 200          # data sets of each diagram
"""

import sys
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import stats

from alliance.certify.calibration import RANK_COLUMNS, compare_parameters, summarise_calibration
from alliance.config import ModelSpec, Variable
from alliance.config.initial import with_initial_values
from alliance.data.panel import make_panel
from alliance.inference.depths import LAPLACE, Request, explore
from alliance.inference.montecarlo import generator_for
from alliance.models.design.arrays import Design, Level, make_design
from alliance.models.filling.grid import Grid, make_grid
from alliance.models.generator import generate_outcomes
from alliance.models.path.basis import explore_completed
from alliance.models.path.filled import complete
from alliance.models.path.maximum import maximise
from alliance.models.path.posterior import PathPosterior
from alliance.models.path.target import make_target
from alliance.models.quantities.population import make_population
from alliance.models.rows import select_rows
from alliance.report.figures.ranks import draw_rank_ecdf
from alliance.steps.calibration import save_drawing

HERE = Path(__file__).parent
KEPT = HERE.parents[1] / "results/filled_cells/ranks.csv"  # of every data set
PATIENTS, SESSIONS, DRAWS, SEED = 40, 8, 99, 1
SKIPPED, BLANK, DATA_SETS = 0.1, 0.125, 10
LEVEL, BINS = 0.95, 5
PRIORS = {"slope_sd": 0.3, "intercept_sd": 1.0, "residual_sd": 1.0, "varying_sd": 0.5, "correlations": "uniform"}
SAMPLING = {
    "laplace": {"chains": 2, "draws": 500, "tune": 500, "target_accept": 0.8},
    "nuts": {"chains": 2, "draws": 200, "tune": 500, "target_accept": 0.8},
}
CROSS_LAGGED = {outcome: {"on": ["alliance_lag", "symptoms_lag"]} for outcome in ("alliance", "symptoms")}
DIAGRAMS = {
    "skipped": {
        "technique": {"on": [], "vary": {"patient": ["intercept"]}},
        "alliance": {"on": ["technique", "alliance_lag"], "vary": {"patient": ["intercept", "technique"]}},
        "symptoms": {"on": ["alliance", "symptoms_lag"], "vary": {"patient": ["intercept", "alliance"]}},
    },
    "cross_lagged": CROSS_LAGGED,
    "cross_skipped": CROSS_LAGGED,
}
DEPTHS = {"skipped": "nuts", "cross_lagged": "laplace", "cross_skipped": "laplace"}


def spec_of(diagram: str) -> ModelSpec:
    """Declare a diagram, with initial values."""
    equations = DIAGRAMS[diagram]
    effects = {"from": next(iter(equations)), "to": "symptoms"}
    return with_initial_values(
        ModelSpec.model_validate(
            {"label": diagram, "family": "multilevel_path", "equations": equations, "effects": effects}
        )
    )


def variables_of(diagram: str) -> dict[str, Variable]:
    """Declare when each variable is measured: two outcomes of one occasion at the same time."""
    timing = {"technique": "before", "alliance": "during", "symptoms": "after"}
    if diagram != "skipped":
        timing = {"alliance": "after", "symptoms": "after"}
    return {name: Variable(label=name, column=name, measured=when) for name, when in timing.items()}


def panel_of(scores: pd.DataFrame, variables: dict[str, Variable]) -> pd.DataFrame:
    """Return the panel of the sessions that were held."""
    patients = scores[["patient"]].drop_duplicates().assign(therapist="T01")
    return make_panel(
        scores.assign(therapist="T01"), patients, pd.DataFrame({"therapist": ["T01"]}), variables, 1, None
    )


def design_of(diagram: str, panel: pd.DataFrame, grid: Grid | None = None) -> Design:
    """Return the arrays of data that are in standard units already."""
    spec, variables = spec_of(diagram), variables_of(diagram)
    rows, _ = select_rows(panel, "calibration", spec, grid)
    design = make_design("calibration", spec, rows, variables)
    equations = {}
    for outcome, equation in design.equations.items():
        zeros = np.zeros(len(equation.terms))
        used = equation.rows
        y, x = used[outcome].to_numpy(dtype=float), used[list(equation.terms)].to_numpy(dtype=float)
        levels = {term: Level(0.0, dict.fromkeys(level.slopes, 0.2)) for term, level in equation.levels.items()}
        equations[outcome] = replace(
            equation, y=y, x=x, y_mean=0.0, y_sd=1.0, x_mean=zeros, x_sd=zeros + 1, levels=levels
        )
    return replace(design, equations=equations)


def simulate(diagram: str, rng: np.random.Generator) -> tuple[dict[str, np.ndarray], pd.DataFrame]:
    """Draw parameters from the priors and a data set from the parameters."""
    variables = variables_of(diagram)
    patient = np.repeat(np.arange(PATIENTS), SESSIONS)
    session = np.tile(np.arange(1, SESSIONS + 1), PATIENTS)
    scores = pd.DataFrame(
        {
            "patient": [f"P{number + 1:03d}" for number in patient],
            "session": session,
            "days": 7.0 * session,
            "weeks": session - 1.0,
            **{name: rng.standard_normal(len(patient)) for name in variables},
        }
    )
    panel = panel_of(scores, variables)
    design = design_of(diagram, panel)
    before = PathPosterior(make_target(design), PRIORS)
    truth = before.named(before.draw_prior(1, rng))
    outcomes = generate_outcomes(panel, design, make_population(design, truth), 1, rng)
    scores = scores.assign(**{name: values[:, 0] for name, values in outcomes.items()})
    if diagram != "cross_lagged":
        first = scores["session"] == 1
        blank = (rng.random((len(scores), len(variables))) < BLANK) & ~first.to_numpy()[:, None]
        scores[list(variables)] = scores[list(variables)].mask(blank)
        scores = scores[first | (rng.random(len(scores)) >= SKIPPED)].reset_index(drop=True)
    return compare_parameters(design, truth), panel_of(scores, variables)


def rank(diagram: str, depth: str, number: int) -> pd.DataFrame:
    """Simulate a data set, draw from its posterior and rank the parameters among the draws."""
    true, panel = simulate(diagram, generator_for(SEED, diagram, str(number)))
    grid = make_grid(panel, spec_of(diagram), variables_of(diagram), 1, None)
    request = Request(f"{diagram} {number}", SEED, 0, SAMPLING[depth])
    if grid is None:
        maximum = maximise(design_of(diagram, panel))
        posterior = PathPosterior(maximum.target, PRIORS)
        found = explore(depth, request, maximum, posterior)
    else:
        completion = complete(design_of(diagram, grid.panel, grid), grid, DATA_SETS, request.generator("missing cells"))
        found = explore_completed(depth, request, completion, PRIORS)
        posterior = PathPosterior(completion.sets[0].maximum.target, PRIORS)
    thinned = np.linspace(0, len(found.positions) - 1, DRAWS).round().astype(int)
    drawn = compare_parameters(posterior.target.design, posterior.named(found.positions[thinned]))
    flag = found.engine if depth == "laplace" and found.engine != LAPLACE else ""
    if found.statistics is not None and int(found.statistics["diverging"].sum()):
        flag = "divergences"
    rows = [
        (f"{diagram}, {depth}", number, quantity, int((drawn[quantity] < value[0]).sum()), DRAWS, flag)
        for quantity, value in true.items()
    ]
    return pd.DataFrame(rows, columns=RANK_COLUMNS)


def summarise(ranks: pd.DataFrame) -> None:
    """Write the tests of uniform ranks, their counts and the figure of their distribution functions."""
    table = summarise_calibration(ranks, LEVEL, SEED)
    groups = ranks.groupby(["engine", "quantity"], sort=False)["rank"]
    counts = groups.apply(lambda found: np.histogram(found, np.linspace(0, DRAWS + 1, BINS + 1) - 0.5)[0])
    table["p_chi_square"] = [float(stats.chisquare(found).pvalue) for found in counts]
    table.round(4).to_csv(HERE / "calibration.csv", index=False)
    width = (DRAWS + 1) // BINS
    names = [f"ranks_{first}_{first + width - 1}" for first in range(0, DRAWS + 1, width)]
    pd.DataFrame(np.array(counts.tolist()), counts.index, names).reset_index().to_csv(HERE / "ranks.csv", index=False)
    engines = list(dict.fromkeys(ranks["engine"]))
    for name in DIAGRAMS:
        shown = {engine: engine for engine in engines if engine.split(",")[0] == name}
        drawing = draw_rank_ecdf(ranks[ranks["engine"].isin(shown)], shown, LEVEL, SEED)
        save_drawing(drawing, str(HERE / f"rank_ecdf_{name}.svg"), str(HERE / f"rank_ecdf_{name}.png"), 150)


def main(data_sets: int) -> None:
    """Rank data sets that are not there yet, and write what was found."""
    KEPT.parent.mkdir(parents=True, exist_ok=True)
    ranks = pd.read_csv(KEPT, keep_default_na=False) if KEPT.exists() else pd.DataFrame(columns=RANK_COLUMNS)
    done = set(zip(ranks["engine"], ranks["data_set"], strict=True))
    for number, (diagram, depth) in product(range(data_sets), DEPTHS.items()):
        if (f"{diagram}, {depth}", number) not in done:
            rank(diagram, depth, number).to_csv(KEPT, mode="a", index=False, header=not KEPT.exists())
    summarise(pd.read_csv(KEPT, keep_default_na=False))


if __name__ == "__main__":
    main(int(sys.argv[1]))
