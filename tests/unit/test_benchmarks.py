"""The table of what steps take, from made-up histories whose growth is known."""

import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest

from alliance.facts.artefacts import ARTEFACTS
from alliance.runs.history import HISTORY
from benchmarks.steps import exponent, main

START = datetime(2026, 1, 1, tzinfo=UTC)


def _job(rule: str, file: str, cpu: float, peak: float, start: float = 0) -> str:
    made = {
        "rule": rule,
        "began": (START + timedelta(seconds=start)).isoformat(),
        "ended": (START + timedelta(seconds=start + 2 * cpu)).isoformat(),
        "read": [],
        "wrote": [{"role": "made", "file": file}],
        "cpu_seconds": cpu,
        "peak_mb": peak,
    }
    return json.dumps(made) + "\n"


def _run(folder: Path, rows: int, *jobs: str) -> Path:
    sessions, history = folder / ARTEFACTS["sessions"].path, folder / HISTORY
    sessions.parent.mkdir(parents=True)
    history.parent.mkdir(parents=True)
    pd.DataFrame({"session": range(rows)}).to_parquet(sessions)
    history.write_text("".join(jobs), encoding="utf-8")
    return folder


def _table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *runs: Path) -> dict[str, list[str]]:
    target = tmp_path / "steps.md"
    monkeypatch.setattr(sys, "argv", ["steps.py", *map(str, runs), "--out", str(target)])
    main()
    lines = target.read_text(encoding="utf-8").splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| ")]
    return {name: rest for name, *rest in cells}


def test_growth_is_that_of_the_histories(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = []
    for rows in (4000, 1000, 2000):  # in any order
        size = rows / 1000
        runs.append(
            _run(
                tmp_path / str(rows),
                rows,
                _job("fit_model", "models/first/draws.nc", 10 * size, 100 * size**0.5),
                _job("draw_figure", "figures/flow.svg", size**2, 50),
                _job("draw_figure", "figures/forest.svg", 2 * size**2, 200),
                _job("accept_data", "data/accepted.txt", 0.01 * size, 80),
            )
        )
    table = _table(tmp_path, monkeypatch, *runs)
    assert table["step"] == ["1,000 rows", "2,000 rows", "4,000 rows", "growth of time", "growth of memory"]
    assert table["fit_model: first"][3:] == ["1.00", "0.50"]
    assert table["draw_figure"] == ["3.0 / 6.0 / 200", "12.0 / 24.0 / 200", "48.0 / 96.0 / 200", "2.00", "0.00"]
    assert table["accept_data"][3:] == ["", ""], "what takes no time at the largest size does not grow"


def test_step_of_one_size_has_no_growth(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    both = [_job("fit_model", "models/first/draws.nc", 5, 100)]
    small = _run(tmp_path / "small", 100, *both, _job("build_panel", "data/panel.parquet", 3, 90))
    table = _table(tmp_path, monkeypatch, small, _run(tmp_path / "large", 200, *both))
    assert table["build_panel"] == ["3.0 / 6.0 / 90", "", "", ""]
    assert table["fit_model: first"][2:] == ["0.00", "0.00"]


def test_whole_run_has_its_own_time_and_the_memory_of_jobs_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = [
        _job("fit_model", "models/first/draws.nc", 10, 300),  # until 20
        _job("fit_model", "models/second/draws.nc", 5, 200, start=4),  # until 14
        _job("fit_model", "models/third/draws.nc", 1, 250, start=14),  # when the second is gone
        _job("draw_figure", "figures/flow.svg", 4, 450, start=22),
    ]
    table = _table(tmp_path, monkeypatch, _run(tmp_path / "run", 100, *jobs))
    assert table["whole run"] == ["20.0 / 30.0 / 550", "", ""]


def test_exponent_is_the_slope_of_logarithms() -> None:
    assert exponent([10, 100, 1000], [3, 30, 300]) == pytest.approx(1)
    assert exponent([10, 1000], [5, 50]) == pytest.approx(0.5)
