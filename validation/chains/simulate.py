"""Recovery of what the questions on techniques, processes, chains and moderators find, in studies like the example with other seeds.

Alliance and symptoms are their true scores, since the error of items is a question of its own (`validation/measurement`);
all else is as in `config/example_study.yaml`, dropout and skipped sessions included, with 150 patients of 15 therapists and no dirt.
Studies are added to `results/chains/estimates.csv` one by one, and a run that was stopped goes on:

    nice python -m validation.chains.simulate 20
"""

import sys
import tempfile
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from alliance.study import Study
from alliance.worlds.dynamics import run_sessions
from alliance.worlds.example.export import DATE_FORMAT
from alliance.worlds.example.settings import ExampleStudy
from alliance.worlds.example.study import OWN_STREAMS, simulate_study
from alliance.worlds.people import draw_people
from alliance.worlds.settings import read_settings
from alliance.worlds.study import settle, streams_of
from validation.resumed import add_studies

HERE: Final = Path(__file__).parent
ROOT: Final = HERE.parents[1]
KEPT: Final = ROOT / "results/chains/estimates.csv"  # of every study
SIZE: Final = {"patients": 150, "therapists": 15, "sessions": 16}
MODELS: Final = (
    "techniques_through_alliance",
    "alliance_through_homework",
    "alliance_through_engagement",
    "patients_through_alliance",
    "alliance_depends_on_patient",
)
# A rupture is more likely by .25 of its logit per point of straining technique, costs 5 points and gives 3.5 back in half of the cases.
STRAINED: Final = -0.60 + 0.04 * 0.96 * 0.25 * (-5.0 + 0.5 * 3.5)
B: Final = -0.13
TRUTH: Final = {
    ("techniques_through_alliance", "technique -> alliance", "a"): 1.20,
    ("techniques_through_alliance", "technique -> alliance -> symptoms", "indirect"): -0.192,
    ("techniques_through_alliance", "technique -> symptoms", "direct"): -0.28,
    ("techniques_through_alliance", "straining_technique -> alliance", "a"): STRAINED,
    ("techniques_through_alliance", "straining_technique -> alliance -> symptoms", "indirect"): STRAINED * B,
    ("techniques_through_alliance", "straining_technique -> symptoms", "direct"): 0.0,
    ("alliance_through_homework", "alliance -> homework -> symptoms", "indirect"): 0.08 * -0.15,
    ("alliance_through_homework", "alliance -> homework", "a"): 0.08,
    ("alliance_through_homework", "homework -> symptoms", "b"): -0.15,
    ("alliance_through_engagement", "alliance -> engagement -> symptoms", "indirect"): 0.0,
}
PLAIN: Final = {"kind": "number", "instrument": None, "items": None, "reliability": None, "range": None}


def through_alliance(sessions: int) -> dict[str, float]:
    """Return what a point of each trait does to symptoms at a session by way of the alliance, at average slopes.

    Traits go along with a patient's alliance intercept (correlations .3 and -.35), and through it with technique (.3) and symptoms (.2).
    The way through the alliance is the whole response without that in which the alliance does not act.
    """
    cross, spread, sds = np.array([0.3, -0.35]), 2.9, np.array([1.7, 0.6])
    among = np.array([[1.0, cross.prod()], [cross.prod(), 1.0]])
    intercept = spread * np.linalg.solve(among, cross) / sds  # of alliance, per point of each trait
    technique, symptoms = 0.3 * 0.45 / spread * intercept, 0.2 * 1.6 / spread * intercept
    found = _respond(intercept, technique, symptoms, sessions, B) - _respond(
        intercept, technique, symptoms, sessions, 0.0
    )
    return dict(zip(("expectations", "interpersonal_problems"), found, strict=True))


