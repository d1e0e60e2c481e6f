"""What the newer parts cost a model that asks for none of them: this state of the project beside one from before they were built."""

import subprocess
from pathlib import Path
from typing import Any

from children import HERE, Bench
from simulate import Study

BEFORE = "6c22749"
_ROUNDS = 5


def measure(bench: Bench) -> dict[str, Any]:
    """Time an evaluation and a maximum in both states, in turns, and compare the log-likelihoods they find."""
    studies = [Study(30, 8, 5)] if bench.quick else [Study(100, 20), Study(300, 20, 60)]
    then = bench.folder / "before"
    made = subprocess.run(
        ["git", "-C", str(HERE.parent), "worktree", "add", "--detach", str(then), BEFORE],
        capture_output=True,
        check=False,
    )
    if made.returncode:
        return {"rows": [{"status": "skipped", "reason": f"the state of {BEFORE} is not in this copy of the project"}]}
    try:
        return {"rows": [_row(bench, study, then) for study in studies]}
    finally:
        subprocess.run(["git", "-C", str(HERE.parent), "worktree", "remove", "--force", str(then)], check=False)


def _row(bench: Bench, study: Study, then: Path) -> dict[str, Any]:
    size = {"patients": study.patients, "sessions": study.sessions, "therapists": study.therapists, "seed": study.seed}
    job = {"study": size, "repetitions": 1 if bench.quick else 20}
    states = {"before": then, "now": HERE.parent}
    maxima = {name: _run(bench, root, {"task": "maximum", **job}) for name, root in states.items()}
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in states}
    for _ in range(1 if bench.quick else _ROUNDS):
        for name, root in states.items():
            found[name].append(_run(bench, root, {"task": "density", **job}))
    every = [*maxima.values(), *(each for runs in found.values() for each in runs)]
    wrong = next((each for each in every if each["status"] != "ok"), None)
    if wrong is not None:
        return {"size": study.text, **wrong}
    heights = {name: maximum["joint"]["log_likelihood"] for name, maximum in maxima.items()}
    row: dict[str, Any] = {"size": study.text, "status": "ok", "apart": abs(heights["now"] - heights["before"])}
    for key in ("seconds_evaluation", "seconds_maximum"):
        # The quickest of several processes: whatever else runs makes times longer, never shorter.
        row |= {f"{key}_{name}": min(each[key] for each in runs) for name, runs in found.items()}
    return row


def _run(bench: Bench, root: Path, job: dict[str, Any]) -> dict[str, Any]:
    """Run a task of `ours.py` of one state of the project."""
    return bench.run_python(str(root / "benchmarks/ours.py"), job, source=str(root / "src"))
