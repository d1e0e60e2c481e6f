"""Recovery of what the question of two raters estimates: tracking, actor and partner, and a response surface that is curved.

Patients' ratings on a scale from 12 to 60 follow symptoms and their own past, therapists' ratings on a scale from 12 to 84 follow those of
the same session; symptoms follow both ratings of the session before, their squares and their product, and their own past. Intercepts of all
three differ between patients and therapists; those of patients' ratings and symptoms go together. Nothing is measured with error, series
have settled before the first session that is seen, and sessions are skipped and left completely at random. Two worlds: `flat`, without
squares, and `curved`. Studies are added to `results/raters/estimates.csv` one by one, and a run that was stopped goes on:

    nice python -m validation.raters.simulate 60        # studies of each world
"""

import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from alliance.config import merge_with_base, read_yaml, validate_config
from alliance.data.panel import make_panel
from alliance.models.container import quantities_of
from alliance.models.fitting import fit_declared, settings_for
from validation.resumed import add_studies

HERE: Final = Path(__file__).parent
ROOT: Final = HERE.parents[1]
KEPT: Final = ROOT / "results/raters/estimates.csv"  # of every study
PATIENTS, THERAPISTS, SESSIONS, SETTLING = 150, 15, 10, 40
ENDS: Final = {"alliance": (12.0, 60.0), "view": (12.0, 84.0)}
TENTH: Final = {name: (high - low) / 10 for name, (low, high) in ENDS.items()}
# In tenths of the range, around the point 6: slopes of symptoms on both ratings, squares and product.
SURFACES: Final = {"flat": (-0.6, -0.2, 0.0, 0.0, 0.0), "curved": (-0.6, -0.2, -0.10, 0.16, -0.10)}
POINT, TRACKING, BIAS, OWN = 6.0, 0.5, 0.4, 0.3
ROOT_OF: Final = np.linalg.cholesky(np.array([[1.0, 0.0, -0.3], [0.0, 1.0, 0.0], [-0.3, 0.0, 1.0]]))
EFFECTS: Final = [f"surface_{part}" for part in ("b1", "b2", "b3", "b4", "b5", "a1", "a2", "a3", "a4", "a5")]


def draw_people(rng: np.random.Generator, count: int) -> np.ndarray:
    """Return what lasts of patients' ratings, therapists' ratings and symptoms, (patient, 3)."""
    return rng.standard_normal((count, 3)) @ ROOT_OF.T * [0.7, 0.6, 1.2]


def run(world: str, people: np.ndarray, sessions: int, rng: np.random.Generator) -> Iterator[tuple[np.ndarray, ...]]:
    """Yield both ratings, in tenths of their range around the point, and symptoms of each session, once the series have settled."""
    b1, b2, b3, b4, b5 = SURFACES[world]
    count = len(people)
    x, v, y = np.zeros(count), np.zeros(count), np.zeros(count)
    for session in range(-SETTLING, sessions):
        surface = b1 * x + b2 * v + b3 * x**2 + b4 * x * v + b5 * v**2
        y = people[:, 2] + surface + OWN * y + rng.normal(0, 1.6, count)
        x = people[:, 0] + OWN * x - 0.06 * y + rng.normal(0, 0.7, count)
        v = people[:, 1] + BIAS + TRACKING * x + rng.normal(0, 0.6, count)
        if session >= 0:
            yield x, v, y


@cache
def lasting_tracking(world: str) -> float:
    """Return the slope of lasting levels of therapists' ratings on those of patients' ratings, from many patients and sessions.

    It is not `TRACKING`: who sees more of it has fewer symptoms, and so patients who see more of it too.
    """
    rng = np.random.default_rng(1)
    means = np.zeros((2, 20_000))
    for x, v, _ in run(world, draw_people(rng, means.shape[1]), 300, rng):
        means += np.array([x, v]) / 300
    covariance = np.cov(means)
    return float(covariance[0, 1] / covariance[0, 0])


def simulate(world: str, seed: int) -> pd.DataFrame:
    """Return one row per patient and session that was seen: ratings of both, on their own scales, and symptoms before the session."""
    rng = np.random.default_rng([seed, list(SURFACES).index(world)])
    therapist = np.arange(PATIENTS) % THERAPISTS
    people = (
        draw_people(rng, PATIENTS) + (rng.standard_normal((THERAPISTS, 3)) @ ROOT_OF.T * [0.25, 0.35, 0.4])[therapist]
    )
    course = run(world, people, SESSIONS, rng)
    frames = [
        pd.DataFrame({"patient": np.arange(PATIENTS), "session": number, "x": x, "v": v, "y": y})
        for number, (x, v, y) in enumerate(course, start=1)
    ]
    rows = pd.concat(frames, ignore_index=True)
    length = rng.integers(4, SESSIONS + 1, PATIENTS)
    seen = (rows["session"].to_numpy() <= length[rows["patient"]]) & (rng.random(len(rows)) > 0.03)
    scores = {
        "alliance": ENDS["alliance"][0] + TENTH["alliance"] * (rows["x"] + POINT),
        "view": ENDS["view"][0] + TENTH["view"] * (rows["v"] + POINT),
        "symptoms": 12 + rows["y"],
    }
    codes = {
        "therapist": [f"T{therapist[p]:02d}" for p in rows["patient"]],
        "days": 7.0 * rows["session"],
        "weeks": 1.0 * rows["session"],
    }
    coded = rows.assign(patient=[f"P{p:03d}" for p in rows["patient"]], **codes, **scores)
    return coded.loc[seen, ["patient", "therapist", "session", "days", "weeks", *scores]].reset_index(drop=True)


