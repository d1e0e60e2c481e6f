"""Patients who change therapist against lme4, and what the coupled therapists cost beside the same study without changes."""

from dataclasses import replace
from typing import Any

from children import Bench
from simulate import Study, simulate

_OURS, _THEIRS = 9, 3  # repetitions


def measure(bench: Bench) -> dict[str, Any]:
    """Fit the same models here and in lme4, and time one evaluation with and without changes."""
    rows = []
    # 2,000 patients would connect more therapists than are solved together.
    for patients in (20,) if bench.quick else (100, 300):
        study = Study(patients, 8 if bench.quick else 20, patients // 5, changing=0.2)
        data = bench.folder / "study.csv"
        simulate(study).to_csv(data, index=False)
        ours = {"repetitions": 2 if bench.quick else _OURS}
        job = {"data": str(data), "therapists": True, "stacked": False, "repetitions": 2 if bench.quick else _THEIRS}
        rows.append(
            {
                "size": study.text,
                "maximum": bench.run_ours("maximum", {"study": vars(study), **ours}),
                "changed": bench.run_ours("density", {"study": vars(study), **ours}),
                "nested": bench.run_ours("density", {"study": vars(replace(study, changing=0.0)), **ours}),
                "lme4": bench.run_peer("lme4.R", job),
            }
        )
    return {"rows": rows}
