"""A run that is killed goes on where it was, without anything to unlock, and ends with the same results."""

import os
import signal
import subprocess
import time

import pandas as pd
import pytest

from tests.workflow.project import Project

pytestmark = pytest.mark.xdist_group("smoke")

OVERLAY = """\
run: {name: killed}
models: {fit: [variance, alliance_predicts_symptoms]}
inference: {monte_carlo_draws: 1000}
output: {figures: [forest], tables: [], figure_dpi: 72}
"""


@pytest.mark.slow
def test_killed_run_resumes_and_ends_like_an_undisturbed_one(smoke: Project) -> None:
    overlay = smoke.write("config/killed.yaml", OVERLAY)
    words = smoke.command("--cores", "2", "--configfile", str(overlay))
    running = subprocess.Popen(
        words,
        cwd=smoke.root,
        env=smoke.environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    folder = smoke.results / "killed"
    limit = time.monotonic() + 240
    # Killed while models are fitted: their logs exist, their results do not.
    while not list(folder.glob("logs/fit_model/*.log")):
        assert time.monotonic() < limit, "no model was begun in four minutes"
        assert running.poll() is None, "the run ended before it could be killed"
        time.sleep(0.05)
    os.killpg(running.pid, signal.SIGKILL)
    running.wait()
    assert (folder / "data/panel.parquet").is_file()
    assert not (folder / "manifest.csv").exists()
    panel = (folder / "data/panel.parquet").stat().st_mtime_ns

    done = smoke.snakemake("--cores", "2", "--configfile", str(overlay))
    assert done.returncode == 0, done.stderr[-3000:]
    assert (folder / "data/panel.parquet").stat().st_mtime_ns == panel, "finished steps are kept"
    undisturbed = pd.read_csv(smoke.results / "smoke/estimates/estimates.csv")
    resumed = pd.read_csv(folder / "estimates/estimates.csv")
    same = undisturbed[undisturbed["model"].isin(resumed["model"])].reset_index(drop=True)
    assert len(resumed) > 5
    pd.testing.assert_frame_equal(resumed, same, check_exact=True)