def configure() -> Any:
    """Return the configuration in which the question is asked of such a study."""
    variables = {
        "alliance": {
            "role": "mediator",
            "label": "alliance",
            "column": "a",
            "range": list(ENDS["alliance"]),
            "measured": "after",
        },
        "view": {"role": "rater", "label": "view", "column": "v", "range": list(ENDS["view"]), "measured": "after"},
        "symptoms": {"role": "outcome", "label": "symptoms", "column": "s", "measured": "before"},
    }
    keys = {"patient": "p", "session": "s", "therapist": "t"}
    own = {
        "run": {"name": "raters"},
        "data": {"sessions": {"path": "own.csv", "keys": keys}},
        "variables": variables,
        "questions": ["raters"],
    }
    return validate_config(merge_with_base(read_yaml(ROOT / "config/config.yaml"), [own]))


def truth_of(world: str, centre: float) -> dict[tuple[str, str], float]:
    """Return the true value of each quantity by effect and path; the surface is moved to the point at which a study was centred."""
    b1, b2, b3, b4, b5 = SURFACES[world]
    moved = centre - POINT
    c1, c2 = b1 + (2 * b3 + b4) * moved, b2 + (2 * b5 + b4) * moved
    values = (c1, c2, b3, b4, b5, c1 + c2, b3 + b4 + b5, c1 - c2, b3 - b4 + b5, b3 - b5)
    known = {(effect, "alliance, view -> symptoms"): value for effect, value in zip(EFFECTS, values, strict=True)}
    ratio = TENTH["view"] / TENTH["alliance"]
    return known | {("effect", "alliance -> view"): TRACKING * ratio}


def fit(world: str, study: int) -> list[dict[str, object]]:
    """Return one row per quantity of a simulated study."""
    scores, config = simulate(world, study), configure()
    patients = scores[["patient", "therapist"]].drop_duplicates()
    panel = make_panel(scores, patients, scores[["therapist"]].drop_duplicates(), config.variables, 1, None)
    table = []
    for name in config.models.fit:
        spec = config.models.specs[name]
        settings = settings_for(spec, config) | {"predictive_draws": 2, "monte_carlo_draws": 2000, "seed": study}
        if "ends" in settings:
            settings["ends"] = {key: list(ends) for key, ends in ENDS.items()}
        tree = fit_declared(panel, name, spec, settings).tree
        centre = float(tree["surface"]["centre"].to_numpy()[0]) if "surface" in tree else POINT
        known, draws = truth_of(world, centre), tree["paths"]["draws"].to_numpy()[0]
        linear = {
            ("coefficient", f"{one}_lag -> symptoms"): part / TENTH[one]
            for one, part in zip(ENDS, SURFACES[world], strict=False)
        }
        known |= linear if world == "flat" and "two_raters" in name else {}
        for place, row in enumerate(quantities_of(tree["paths"]).to_dict("records")):
            key = (row["effect"], row["path"])
            if key in known and row["level"] != "between_therapist":
                low, high = np.quantile(draws[:, place], [0.025, 0.975])
                estimate = float(tree["paths"]["point"].to_numpy()[place])
                table.append({
                    "world": world, "study": study, "model": name, "effect": key[0], "path": key[1], "level": row["level"],
                    "truth": known[key], "estimate": estimate, "low": low, "high": high,
                })  # fmt: skip
    return table


def summarise(estimates: pd.DataFrame) -> pd.DataFrame:
    """Return bias, its Monte Carlo error and coverage of 95 % intervals with the counts they rest on."""
    lasting = estimates["level"] == "between_patient"
    ratio = TENTH["view"] / TENTH["alliance"]
    known = {world: ratio * lasting_tracking(world) for world in SURFACES}
    estimates = estimates.assign(truth=estimates["truth"].mask(lasting, estimates["world"].map(known)))
    held = (estimates["low"] <= estimates["truth"]) & (estimates["truth"] <= estimates["high"])
    table = estimates.assign(
        held=held, off=estimates["estimate"] - estimates["truth"], width=estimates["high"] - estimates["low"]
    )
    found = table.groupby(["world", "effect", "path", "level"], sort=False).agg(
        studies=("held", "size"), held=("held", "sum"), truth=("truth", "mean"), bias=("off", "mean"), bias_error=("off", "sem"),
        width=("width", "median"),
    )  # fmt: skip
    return found.assign(coverage=found["held"] / found["studies"]).reset_index().round(4)


def main(studies: int) -> None:
    """Add what is missing and write the summary."""
    wanted = ({"world": world, "study": study} for study in range(studies) for world in SURFACES)
    summarise(add_studies(KEPT, wanted, fit)).to_csv(HERE / "coverage.csv", index=False)


if __name__ == "__main__":
    main(int(sys.argv[1]))
