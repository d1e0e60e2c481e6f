"""The worker runs each job in a process of its own, says how it ended, and leaves nothing behind."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from alliance.facts.families import FAMILIES
from alliance.facts.threads import MOST
from alliance.report.figures import FIGURES
from alliance.report.tables import TABLES
from alliance.steps import STEPS

OWN_STEPS = """
import os, sys, time
HERE = os.getpid()

def add(*, first, second, result):
    print("adding")
    with open(result, "w") as file:
        file.write(f"{first + second} {os.getpid() != HERE}")

def count(*, result):
    from alliance.facts.threads import threads_here
    open(result, "w").write(str(threads_here()))

def refuse():
    from alliance.errors import DataError
    raise DataError("14 rows are wrong. Correct them.")

def break_down():
    raise RuntimeError("a wheel came off")

def vanish():
    os.kill(os.getpid(), 9)

def allocate():
    print("memory allocation of 999999999999 bytes failed", flush=True)
    os.abort()

def hold(*, megabytes):
    held = b"x" * (megabytes * 1_000_000)
    until = time.process_time() + 0.5
    while time.process_time() < until:
        pass

def wait(*, started):
    open(started, "w").write(str(os.getpid()))
    time.sleep(60)
"""
RUN = """
import sys
from alliance.runs.jobs import Job
from alliance.runs.worker import hand_over, run_apart, start_worker
if "apart" not in sys.argv and "alone" not in sys.argv:
    start_worker()
