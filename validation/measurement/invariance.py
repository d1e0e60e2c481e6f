"""How often indicators of a construct are said to drift that do not, and how often drifts are found.

Series as in `validation.measurement.simulate`, whose construct has an own past, lasting differences and feedback from symptoms, with three
indicators that have a reliability of .7 within patients together. A third of the patients leave at some session after the third. Worlds:

``same``       intercepts and loadings are the same at all sessions
``lasting``    the same, and each indicator has an error with an own past of .5 besides
``intercept``  over the course the intercept of the first indicator rises by .4 points compared with all indicators together, a
               third of a standard deviation of the construct within patients
``loading``    the loading of the first indicator rises by 40 percent compared with all together

The test of single drifts should reject in 5 % of the first two. `invariance.csv` has shares of studies, of 60 and of 150 patients:

    nice python -m validation.measurement.invariance 400          # studies of each world, minutes
"""

import sys
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from scipy import stats

from alliance.models.checking.drifting import DRIFTS, verdict_of
from alliance.models.checking.invariance import find_drifts
from tests.unit.models.filling import study as series
from validation.measurement.simulate import INTERCEPTS, LASTING, LOADINGS, error_variances

HERE: Final = Path(__file__).parent
SESSIONS: Final = 10
WORLDS: Final = ("same", "lasting", "intercept", "loading")
RISE: Final = {"intercept": 0.4, "loading": 0.4}
AGAINST: Final = np.array([1.0, -0.5, -0.5])  # the first indicator rises by one, and all together do not


def record(scores: pd.DataFrame, world: str, rng: np.random.Generator) -> pd.DataFrame:
    """Return what is recorded of each indicator, and who left."""
    size, count = len(scores), len(LOADINGS)
    codes, known = pd.factorize(scores["patient"])
    tau = (scores["session"].to_numpy() - (SESSIONS + 1) / 2) / (SESSIONS - 1)
    growth = 1 + RISE.get(world, 0.0) * (world == "loading") * np.outer(tau, AGAINST)
    told = np.array(INTERCEPTS) + np.array(LOADINGS) * growth * scores[["m"]].to_numpy()
    told += RISE.get(world, 0.0) * (world == "intercept") * np.outer(tau, AGAINST)
    told += np.sqrt(LASTING) * rng.standard_normal((len(known), count))[codes]
    told += np.sqrt(count * error_variances()["m"]) * rng.standard_normal((size, count))
    if world == "lasting":
        error = rng.standard_normal((len(known), SESSIONS, count))
        for session in range(1, SESSIONS):
            error[:, session] = 0.5 * error[:, session - 1] + np.sqrt(0.75) * error[:, session]
        told += error.reshape(-1, count)
    last = np.where(rng.random(len(known)) < 1 / 3, rng.integers(3, SESSIONS, len(known)), SESSIONS)
    kept = scores["session"].to_numpy() <= last[codes]
    names = [f"i{number + 1}" for number in range(count)]
    return pd.DataFrame(told, columns=names).assign(patient=codes, session=scores["session"].to_numpy())[kept]


def estimate(world: str, patients: int, study: int) -> Iterator[dict[str, Any]]:
    """Yield one row per drift of a simulated study."""
    scores = series.simulate(patients, SESSIONS, 30_000 + study)
    table = record(scores, world, np.random.default_rng(60_000 + study))
    patient, session = table.pop("patient").to_numpy(), table.pop("session").to_numpy()
    course = find_drifts(table.to_numpy(), patient, session, np.full(len(LOADINGS), 1 / len(LOADINGS)))
    for drift in course.drifts:
        raw = 2 * stats.t.sf(abs(drift.change / drift.error), course.patients - 1)
        yield {
            "world": world, "patients": patients, "study": study, "part": drift.part, "indicator": drift.indicator + 1,
            "change": drift.change, "sd": drift.error, "size": drift.size, "rejected": raw < 0.05,
            "rejected_adjusted": drift.probability < 0.05, "flagged": verdict_of(drift) == DRIFTS,
        }  # fmt: skip


def summarise(table: pd.DataFrame) -> pd.DataFrame:
    """Return shares of studies, and what changes were on average; `any_flagged` is of all tests of a construct."""
    cells = ["world", "patients", "part", "indicator"]
    found = table.groupby(cells, sort=False).agg(
        studies=("study", "size"),
        change=("change", "mean"),
        spread=("change", "std"),
        mean_sd=("sd", "mean"),
        size=("size", "mean"),
        rejected=("rejected", "mean"),
        rejected_adjusted=("rejected_adjusted", "mean"),
        flagged=("flagged", "mean"),
    )
    by_study = table.groupby(["world", "patients", "study"])[["rejected_adjusted", "flagged"]].any()
    whole = by_study.groupby(["world", "patients"]).mean().add_prefix("any_")
    return found.reset_index().merge(whole.reset_index(), on=["world", "patients"]).round(3)


def main(studies: int) -> None:
    """Simulate all studies and write what was found."""
    wanted = product(WORLDS, (60, 150), range(studies))
    rows = [row for world, patients, study in wanted for row in estimate(world, patients, study)]
    summarise(pd.DataFrame(rows)).to_csv(HERE / "invariance.csv", index=False)


if __name__ == "__main__":
    main(int(sys.argv[1]))
