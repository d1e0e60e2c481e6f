"""How many patients without ruptures each detector marks, and how many true ruptures it finds.

A study of 300 patients sets the limits; they are then applied to 500 new patients of the same world who have no rupture (250 in the first
seven worlds), and 20 studies (40) make about 10,000 of them. Scores are whole numbers from 12 to 60 around 42, patients' levels have
standard deviation 4, scores vary within patients by 3.5, a quarter leave early, a tenth of the sessions is skipped:

``s6_ar0`` ... ``s16_ar5``  6, 12 or 16 sessions, autoregression 0, .3 or .5
``ceiling``       around 54, so that many scores are at 60
``coarse``        from 1 to 7 in steps of .5, around 5.7
``gaps``          three in ten sessions are skipped
``small``         the study that sets the limits has 60 patients
``ruptured``      a third of the patients who set the limits have a drop of two standard deviations that lasts one to four sessions
``error``         half of the variance within patients is error of measurement, the rest has autoregression .6
``trends``        patients' courses differ in their slopes, by 1.7 standard deviations within patients over the course
``unequal``       standard deviations within patients differ between patients (their logarithm by .35)
``heavy``         innovations have the tails of a t distribution with 5 degrees of freedom
``example``       the example study, its ruptures included, sets the limits; new patients are of the same world without any

All worlds but the first nine, the example and where said have 12 sessions and autoregression .3. True ruptures are found in

``deep``          12 sessions, autoregression .3, a drop of two standard deviations that lasts two sessions, at a session chosen at random
``seen``          the example study: ruptures that observers saw, repaired in the session or not

Each study is added to `results/rupture_limits/<world>.csv`, and a run that was stopped goes on. Counts are of what is there:

    nice python -m validation.ruptures.simulate 20            # studies of each world
"""

import sys
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from alliance.data.ruptures.detectors import judge
from alliance.data.ruptures.estimate import usual_of
from alliance.data.ruptures.limits import find_limits, mark
from alliance.data.ruptures.series import Usual
from alliance.facts.detectors import DETECTORS
from alliance.worlds.example.settings import ExampleStudy
from alliance.worlds.example.study import record_study
from alliance.worlds.settings import read_settings
from validation.resumed import add_studies

HERE = Path(__file__).parent
KEPT = HERE.parents[1] / "results/rupture_limits"
PATIENTS, ALL, SEED, RELIABILITY = 300, 10_000, 1, 0.7
PLAIN = Usual(start=42.0, slope=0.1, between=4.0, within=3.5, ar=0.3, low=12.0, high=60.0, step=1.0)
WORLDS = {f"s{sessions}_ar{int(10 * ar)}": (sessions, replace(PLAIN, ar=ar)) for sessions in (6, 12, 16) for ar in (0.0, 0.3, 0.5)} | {
    "ceiling": (12, replace(PLAIN, start=54.0)),
    "coarse": (12, Usual(5.7, 0.02, 0.7, 0.6, 0.3, low=1.0, high=7.0, step=0.5)),
    **dict.fromkeys(("gaps", "small", "ruptured", "error", "trends", "unequal", "heavy", "deep"), (12, PLAIN)),
}  # fmt: skip
OF_EXAMPLE = ("example", "seen")


def seen_in(world: str, patients: int, sessions: int, rng: np.random.Generator) -> np.ndarray:
    """Return which sessions are recorded."""
    seen = rng.random((patients, sessions)) > (0.3 if world == "gaps" else 0.1)
    seen[:, 0] = True
    last = np.where(rng.random(patients) < 0.25, rng.integers(1, sessions, patients), sessions)
    seen &= np.arange(sessions) < last[:, None]
    return seen


def simulate(world: str, patients: int, rng: np.random.Generator) -> np.ndarray:
    """Return series without ruptures: (patients, sessions)."""
    sessions, usual = WORLDS[world]
    seen = seen_in(world, patients, sessions, rng)
    if world not in ("error", "trends", "unequal", "heavy"):
        return usual.simulate(seen, rng)
    shape = (patients, sessions)
    noise = rng.standard_normal(shape)
    if world == "heavy":
        noise = rng.standard_t(5, shape) / np.sqrt(5 / 3)
    ar = 0.6 if world == "error" else usual.ar
    for t in range(1, sessions):
        noise[:, t] = ar * noise[:, t - 1] + np.sqrt(1 - ar**2) * noise[:, t]
    if world == "error":
        noise = np.sqrt(0.5) * (noise + rng.standard_normal(shape))
    if world == "unequal":
        noise *= np.exp(0.35 * rng.standard_normal((patients, 1)))
    slopes = 1.7 / (sessions - 1) * rng.standard_normal((patients, 1)) if world == "trends" else 0.0
    level = usual.between * rng.standard_normal((patients, 1))
    values = usual.course(sessions) + level + usual.within * (noise + slopes * np.arange(sessions))
    return np.where(seen, np.clip(np.rint(values), usual.low, usual.high), np.nan)


