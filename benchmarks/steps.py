"""What each step of finished runs took, and how that grows with the rows: ``python benchmarks/steps.py RUN_FOLDER ...``.

    python benchmarks/steps.py results/r2k results/r20k results/r65k

Reads `logs/jobs.jsonl` of each run, in which every job has its seconds of processors and the most memory it held, and writes
`results/steps.md`. Models have a row each; of figures and of tables times are summed, and memory is that of the largest job. The whole run
has the time from its first start to its last end, and the memory of all jobs that ran at once, as if each had held its most all the time.
Growth is the slope of the logarithm of cost on that of rows (least squares over the runs); 1 is linear, 2 quadratic.
"""

import argparse
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow.parquet as pq

from alliance.facts.artefacts import ARTEFACTS
from alliance.runs.history import Done, read_history

_TARGET: Final = Path(__file__).parent / "results/steps.md"
_LEAST: Final = 0.5  # seconds of the largest run, below which growth is that of starting a process


@dataclass(frozen=True)
class Cost:
    """What a step took in one run: seconds on the clock and of processors, summed over its jobs, and memory (MB) of the largest job."""

    wall: float
    cpu: float
    peak: float


def main() -> None:
    """Write the table of the runs that are named."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN_FOLDER")
    parser.add_argument("--out", type=Path, default=_TARGET)
    chosen = parser.parse_args()
    runs = sorted(((_rows_of(folder), list(read_history(folder))) for folder in chosen.runs), key=lambda run: run[0])
    chosen.out.write_text(write_table(runs), encoding="utf-8")
    print(f"Written to {chosen.out}")


def _rows_of(folder: Path) -> int:
    return int(pq.read_metadata(folder / ARTEFACTS["sessions"].path).num_rows)


def costs_of(jobs: Iterable[Done]) -> dict[str, Cost]:
    """Sum up what the jobs of each step took, in the order in which steps began."""
    by_step: dict[str, list[Done]] = defaultdict(list)
    for job in jobs:
        by_step[_step_of(job)].append(job)
    return {
        step: Cost(
            sum(_seconds(job.began, job.ended) for job in done),
            sum(job.cpu_seconds for job in done),
            max(job.peak_mb for job in done),
        )
        for step, done in by_step.items()
    }


def _seconds(began: str, ended: str) -> float:
    return (datetime.fromisoformat(ended) - datetime.fromisoformat(began)).total_seconds()


def cost_of_run(jobs: Sequence[Done]) -> Cost:
    """Return what a whole run took: from its first start to its last end, and the memory of the jobs that ran at once."""
    at_once = [
        sum(other.peak_mb for other in jobs if other.began <= job.began and (other.ended > job.began or other is job))
        for job in jobs
    ]
    wall = _seconds(min(job.began for job in jobs), max(job.ended for job in jobs))
    return Cost(wall, sum(job.cpu_seconds for job in jobs), max(at_once))


def _step_of(job: Done) -> str:
    """Name the step of a job: its rule, and the model that it fits."""
    fitted = [Path(file).parts[1] for file in job.files if file.startswith("models/")]
    return f"{job.rule}: {fitted[0]}" if fitted else job.rule


def exponent(rows: Sequence[float], costs: Sequence[float]) -> float:
    """Return the slope of log(cost) on log(rows) by least squares; NaN from fewer than two sizes."""
    if len(set(rows)) < 2:
        return float("nan")
    return float(np.polyfit(np.log(rows), np.log(costs), 1)[0])


def write_table(runs: Sequence[tuple[int, Sequence[Done]]]) -> str:
    """Write costs of every step at every size in Markdown, and a row for whole runs."""
    costs = [(rows, costs_of(jobs)) for rows, jobs in runs]
    steps = list(dict.fromkeys(step for _, of in costs for step in of))
    sizes = [f"{rows:,} rows" for rows, _ in runs]
    lines = [
        "Seconds of processors / seconds on the clock / most memory (MB): of the largest job, and in the last row of all that ran at once.",
        "",
        f"| step | {' | '.join(sizes)} | growth of time | growth of memory |",
        "|---" * (len(sizes) + 3) + "|",
    ]
    rows_of = [
        *((step, [(rows, of[step]) for rows, of in costs if step in of]) for step in steps),
        ("whole run", [(rows, cost_of_run(jobs)) for rows, jobs in runs]),
    ]
    for step, found in rows_of:
        at = dict(found)
        cells = [
            f"{at[rows].cpu:,.1f} / {at[rows].wall:,.1f} / {at[rows].peak:,.0f}" if rows in at else ""
            for rows, _ in runs
        ]
        lines.append(f"| {step} | {' | '.join(cells)} | {' | '.join(_growth(found))} |")
    return "\n".join(lines) + "\n"


def _growth(found: Sequence[tuple[int, Cost]]) -> list[str]:
    """Return the exponents of time and of memory as text, where there is something to grow."""
    rows = [size for size, _ in found]
    shown = []
    for costs in ([one.cpu for _, one in found], [one.peak for _, one in found]):
        grows = len(found) > 1 and min(costs) > 0 and found[-1][1].cpu >= _LEAST
        shown.append(f"{round(exponent(rows, costs), 2) + 0.0:.2f}" if grows else "")  # without the zero, -0.00
    return shown


if __name__ == "__main__":
    main()