ended = [(run_apart if "apart" in sys.argv else hand_over)(Job(*job)) for job in {jobs}]
print(*[one and (f"{{one.cpu_seconds}} {{one.peak_mb}}" if "cost" in sys.argv else one.status) for one in ended])
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a module of steps that every Python started from here finds."""
    (tmp_path / "steps_of_test.py").write_text(OWN_STEPS, encoding="utf-8")
    paths = [str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(paths))
    # Python warns, on standard error, where a process is forked while it has threads.
    monkeypatch.setenv("PYTHONWARNINGS", "always::DeprecationWarning:alliance.runs.worker")
    monkeypatch.setenv("TMPDIR", str(tmp_path / "sockets"))
    (tmp_path / "sockets").mkdir()
    return tmp_path


def job(folder: Path, step: str, module: str = "steps_of_test", **arguments: object) -> tuple[object, ...]:
    return step, [module], arguments, str(folder / f"{step}.log")


def command(jobs: list[tuple[object, ...]], *words: str) -> list[str]:
    return [sys.executable, "-c", RUN.format(jobs=jobs), *words]


def statuses(jobs: list[tuple[object, ...]], *words: str) -> list[str]:
    done = subprocess.run(command(jobs, *words), capture_output=True, text=True, timeout=60, check=False)
    assert done.stderr == ""
    return done.stdout.split()


def is_alive(process: int) -> bool:
    """Return whether a process runs; one that only waits to be collected does not."""
    try:
        return "Z" not in Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False


def wait_for(what: str, condition: object) -> None:
    limit = time.monotonic() + 30
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < limit, what
        time.sleep(0.02)


def test_job_runs_in_a_process_of_its_own_and_its_words_go_to_its_log(folder: Path) -> None:
    assert statuses([job(folder, "add", first=1, second=2, result=str(folder / "sum"))]) == ["0"]
    assert (folder / "sum").read_text(encoding="utf-8") == "3 True"
    assert (folder / "add.log").read_text(encoding="utf-8") == "adding\n"


@pytest.mark.parametrize("words", [[], ["apart"]])
@pytest.mark.parametrize("step", ["vanish", "allocate"])
def test_job_without_enough_memory_says_so_with_a_remedy_also_without_a_worker(
    folder: Path, step: str, words: list[str]
) -> None:
    assert statuses([job(folder, step)], *words) == ["1"]
    closing = (folder / f"{step}.log").read_text(encoding="utf-8").rpartition("This step failed.\n")[2]
    assert closing.startswith(f"{step}: ")
    assert "not enough memory" in closing
    assert "make CORES=1" in closing
    assert "defect" not in closing


def test_job_without_a_worker_ends_with_its_own_status(folder: Path) -> None:
    jobs = [job(folder, "add", first=1, second=2, result=str(folder / "sum")), job(folder, "refuse")]
    assert statuses(jobs, "apart") == ["0", "1"]
    assert "Correct them." in (folder / "refuse.log").read_text(encoding="utf-8")


@pytest.mark.parametrize("words", [[], ["apart"]])
def test_time_and_memory_of_a_job_are_its_own(folder: Path, words: list[str]) -> None:
    jobs = [job(folder, "hold", megabytes=300), job(folder, "hold", megabytes=1)]
    *much, seconds, little = map(float, statuses(jobs, "cost", *words))
    assert much[0] > 0.5
    assert seconds > 0.5
    assert much[0] + seconds < 5
    assert much[1] - little == pytest.approx(299, rel=0.05)


def test_job_uses_no_more_threads_than_it_was_given(folder: Path) -> None:
    results = [folder / name for name in ("one", "all")]
    one, everything = (job(folder, "count", result=str(result)) for result in results)
    assert statuses([(*one, 1), everything]) == ["0", "0"]
    assert [int(result.read_text(encoding="utf-8")) for result in results] == [1, MOST]


@pytest.mark.parametrize(
    ("step", "closing"),
    [
        ("refuse", "This step failed.\nrefuse: DataError: 14 rows are wrong. Correct them.\n"),
        ("break_down", "a wheel came off\nThis is a defect of the project"),
        ("vanish", "This step failed.\nvanish: Its process was ended from outside"),
        ("missing", "no attribute 'missing'\nThis is a defect of the project"),
    ],
)
def test_failed_job_says_why_and_the_next_one_runs(folder: Path, step: str, closing: str) -> None:
    jobs = [job(folder, step), job(folder, "add", first=1, second=2, result=str(folder / "sum"))]
    assert statuses(jobs) == ["1", "0"]
    assert closing in (folder / f"{step}.log").read_text(encoding="utf-8")


def test_module_that_cannot_be_imported_is_a_failure_of_its_job(folder: Path) -> None:
    (folder / "broken.py").write_text("raise RuntimeError('half a module')\n", encoding="utf-8")
    jobs = [job(folder, "step", module="broken"), job(folder, "add", first=1, second=2, result=str(folder / "sum"))]
    assert statuses(jobs) == ["1", "0"]
    assert "half a module" in (folder / "step.log").read_text(encoding="utf-8")


def test_without_a_worker_a_job_is_left_to_the_caller(folder: Path) -> None:
    assert statuses([job(folder, "add", first=1, second=2, result=str(folder / "sum"))], "alone") == ["None"]


def test_place_without_sockets_means_no_worker(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    long = folder / ("long" * 30)
    long.mkdir()
    monkeypatch.setenv("TMPDIR", str(long))
    assert statuses([job(folder, "add", first=1, second=2, result=str(folder / "sum"))]) == ["None"]
    assert list(long.iterdir()) == []


def test_nothing_that_a_step_imports_starts_a_thread_in_the_worker(folder: Path) -> None:
    families = [family.module for family in FAMILIES.values()]
    modules = ["steps_of_test", *STEPS.values(), *FIGURES.values(), *TABLES.values(), *families]
    arguments = {"first": 1, "second": 2, "result": str(folder / "sum")}
    assert statuses([("add", modules, arguments, str(folder / "add.log"))]) == ["0"]


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_killed_run_leaves_no_job_no_worker_and_no_socket(folder: Path, end: signal.Signals) -> None:
    started = folder / "started"
    running = subprocess.Popen(command([job(folder, "wait", started=str(started))]), stderr=subprocess.DEVNULL)
    wait_for("the job began", lambda: started.exists() and started.read_text(encoding="utf-8"))
    process = int(started.read_text(encoding="utf-8"))
    worker = int(Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[1])
    running.send_signal(end)
    running.wait(timeout=30)
    wait_for("the job ended", lambda: not is_alive(process))
    wait_for("the worker ended", lambda: not is_alive(worker))
    assert list((folder / "sockets").iterdir()) == []
