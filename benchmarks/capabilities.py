"""What each newer part of a model costs: the same data with it and without, ``python capabilities.py job.json result.json``.

Every job goes from the panel to draws by restricted maximum likelihood (plain, where variability differs), as a fit of ``depth: ml`` does.
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from model import PRIORS, make_settings
from simulate import INDICATORS, Study, simulate, simulate_newer

from alliance.config import ModelSpec, Variable
from alliance.data.panel import make_panel
from alliance.models.filling.grid import SEEN
from alliance.models.filling.readings import Indicator
from alliance.models.path.basis import Basis, explore_declared
from alliance.models.path.maximum import table_at

_LEVEL = {"patient": ["intercept"]}
_AS_SCORES = "beside the same rows as answers"
_BOTH = {
    "alliance": {"on": ["technique"], "vary": {"patient": ["intercept", "technique"]}},
    "symptoms": {"on": ["alliance", "technique"], "vary": {"patient": ["intercept", "alliance"]}},
}
_CONSTRUCT = {
    "construct": {"on": ["technique"], "vary": _LEVEL},
    "following": {"on": ["construct", "technique"], "vary": _LEVEL},
}


def _step(outcome: str, *effects: str) -> dict[str, Any]:
    """Declare one equation in which the level of patients varies, and more."""
    return {"equations": {outcome: {"on": ["technique"], "vary": {"patient": ["intercept", *effects]}}}}


# Capability -> what a model declares with it, and without.
DECLARED: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "series by sessions": (
        {**_step("lasting"), "autocorrelation": {"lasting": "sessions"}},
        _step("lasting"),
    ),
    "series by days": ({**_step("lasting"), "autocorrelation": {"lasting": "days"}}, _step("lasting")),
    "answers": ({**_step("answer"), "missing": "fill"}, {**_step("answer"), "discrete_signed_off": _AS_SCORES}),
    "ordered answers": ({**_step("steps"), "missing": "fill"}, {**_step("steps"), "discrete_signed_off": _AS_SCORES}),
    "constructs": ({"equations": _CONSTRUCT, "missing": "fill"}, {"equations": _CONSTRUCT}),
    "variability": (_step("uneven", "variability"), _step("uneven")),
    "missing cells": ({"equations": _BOTH, "missing": "fill"}, {"equations": _BOTH}),
}


def variables_of(*, answers: bool) -> dict[str, Variable]:
    """Return the variables; answers are declared as such where the model takes them for that."""
    after, during = ("symptoms", "lasting", "uneven", "following"), ("alliance", *INDICATORS)
    told = {"answer": {"yes_no": True}, "steps": {"ordered": True}}
    found = {name: Variable(label=name, column=name, measured="after") for name in after}
    found |= {name: Variable(label=name, column=name, measured="during") for name in during}
    for name, kind in told.items():
        declared = {"label": name, "column": name, "measured": "after", **(kind if answers else {})}
        found[name] = Variable.model_validate(declared)
    composite = {"kind": "composite", "of": list(INDICATORS), "metric": "mean", "measured": "during"}
    found["construct"] = Variable.model_validate({"label": "construct", **composite})
    return {"technique": Variable(label="technique", column="technique", measured="before"), **found}


def read_panel(capability: str, study: Study, variables: dict[str, Variable], *, given: bool) -> pd.DataFrame:
    """Return the panel of a study; where cells may be missing, every tenth value of the alliance is."""
    rows = simulate_newer(simulate(study))
    if capability == "missing cells" and given:
        rows.loc[np.arange(len(rows)) % 10 == 7, "alliance"] = np.nan
    patients = rows[["patient", "therapist"]].drop_duplicates()
    return make_panel(rows, patients, rows[["therapist"]].drop_duplicates(), variables, 1, None)


def fit(capability: str, study: Study, *, given: bool) -> tuple[float, Basis]:
    """Fit twice, with the capability or without: seconds of the second time, and what was found."""
    declared = DECLARED[capability][0 if given else 1]
    variables = variables_of(answers=given)
    outcome = list(declared["equations"])[-1]
    spec = ModelSpec.model_validate(
        {"label": capability, "family": "multilevel_path", "depth": "ml", "missing": "drop", **declared,
         "effects": {"from": "technique", "to": outcome}}
    )  # fmt: skip
    panel = read_panel(capability, study, variables, given=given)
    named = {key: variable.model_dump(mode="json") for key, variable in variables.items()}
    settings = make_settings(chains=2, tune=500, draws=500, seed=1) | {"variables": named, "max_gap_days": None}
    hidden = (
        {"construct": [Indicator(name, weight=1 / 3) for name in INDICATORS]} if capability == "constructs" else SEEN
    )
    for _ in range(2):  # compiled code is read from the cache the first time
        start = time.perf_counter()
        basis = explore_declared(panel, "benchmark", spec, settings, hidden if given else SEEN)
        seconds = time.perf_counter() - start
    return seconds, basis


def estimates_of(capability: str, basis: Basis) -> dict[str, float]:
    """Return the estimates that a peer has too, under shared names and in raw units."""
    assert basis.found.point is not None
    names, values = table_at(basis.maximum, basis.found.point)
    found = dict(zip(names, (float(value) for value in values[0]), strict=True))
    outcome = list(DECLARED[capability][0]["equations"])[-1]
    shared = {
        f"{outcome}: technique": "effect",
        f"{outcome}: construct": "effect of construct",
        f"sd patient {outcome}: intercept": "sd of levels",
        f"sd patient {outcome}: variability": "sd of log variances",
        f"autocorrelation residual {outcome}": "autocorrelation",
    }
    return {shared[name]: value for name, value in found.items() if name in shared}


def measure(job: dict[str, Any]) -> dict[str, Any]:
    """Time the fit with and without, write the data for a peer, and return the estimates."""
    capability, study = job["capability"], Study(**job["study"])
    with_it, basis = fit(capability, study, given=True)
    without, _ = fit(capability, study, given=False)
    simulate_newer(simulate(study)).to_csv(job["data"], index=False)
    return {
        "seconds": with_it,
        "seconds_without": without,
        "estimates": estimates_of(capability, basis),
        "priors": PRIORS,
    }


if __name__ == "__main__":
    result = measure(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
    Path(sys.argv[2]).write_text(json.dumps(result), encoding="utf-8")
