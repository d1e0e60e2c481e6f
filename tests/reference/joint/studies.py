"""The studies of this folder as the tests see them: declared models, recorded values, and a density that shares no code with the engine.

``simulate.py`` wrote the data, ``maximum.R`` and ``bayes.R`` wrote ``maximum.csv`` and ``posterior.csv`` from them.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from alliance.config import ModelSpec, Variable
from alliance.models.design.arrays import Design, make_design
from alliance.models.rows import select_rows

HERE = Path(__file__).parent
VARIABLES = {
    "x": Variable(label="cause", column="x", measured="before"),
    "m": Variable(label="mediator", column="m", measured="during"),
    "y": Variable(label="outcome", column="y", measured="after"),
}
# Name in maximum.csv -> file with the data and declared equations, in the words of the configuration.
STUDIES: dict[str, tuple[str, dict[str, dict[str, Any]]]] = {
    "mediation": (
        "mediation",
        {
            "m": {"on": ["x"], "vary": {"patient": ["intercept", "x"]}},
            "y": {"on": ["m", "x"], "vary": {"patient": ["intercept", "m", "x"]}},
        },
    ),
    "lagged": (
        "lagged",
        {
            "m": {"on": ["x", "y_lag", "y_baseline"], "vary": {"patient": ["intercept"]}},
            "y": {"on": ["m", "y_lag", "y_baseline"], "vary": {"patient": ["intercept", "m"]}},
        },
    ),
    "one_equation": (
        "nested",
        {"y": {"on": ["m", "x"], "vary": {"patient": ["intercept", "m"], "therapist": ["intercept"]}}},
    ),
    "nested": (
        "nested",
        {
            "m": {"on": ["x"], "vary": {"patient": ["intercept"], "therapist": ["intercept"]}},
            "y": {"on": ["m", "x"], "vary": {"patient": ["intercept", "m"], "therapist": ["intercept"]}},
        },
    ),
    "bayes": (
        "bayes",
        {
            "m": {"on": ["x"], "vary": {"patient": ["intercept", "x"]}},
            "y": {"on": ["m", "x"], "vary": {"patient": ["intercept", "m"]}},
        },
    ),
}
BY_MAXIMUM = [name for name in STUDIES if name != "bayes"]


def sessions_of(study: str) -> pd.DataFrame:
    """Return the data of a study, one row per patient and session."""
    return pd.read_csv(HERE / f"{STUDIES[study][0]}.csv")


def spec_of(study: str, **changes: Any) -> ModelSpec:
    """Declare the model of a study."""
    cause = "m" if study == "lagged" else "x"
    declared = {
        "label": study,
        "family": "multilevel_path",
        "depth": "ml",
        "equations": STUDIES[study][1],
        "effects": {"from": cause, "to": "y"},
    }
    return ModelSpec.model_validate(declared | changes)


def design_of(study: str) -> Design:
    """Return the arrays of a study's model."""
    spec = spec_of(study)
    rows, _ = select_rows(sessions_of(study), study, spec)
    return make_design(study, spec, rows, VARIABLES)


def recorded(study: str, kind: str) -> pd.Series:
    """Return what R found: parameter -> value, in the order of maximum.csv."""
    table = pd.read_csv(HERE / "maximum.csv", keep_default_na=False)
    return table[(table["model"] == study) & (table["kind"] == kind)].set_index("parameter")["value"]


@dataclass(frozen=True)
class Dense:
    """The multivariate normal density of all outcomes at given parameters.

    Parameters
    ----------
    log_likelihood
        Raw units, constants included.
    gradient
        Of the log-likelihood with respect to the fixed effects, at their values: (beta,).
    information
        X'V^-1 X in the order of `names`, (beta, beta).
    names
        Fixed effects, ``outcome: term``, with intercepts at predictors of zero.
    """

    log_likelihood: float
    gradient: np.ndarray
    information: np.ndarray
    names: list[str]


def evaluate_densely(study: str, values: pd.Series) -> Dense:
    """Evaluate the joint density from the raw data, with the full covariance matrix of each unit of the highest level.

    Parameters
    ----------
    values
        Parameters in raw units by the names of maximum.csv. Varying slopes multiply deviations from own means, or from what the
        first value of y leads one to expect where it is a predictor.
    """
    sessions, equations = sessions_of(study), STUDIES[study][1]
    names = [f"{outcome}: {term}" for outcome, told in equations.items() for term in ("intercept", *told["on"])]
    stacked = []
    for outcome, told in equations.items():
        rows = sessions.dropna(subset=[outcome, *told["on"]])
        columns = {f"{outcome}: intercept": 1.0} | {f"{outcome}: {term}": rows[term] for term in told["on"]}
        deviations = {f"z {outcome}: intercept": 1.0}
        level = rows.groupby("patient")[told["on"]].transform("mean")
        if "y_baseline" in told["on"]:
            line = np.polynomial.polynomial.polyfit(rows["y_baseline"], rows[told["on"]], 1)
            level = line[0] + rows[["y_baseline"]].to_numpy() * line[1]
        deviations |= {f"z {outcome}: {term}": (rows[told["on"]] - level)[term] for term in told["on"]}
        seen = {"value": rows[outcome], "residual": values[f"sd residual {outcome}"]}
        stacked.append(rows[["patient", "therapist"]].assign(**columns, **deviations, **seen))
    table = pd.concat(stacked).fillna(0.0)
    levels = [level for level in ("patient", "therapist") if any(level in told["vary"] for told in equations.values())]
    covariances = {level: _covariance(level, values) for level in levels}
    total, gradient, information = 0.0, np.zeros(len(names)), np.zeros((len(names), len(names)))
    for _, block in table.groupby(levels[-1]):
        v = np.diag(block["residual"].to_numpy() ** 2)
        for level, (effects, covariance) in covariances.items():
            z = block[[f"z {effect}" for effect in effects]].to_numpy()
            units = block[level].to_numpy()
            v += (z @ covariance @ z.T) * (units[:, None] == units)
        x, y = block[names].to_numpy(), block["value"].to_numpy()
        mean = x @ values[names].to_numpy()
        total += float(stats.multivariate_normal.logpdf(y, mean, v))
        weighted = np.linalg.solve(v, x)
        gradient += weighted.T @ (y - mean)
        information += weighted.T @ x
    return Dense(total, gradient, information, names)


def _covariance(level: str, values: pd.Series) -> tuple[list[str], np.ndarray]:
    """Return the varying effects of a level and their covariance, from standard deviations and correlations by name."""
    start = f"sd {level} "
    effects = [str(name).removeprefix(start) for name in values.index if str(name).startswith(start)]
    sd = values[[f"{start}{effect}" for effect in effects]].to_numpy()
    correlations = np.eye(len(effects))
    for i, one in enumerate(effects):
        for j, other in enumerate(effects[:i]):
            correlations[i, j] = correlations[j, i] = values[f"correlation {level} {one} with {other}"]
    return effects, correlations * np.outer(sd, sd)
