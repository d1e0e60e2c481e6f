"""Every engine runs in a process of its own: a job goes in as JSON, a result comes out as JSON.

A result has `status` (``ok``, ``skipped``, ``failed`` or ``not installed``), `reason` where it is not ``ok``, and `process_seconds`, the
wall clock from the start of the process to its end.
"""

import json
import os
import platform
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

# Peers that are never installed beside this project.
APART = ("pathmc", "bambi", "nutpie", "mixedlm", "lme-python[pandas]", "numpyro")
HERE = Path(__file__).resolve().parent
PEERS = HERE / "peers"
OURS = HERE / "ours.py"
FIT_LIMIT = 300.0  # seconds a peer may take for one fit
_GRACE = 90.0  # start-up, reading the data, and a last repetition


@dataclass
class Bench:
    """What one run of the benchmarks shares.

    Parameters
    ----------
    folder
        Temporary folder for data and jobs.
    quick
        Tiny sizes, to see that everything works.
    peers_python
        Interpreter of the throw-away environment with the peers of `APART`.
    """

    folder: Path
    quick: bool
    peers_python: Path | None = None
    count: int = field(default=0)

    def run(
        self, command: Sequence[str], job: dict[str, Any], limit: float | None = None, source: str | None = None
    ) -> dict[str, Any]:
        """Run one job in a child process.

        Parameters
        ----------
        limit
            Seconds after which the process is stopped.
        source
            Folder with another state of this project's package.
        """
        if shutil.which(command[0]) is None:
            return {"status": "not installed", "reason": f"{Path(command[0]).name} was not found"}
        self.count += 1
        job_file, result_file = self.folder / f"job{self.count}.json", self.folder / f"result{self.count}.json"
        job_file.write_text(json.dumps(job), encoding="utf-8")
        start = time.perf_counter()
        child = subprocess.Popen(
            [*command, str(job_file), str(result_file)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            env=os.environ if source is None else {**os.environ, "PYTHONPATH": source},
        )
        try:
            errors = child.communicate(timeout=limit)[1]
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)  # the child's own group: samplers start processes of their own
            child.communicate()
            return {"status": "skipped", "reason": f"longer than {limit:.0f} s"}
        seconds = time.perf_counter() - start
        if not result_file.exists():
            missing = re.search(r"no package called .(\w+).|No module named '(\w+)", errors)
            if missing:
                return {"status": "not installed", "reason": f"{missing[1] or missing[2]} is not installed"}
            return {"status": "failed", "reason": self._last_line(errors)}
        result: dict[str, Any] = json.loads(result_file.read_text(encoding="utf-8"))
        return {"status": "ok", **result, "process_seconds": seconds}

    def run_python(
        self, script: str, job: dict[str, Any], limit: float = FIT_LIMIT + _GRACE, source: str | None = None
    ) -> dict[str, Any]:
        """Run a script of ours with this interpreter."""
        return self.run([sys.executable, script], job, limit, source)

    def run_ours(self, task: str, job: dict[str, Any], limit: float | None = None) -> dict[str, Any]:
        """Run a task of `ours.py`."""
        return self.run([sys.executable, str(OURS)], {"task": task, **job}, limit)

    def run_peer(self, script: str, job: dict[str, Any], limit: float = FIT_LIMIT + _GRACE) -> dict[str, Any]:
        """Run a script of `peers/`: R scripts with Rscript, Python scripts with this interpreter."""
        path = PEERS / script
        command = ["Rscript", "--vanilla"] if path.suffix == ".R" else [sys.executable]
        return self.run([*command, str(path)], job, limit)

    def run_apart(self, script: str, job: dict[str, Any], limit: float = FIT_LIMIT + _GRACE) -> dict[str, Any]:
        """Run a script of `peers/` in the throw-away environment."""
        if self.peers_python is None:
            reason = "run with --peers-env DIR, which installs it into an environment of its own"
            return {"status": "not installed", "reason": reason}
        return self.run([str(self.peers_python), str(PEERS / script)], job, limit)

    def _last_line(self, errors: str) -> str:
        said = (line.strip() for line in errors.partition("Stack backtrace")[0].splitlines())
        lines = [line for line in said if line and line != "Execution halted"]
        message = lines[-1] if lines else "no message"
        # Documentation holds no paths of the machine it was made on.
        for place in (str(self.folder), str(HERE.parent), str(Path.home())):
            message = message.replace(place, "...")
        return message[:200]


def make_environment(folder: Path) -> Path:
    """Make a virtual environment with the peers of `APART`, unless it is there, and return its interpreter.

    Raises
    ------
    RuntimeError
        The packages could not be installed.
    """
    python = folder / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *APART]
    found = subprocess.run(install, capture_output=True, text=True, check=False)
    if found.returncode:
        raise RuntimeError(f"the peers could not be installed: {found.stderr.strip().splitlines()[-1]}")
    return python


def describe_machine() -> dict[str, Any]:
    """Return cores, processor and versions: what a reader needs to compare times."""
    packages = ("numpy", "scipy", "numba", "pymc", "pytensor", "nutpie", "statsmodels", "arviz")
    return {
        "cores": len(os.sched_getaffinity(0)),
        "processor": _processor(),
        "python": platform.python_version(),
        "packages": {name: version(name) for name in packages},
        "r": _r_versions(),
    }


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    if information.exists():
        for line in information.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def _r_versions() -> dict[str, str]:
    if shutil.which("Rscript") is None:
        return {}
    script = (
        'cat("R", as.character(getRversion()), "\\n"); for (name in c("lme4", "nlme", "ordinal", "lavaan", "brms", "rstan"))'
        ' if (nzchar(system.file(package = name))) cat(name, as.character(packageVersion(name)), "\\n")'
    )
    found = subprocess.run(["Rscript", "--vanilla", "-e", script], capture_output=True, text=True, check=False)
    return dict(line.split()[:2] for line in found.stdout.splitlines() if line.strip())
