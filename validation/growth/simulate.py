"""Do intervals hold what is true of how the alliance develops and of who changes, in studies like the example?

Studies of 300 patients, 30 therapists and up to 16 sessions as in `config/example_study.yaml`, each with another seed: scores with error,
sessions skipped, patients who leave by what was observed. Courses are followed to session 12. What is true is what holds in very large
studies of the same kind (3 of 9,000 patients): of averages and of who would have changed by session 12, with nobody left; of all else, the
same number in the large studies, with those who left. They are added to `results/growth/estimates.csv` one by one, and a run that stopped
goes on:

    nice python -m validation.growth.simulate 60
"""

import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from alliance.config import ModelSpec, Variable
from alliance.data.scoring.change import Norm
from alliance.models.container import marks_of
from alliance.models.fitting import fit_declared
from alliance.results.estimates import summarise_estimates
from alliance.worlds.example.settings import ExampleStudy
from alliance.worlds.example.study import record_study
from alliance.worlds.settings import read_settings
from validation.resumed import add_studies

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
KEPT = ROOT / "results/growth/estimates.csv"  # of every study
TRUTH = ROOT / "results/growth/truth.csv"
SESSIONS, LARGE, SAMPLES = 12, 3, 400
VARIABLES = {
    "alliance": Variable(label="alliance", column="alliance", measured="after", higher_is="better"),
    "symptoms": Variable(label="symptoms", column="symptoms", measured="before", higher_is="worse"),
    "arm": Variable(label="arm", table="patients", kind="category", column="arm", levels={"no": 0, "yes": 1}),
}
SETTINGS: dict[str, Any] = {
    "lag": 1,
    "planned_sessions": SESSIONS,
    "variables": {name: variable.model_dump(mode="json") for name, variable in VARIABLES.items()},
    # Omega within patients in the example study; a number, so that what counts as reliable hardly differs between studies.
    "reliability": {"alliance": {"within": [0.81, 0.0], "between": [0.93, 0.0], "note": ""}},
    "privacy": {"minimum_cell": 1},
    "meanings": {
        "symptoms": {"higher_is": "worse", "change_value": 6.0, "change_level": 0.95, "change_source": ""}
        | {"case_rule": "at_least", "case_value": 10.0, "case_source": ""}
    },
}
MODELS = {"growth": ["alliance", "symptoms"], "change": ["symptoms", "alliance", "arm"]}
KEYS = ["effect", "path", "horizon"]


@cache
def _study() -> ExampleStudy:
    return read_settings(ROOT / "config/example_study.yaml", ExampleStudy)


def simulate(seed: int, **size: int) -> tuple[pd.DataFrame, dict[str, np.ndarray]]:
    """Return the panel of what was observed, and all scores, those that nobody saw among them: name -> (patient, session)."""
    chosen = _study()
    settings = chosen.model_copy(update={"seed": seed, "size": chosen.size.model_copy(update=size)})
    people, course, _ = record_study(settings)
    patient, session = np.nonzero(course.observed)
    panel = pd.DataFrame(
        {
            "patient": [f"P{number:05d}" for number in patient],
            "therapist": [f"T{number:04d}" for number in people.therapist[patient]],
            "session": session + 1,
            "arm": people.arm[patient],
            **{name: course.values[name][course.observed] for name in ("alliance", "symptoms")},
        }
    )
    return panel, {name: course.values[name] for name in ("alliance", "symptoms")}


def estimates(panel: pd.DataFrame, seed: int, samples: int) -> pd.DataFrame:
    """Return the estimates of both models."""
    found = []
    for analysis, names in MODELS.items():
        declared = {"label": analysis, "family": "descriptive", "analysis": analysis, "variables": names}
        spec = ModelSpec.model_validate(declared | {"samples": samples})
        tree = fit_declared(panel, analysis, spec, SETTINGS | {"seed": seed}).tree
        found.append(summarise_estimates(tree, marks_of(tree), 0.95))
    return pd.concat(found, ignore_index=True)


def fit(study: int) -> Iterator[dict[str, Any]]:
    """Yield the estimates of a study."""
    panel, _ = simulate(7000 + study)
    for row in estimates(panel, study, SAMPLES).to_dict("records"):
        yield {"study": study} | {name: row[name] for name in (*KEYS, "estimate", "low", "high", "sd")}


def find_truth() -> pd.DataFrame:
    """Return what is true, the mean of large studies."""
    found = []
    for number in range(LARGE):
        panel, every = simulate(90_000 + number, patients=9000, therapists=900)
        table = estimates(panel, number, 200).set_index(KEYS)["estimate"]
        alliance, symptoms = every["alliance"][:, :SESSIONS], every["symptoms"][:, :SESSIONS]
        for session, value in enumerate(alliance.mean(axis=0), start=1):
            table["average", "", f"at session {session}"] = value
        end = f"at session {SESSIONS}"
        table["average_change", "", end] = alliance[:, -1].mean() - alliance[:, 0].mean()
        categories = Norm("worse", 6, "at_least", 10).classify(symptoms[:, 0], symptoms[:, -1])
        for name in ("recovered", "improved", "unchanged", "deteriorated"):
            table[f"share_{name}", "", end] = (categories == name).mean()
        table["share_better", "", end] = np.isin(categories, ["recovered", "improved"]).mean()
        found.append(table.rename(number))
    large = pd.concat(found, axis=1)
    return pd.DataFrame(
        {"truth": large.mean(axis=1), "truth_se": large.std(axis=1, ddof=1) / np.sqrt(LARGE)}
    ).reset_index()


def main() -> None:
    """Fit studies and count."""
    studies = add_studies(KEPT, ({"study": number} for number in range(int(sys.argv[1]))), fit)
    if not TRUTH.exists():
        find_truth().to_csv(TRUTH, index=False)
    studies[KEYS] = studies[KEYS].fillna("")
    truth = pd.read_csv(TRUTH)
    truth[KEYS] = truth[KEYS].fillna("")
    both = studies.merge(truth, on=KEYS)
    both["held"] = (both["low"] <= both["truth"]) & (both["truth"] <= both["high"])
    counted = both.groupby(KEYS, sort=False).agg(
        studies=("estimate", "size"),
        truth=("truth", "first"),
        truth_se=("truth_se", "first"),
        mean=("estimate", "mean"),
        empirical_sd=("estimate", "std"),
        mean_sd=("sd", "mean"),
        coverage=("held", "mean"),
    )
    counted.insert(4, "bias", counted["mean"] - counted["truth"])
    counted.insert(5, "bias_se", np.hypot(counted["empirical_sd"] / np.sqrt(counted["studies"]), counted["truth_se"]))
    counted.reset_index().round(4).to_csv(HERE / "coverage.csv", index=False)


if __name__ == "__main__":
    main()
