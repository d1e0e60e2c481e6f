"""Write the example study: a messy export with known truth."""

from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from alliance.facts.quantity import BETWEEN_LEVELS
from alliance.runs.files import write_text
from alliance.worlds.example.answers import true_answers
from alliance.worlds.example.export import csv_of, export_study
from alliance.worlds.example.outcomes import true_outcomes
from alliance.worlds.example.raters import true_ratings
from alliance.worlds.example.settings import ExampleStudy
from alliance.worlds.example.signals import true_beside
from alliance.worlds.example.sizes import attendance_of, population_sizes, sizes_of
from alliance.worlds.example.study import record_study, simulate_study
from alliance.worlds.example.traits import true_traits
from alliance.worlds.settings import read_settings
from alliance.worlds.truth import ERROR, KEYS, MODEL, slopes_between_therapists, true_quantities

_HEADER = """\
# Truth of the simulated study in this folder, written by `make example`; do not edit.
# quantities: true effects among scores without error, in the words of the estimates table: within patients given the history in the
#             structural equations (src/alliance/worlds/settings.py), between patients and between therapists of the averages at
#             which series settle; agreement and discrepancy of the two raters, how the alliance develops and who changes
#             are those of recorded scores, of the population. What has an `error`, its standard error, is from simulation,
#             what has a `model` is true of the answer of that model alone;
#             population: sizes of what is recorded, error included, in a very large study of the same kind, and
#             of true scores residual standard deviations and the arm's average effects over all sessions; study: the sizes recorded
#             in this study, before it was dirtied; dirt: how much of what is in the files;
#             settings: what all follows from (config/example_study.yaml).
"""
_PAIRS = (("technique", "symptoms"), ("arm", "symptoms"), ("alliance", "symptoms"), ("symptoms", "alliance"))
_COMPARED = ("within", "overall", *BETWEEN_LEVELS.values(), "patient", "therapist")  # levels
_SHARED = ("technique", "alliance", "symptoms")
_BEYOND = ("accumulated", "correlation")  # effects that no model states in the same words


def simulate_example(*, settings: str, sessions: str, patients: str, therapists: str, truth: str) -> None:
    """Simulate the example study and write its three tables and its truth.

    Parameters
    ----------
    settings
        File with the generating settings, e.g. ``config/example_study.yaml``.
    sessions, patients, therapists
        CSV files to be written, as a team would export them.
    truth
        YAML file to be written.
    """
    chosen = read_settings(Path(settings), ExampleStudy)
    tables, dirt = export_study(simulate_study(chosen), chosen)
    for name, path in (("sessions", sessions), ("patients", patients), ("therapists", therapists)):
        write_text(csv_of(tables[name]), path)
    write_text(_HEADER + _truth(chosen, dirt), truth)


def _truth(settings: ExampleStudy, dirt: dict[str, dict[str, int]]) -> str:
    people, course, _ = record_study(settings)
    population = population_sizes(settings)
    content: dict[str, Any] = {
        "seed": settings.seed,
        "quantities": [_plain(row) for row in _quantities(settings, population).to_dict("records")],
        "population": population,
        "study": {**attendance_of(course), **sizes_of(people, course)},
        "dirt": dirt,
        "settings": settings.model_dump(exclude_unset=True),
    }
    return str(yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=120))


def _quantities(settings: ExampleStudy, population: Mapping[str, float]) -> pd.DataFrame:
    beside = true_beside(settings, population["residual_sd_of_alliance"])
    truth = pd.concat(
        [true_quantities(settings, _PAIRS), slopes_between_therapists(settings), beside], ignore_index=True
    )
    kept = truth["level"].isin(_COMPARED) & ~truth["effect"].isin(_BEYOND)
    parts = [truth[kept], true_ratings(settings), true_outcomes(settings), true_traits(settings), _shares(population)]
    both = pd.concat([*parts, true_answers(settings)], ignore_index=True)
    # Adding zero turns -0.0 into 0.0, so that the file does not depend on the sign of nothing.
    return both.assign(value=both["value"].round(6) + 0.0, **{ERROR: both[ERROR].round(6)})


def _shares(population: Mapping[str, float]) -> pd.DataFrame:
    """Return how the variance of what is recorded is shared between levels."""
    rows = [
        (name.partition("_share_of_")[2], "", "icc", name.partition("_share_of_")[0], "", value)
        for name, value in population.items()
        if name.partition("_share_of_")[2] in _SHARED
    ]
    return pd.DataFrame(rows, columns=[*KEYS, "value"])


def _plain(row: dict[Hashable, Any]) -> dict[Hashable, Any]:
    """Leave out what a quantity has not: an error of simulation, a model that it is true of alone."""
    return {
        name: value for name, value in row.items() if name not in (MODEL, ERROR) or (pd.notna(value) and value != "")
    }