def rupture(
    values: np.ndarray, usual: Usual, lasts: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Let each patient drop by two standard deviations from a session on; return the scores, and where the drops begin."""
    begins = rng.integers(1, values.shape[1] - 1, len(values))
    time = np.arange(values.shape[1])
    down = (time >= begins[:, None]) & (time < (begins + lasts)[:, None])
    return np.maximum(values - 2 * usual.within * down, usual.low), time == begins[:, None]


@cache
def settings_of_example() -> ExampleStudy:
    return read_settings(HERE.parents[1] / "config/example_study.yaml", ExampleStudy)


def example(seed: int, patients: int, ruptures: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return recorded totals of the example study, and where ruptures and repaired ones are."""
    settings = settings_of_example()
    variables = dict(settings.variables)
    if not ruptures:
        variables["rupture"] = variables["rupture"].model_copy(update={"chance": 1e-12})
    size = settings.size.model_copy(update={"patients": patients})
    _, course, _ = record_study(settings.model_copy(update={"seed": seed, "size": size, "variables": variables}))
    kinds = (course.values[name].astype(bool) & course.observed for name in ("rupture", "repaired"))
    return np.where(course.observed, course.values["alliance"], np.nan), *kinds


def study_of(world: str, study: int, new_patients: int) -> list[dict[str, Any]]:
    """Set limits in a study, apply them to new patients and count, detector by detector."""
    rng = np.random.default_rng([SEED, study, *world.encode()])
    kinds: dict[str, np.ndarray] = {}
    if world in OF_EXAMPLE:
        values = example(2 * study, PATIENTS, ruptures=True)[0]
        new, there, repaired = example(2 * study + 1, new_patients, ruptures=world == "seen")
        ends = (12.0, 60.0)
        kinds = {"unrepaired": there & ~repaired, "repaired": repaired} if world == "seen" else {}
    else:
        usual = WORLDS[world][1]
        ends = (usual.low, usual.high)
        values = simulate(world, 60 if world == "small" else PATIENTS, rng)
        new = simulate(world, new_patients, rng)
        if world == "ruptured":
            some = len(values) // 3
            values[:some] = rupture(values[:some], usual, rng.integers(1, 5, some), rng)[0]
        if world == "deep":
            new, begins = rupture(new, usual, np.full(len(new), 2), rng)
            kinds = {"deep": begins & np.isfinite(new)}
    found = usual_of(values, *ends, RELIABILITY)
    limits = find_limits(values, found, study)
    return [
        row | {"world": world, "study": study, "detector": name}
        for name, of_study in limits.items()
        for row in counts_of(
            new, mark(name, new, found, of_study), judge(name, new, found) > DETECTORS[name].usual, kinds
        )
    ]


def counts_of(
    values: np.ndarray, marks: np.ndarray, beyond: np.ndarray, kinds: dict[str, np.ndarray]
) -> list[dict[str, Any]]:
    judged = np.isfinite(marks)
    if not kinds:
        able = judged.any(axis=1)
        shared = {"kind": "none", "patients": able.sum(), "sessions": judged.sum()}
        return [
            shared
            | {"marked": (marks == 1).any(axis=1).sum(), "marked_sessions": (marks == 1).sum()}
            | {"usual": (beyond & judged).any(axis=1).sum(), "usual_sessions": (beyond & judged).sum()}
        ]
    anywhere = np.logical_or.reduce(list(kinds.values()))
    rows = {kind: where & judged for kind, where in kinds.items()} | {"other sessions": ~anywhere & judged}
    return [
        {"kind": kind, "patients": where.any(axis=1).sum(), "sessions": where.sum(), "marked": np.nan, "usual": np.nan}
        | {"marked_sessions": ((marks == 1) & where).sum(), "usual_sessions": (beyond & where).sum()}
        for kind, where in rows.items()
    ]


def count() -> pd.DataFrame:
    """Return one row per world, detector and kind: shares in per cent, of patients without ruptures and of sessions."""
    rows = pd.concat(
        [pd.read_csv(path) for world in (*WORLDS, *OF_EXAMPLE) if (path := KEPT / f"{world}.csv").exists()]
    )
    rows["of_study"] = 100 * rows["marked"] / rows["patients"]
    keys = ["world", "kind", "detector"]
    sums = rows.groupby(keys, sort=False)[
        ["patients", "sessions", "marked", "usual", "marked_sessions", "usual_sessions"]
    ].sum(min_count=1)
    groups = rows.groupby(keys, sort=False)
    studies, spread = groups["study"].nunique(), groups["of_study"].std()
    per = pd.DataFrame(
        {
            "studies": studies,
            "patients": sums["patients"].astype(int),
            "marked_per_cent": (100 * sums["marked"] / sums["patients"]).round(2),
            "monte_carlo_error": (spread / np.sqrt(studies)).round(2),
            "sd_over_studies": spread.round(2),
            "usual_limit_per_cent": (100 * sums["usual"] / sums["patients"]).round(1),
            "sessions": sums["sessions"].astype(int),
            "marked_sessions_per_cent": (100 * sums["marked_sessions"] / sums["sessions"]).round(2),
            "usual_limit_sessions_per_cent": (100 * sums["usual_sessions"] / sums["sessions"]).round(1),
        }
    )
    order = {world: place for place, world in enumerate([*WORLDS, *OF_EXAMPLE])}
    return per.reset_index().sort_values("world", key=lambda column: column.map(order), kind="stable")


def main(studies: int) -> None:
    for world in [*WORLDS, *OF_EXAMPLE]:
        wanted = ({"world": world, "study": study} for study in range(studies))
        add_studies(KEPT / f"{world}.csv", wanted, partial(study_of, new_patients=ALL // studies))
    count().to_csv(HERE / "counts.csv", index=False)


if __name__ == "__main__":
    main(int(sys.argv[1]))
