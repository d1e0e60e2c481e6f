"""How the time of a fit grows with patients and with sessions."""

from typing import Any

from children import Bench
from simulate import Study


def measure(bench: Bench) -> dict[str, Any]:
    """Time one evaluation with its gradient, and the joint maximum, over a range of sizes."""
    patients = (20, 40) if bench.quick else (100, 300, 1000, 3000, 10000)
    sessions = (5, 10) if bench.quick else (20, 50, 100, 200)
    over = {
        "patients": [Study(n, 20) for n in patients],
        "sessions": [Study(patients[1], t) for t in sessions],
    }
    rows = []
    for along, studies in over.items():
        for study in studies:
            job = {"study": vars(study), "repetitions": 3 if bench.quick else 9}
            rows.append(
                {
                    "along": along,
                    "patients": study.patients,
                    "sessions": study.sessions,
                    **bench.run_ours("density", job),
                }
            )
    return {"rows": rows}