def _respond(u: np.ndarray, technique: np.ndarray, own: np.ndarray, sessions: int, b: float) -> np.ndarray:
    """Follow the structural equations of the example from the first session on, symptoms before the alliance."""
    y = own / (1 - 0.40)
    m = u / (1 - 0.30) + 1.20 * technique - 0.18 * y
    for _ in range(1, sessions):
        y = own + 0.40 * y + b * m - 0.28 * technique
        m = u + 1.20 * technique + 0.30 * m - 0.18 * y
    return y


def write_study(seed: int, folder: Path) -> None:
    """Write the three tables of a study, with true scores of alliance and symptoms as columns of their own."""
    settings = read_settings(ROOT / "config/example_study.yaml", ExampleStudy, {"seed": seed, "size": SIZE})
    study, streams = simulate_study(settings), streams_of(seed, OWN_STREAMS)
    settled = settle(settings)
    course = run_sessions(settled, draw_people(settled, streams["people"]), streams["sessions"])
    places = {code: place for place, code in enumerate(study.patients["client_id"])}
    at = study.sessions["client_id"].map(places).to_numpy(), study.sessions["session_no"].to_numpy() - 1
    true = {f"{name}_true": course.values[name][at] for name in ("alliance", "symptoms")}
    sessions = study.sessions.assign(session_date=study.sessions["session_date"].dt.strftime(DATE_FORMAT), **true)
    for name, table in (("sessions", sessions), ("patients", study.patients), ("therapists", study.therapists)):
        table.to_csv(folder / f"{name}.csv", index=False)


def fit(study: int) -> list[dict[str, Any]]:
    """Return the estimates of one study whose truth is known."""
    with tempfile.TemporaryDirectory() as folder:
        write_study(90_000 + study, Path(folder))
        asked = Study({
            "questions": ["techniques", "processes", "serial", "for_whom"],
            "data": {name: {"path": f"{folder}/{name}.csv"} for name in ("sessions", "patients", "therapists")},
            "variables": {name: PLAIN | {"column": f"{name}_true"} for name in ("alliance", "symptoms")}
            | {"gender": {"role": None}},  # a third group would be too small
        })  # fmt: skip
        estimates = pd.concat([asked.fit(name).estimates.assign(model=name) for name in MODELS])
    rows = []
    for row in estimates.to_dict("records"):
        truth = _truth_of(row)
        if truth is not None:
            kept = {name: row[name] for name in ("model", "path", "effect", "estimate", "low", "high")}
            rows.append({"study": study, **kept, "truth": truth})
    return rows


def _truth_of(row: dict[str, Any]) -> float | None:
    model, path, effect = row["model"], row["path"], row["effect"]
    if model == "alliance_depends_on_patient":
        return 0.0 if effect == "coefficient" and "_by_" in path else None
    if model == "patients_through_alliance":
        trait = path.split(" -> ")[0]
        known = effect == "indirect" and row["horizon"].startswith("at session") and trait != "age"
        return through_alliance(int(row["horizon"].rsplit(" ", 1)[1])).get(trait) if known else None
    return TRUTH.get((model, path, effect)) if row["level"] == "within" else None


def summarise(estimates: pd.DataFrame) -> pd.DataFrame:
    """Return bias, its Monte Carlo error and coverage of 95 % intervals with the counts they rest on."""
    held = (estimates["low"] <= estimates["truth"]) & (estimates["truth"] <= estimates["high"])
    table = estimates.assign(
        held=held, off=estimates["estimate"] - estimates["truth"], width=estimates["high"] - estimates["low"]
    )
    found = table.groupby(["model", "path", "effect"], sort=False).agg(
        studies=("held", "size"), held=("held", "sum"), truth=("truth", "mean"), bias=("off", "mean"), bias_error=("off", "sem"),
        width=("width", "median"),
    )  # fmt: skip
    return found.assign(coverage=found["held"] / found["studies"]).reset_index().round(4)


def main(studies: int) -> None:
    """Add what is missing and write the summary."""
    summarise(add_studies(KEPT, ({"study": study} for study in range(studies)), fit)).to_csv(
        HERE / "coverage.csv", index=False
    )


if __name__ == "__main__":
    main(int(sys.argv[1]))
