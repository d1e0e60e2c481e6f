"""Joint maximum likelihood against peers that fit the two equations separately."""

from typing import Any

from children import Bench
from simulate import Study, simulate

_PEERS = {"lme4": "lme4.R", "nlme": "nlme.R", "statsmodels": "statsmodels_peer.py"}
_APART = {"mixedlm": "mixedlm_peer.py", "lme-python": "lme_peer.py"}
_OURS = 20  # repetitions
_THEIRS = 7
_STACKED_UP_TO = 100  # patients


def measure(bench: Bench) -> dict[str, Any]:
    """Fit the same model with every engine, at two and three levels."""
    sizes = (20,) if bench.quick else (100, 300, 2000)
    sessions = 8 if bench.quick else 20
    studies = [Study(patients, sessions, therapists) for patients in sizes for therapists in (0, patients // 5)]
    rows = []
    for study in studies:
        place = {"size": study.text, "patients": study.patients, "levels": 3 if study.therapists else 2}
        data = bench.folder / "study.csv"
        simulate(study).to_csv(data, index=False)
        found = bench.run_ours("maximum", {"study": vars(study), "repetitions": 3 if bench.quick else _OURS})
        for model in ("joint", "separate"):
            own = found.get(model, {})
            rows.append({**place, "engine": "alliance", "model": model, "status": found["status"], **own})
        job = {
            "data": str(data),
            "therapists": study.therapists > 0,
            "stacked": False,
            "repetitions": 2 if bench.quick else _THEIRS,
        }
        for engine, script in _PEERS.items():
            rows.append({**place, "engine": engine, "model": "separate", **bench.run_peer(script, job)})
        for engine, script in _APART.items():
            rows.append({**place, "engine": engine, "model": "separate", **bench.run_apart(script, job)})
        if not study.therapists and study.patients <= _STACKED_UP_TO:
            stacked = bench.run_peer("nlme.R", {**job, "stacked": True})
            rows.append({**place, "engine": "nlme", "model": "joint", **stacked})
    return {"rows": rows}
