"""Write the example study: a messy export with known truth."""

from pathlib import Path
from typing import Any

import yaml

from alliance.runs.files import write_text
from alliance.worlds.export import csv_of, export_study
from alliance.worlds.settings import StudySettings, read_settings
from alliance.worlds.study import run_study, simulate_study
from alliance.worlds.truth import attendance_of, population_sizes, sizes_of, true_quantities

_HEADER = """\
# Truth of the simulated study in this folder, written by `make example`; do not edit.
# quantities: true effects in the words of the estimates table, given the history in the structural equations
#             (src/alliance/worlds/dynamics.py); population: sizes of a very large study of the same kind, among them the arm's
#             average effects over all sessions; study: the same sizes in this study, before it was dirtied; dirt: how much of what
#             is in the files; settings: what all follows from (config/example_study.yaml).
"""


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
    chosen = read_settings(Path(settings))
    tables, dirt = export_study(simulate_study(chosen), chosen)
    for name, path in (("sessions", sessions), ("patients", patients), ("therapists", therapists)):
        write_text(csv_of(tables[name]), path)
    write_text(_HEADER + _truth(chosen, dirt), truth)


def _truth(settings: StudySettings, dirt: dict[str, dict[str, int]]) -> str:
    people, course = run_study(settings)
    content: dict[str, Any] = {
        "seed": settings.seed,
        "quantities": true_quantities(settings),
        "population": population_sizes(settings),
        "study": {**attendance_of(course), **sizes_of(people, course)},
        "dirt": dirt,
        "settings": settings.model_dump(),
    }
    return str(yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=120))
