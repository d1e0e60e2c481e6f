"""A process that has imported what the steps of a run need, and forks one process for each job.

Importing pandas and matplotlib takes longer than drawing most figures. A job is still a process of its own with its own log;
it only begins where an earlier one of its kind has been. Nothing depends on the worker: where there is none, a job runs by itself.

The worker ends with the run that started it, and a job ends with the process that waits for it, however these end.
"""

import atexit
import contextlib
import os
import pickle
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

from alliance.runs.jobs import Ended, Job, run_job
from alliance.runs.machine import end_of_process
from alliance.runs.messages import failure_of_step
from alliance.runs.places import clear_log
from alliance.runs.threads import use_one_thread

_ADDRESS = "ALLIANCE_WORKER"  # in the environment of a run's jobs: the socket of its worker
_LAST_WORDS = 2000  # characters of a log
# What the system counts memory in: bytes there, elsewhere 1,024 of them.
_MAXRSS_PER_MB = 1e6 if sys.platform == "darwin" else 1e6 / 1024


def start_worker() -> None:
    """Start a worker for the jobs of this process; where there can be none, they run by themselves."""
    os.environ.pop(_ADDRESS, None)
    address = Path(tempfile.mkdtemp(prefix="alliance-")) / "worker"
    with socket.socket(socket.AF_UNIX) as listener:
        try:
            listener.bind(str(address))
        except OSError:  # a path too long for a socket, or a file system without sockets
            address.parent.rmdir()
            return
        listener.listen(socket.SOMAXCONN)
        source, number = str(Path(__file__).parents[2]), listener.fileno()
        serving = f"import sys; sys.path.insert(0, {source!r}); from alliance.runs.worker import serve; serve({number})"
        # Nobody writes to its standard input, which closes when this process ends, however it ends.
        worker = subprocess.Popen(
            [sys.executable, "-c", serving], stdin=subprocess.PIPE, pass_fds=[number], process_group=0
        )
    atexit.register(worker.communicate)
    os.environ[_ADDRESS] = str(address)


def hand_over(job: Job) -> Ended | None:
    """Let the worker of this run do a job and return how it ended; None if there is no worker."""
    with socket.socket(socket.AF_UNIX) as connection:
        try:
            connection.connect(os.environ[_ADDRESS])
        except (KeyError, OSError):
            return None
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # no traceback of one who only waits
        connection.sendall(pickle.dumps(job))
        answer = connection.makefile("r", encoding="ascii").readline()
    if not answer:
        return _settle(job, Ended(0), gone=True)
    status, cpu, peak = answer.split()
    ended = Ended(int(status), float(cpu), float(peak))
    return _settle(job, ended, gone=ended.status < 0)


def run_apart(job: Job) -> Ended:
    """Run a job in a process of its own where there is no worker, so that somebody can say how it ended, and return that."""
    process = _begin(job)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    ended = _wait_for(process)
    return _settle(job, ended, gone=ended.status < 0)


def _wait_for(process: int) -> Ended:
    """Wait until a process has ended, and return how it did and what it took."""
    _, status, used = os.wait4(process, 0)
    return Ended(os.waitstatus_to_exitcode(status), used.ru_utime + used.ru_stime, used.ru_maxrss / _MAXRSS_PER_MB)


def _settle(job: Job, ended: Ended, *, gone: bool) -> Ended:
    """Say in the log of a job that its process is gone, if it is; leave no place outside the project there; return how the job ended."""
    with contextlib.suppress(OSError):
        if gone:
            said = Path(job.log).read_text(encoding="utf-8", errors="replace")[-_LAST_WORDS:]
            with open(job.log, "a", encoding="utf-8") as log:
                log.write(failure_of_step(job.step, end_of_process(ended.status, said)))
        clear_log(job.log, job.arguments)
    return ended._replace(status=1) if gone else ended


def _begin(job: Job) -> int:
    """Fork a process that runs a job, and return its number."""
    process = os.fork()
    if process == 0:
        status = 1
        try:
            status = run_job(job)
        finally:
            sys.stdout.flush()
            os._exit(status)
    return process


class _Child(NamedTuple):
    """A job that runs: its process, who waits for it, and a pipe that closes when the process ends."""

    process: int
    client: socket.socket
    ended: int


def serve(listener: int) -> None:
    """Fork a process for every job that arrives at a socket, until the standard input closes."""
    use_one_thread()
    # Only a process without threads can be forked safely; the memory allocator of Arrow would start one.
    os.environ["JE_ARROW_MALLOC_CONF"] = "background_thread:false"
    with socket.socket(fileno=listener) as door, selectors.DefaultSelector() as selector:
        selector.register(door, selectors.EVENT_READ)
        selector.register(sys.stdin, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                if key.fileobj is door:
                    _admit(door.accept()[0], selector)
                elif key.fileobj is sys.stdin:
                    shutil.rmtree(Path(door.getsockname()).parent)
                    os.killpg(0, signal.SIGKILL)  # this process, and every job that nobody waits for any more
                elif key.fileobj in selector.get_map():  # client and process may both have ended
                    _dismiss(key.data, selector, forsaken=key.fileobj is key.data.client)


def _admit(client: socket.socket, selector: selectors.BaseSelector) -> None:
    """Receive a job, import what it needs, and fork a process that runs it."""
    try:
        job = pickle.load(client.makefile("rb"))
    except (EOFError, pickle.UnpicklingError):  # whoever sent it is gone
        client.close()
        return
    with contextlib.suppress(Exception):  # the job imports it again, and says in its log what is wrong
        for module in job.modules:
            import_module(module)
    ended, held = os.pipe()
    process = _begin(job)
    os.close(held)
    child = _Child(process, client, ended)
    selector.register(client, selectors.EVENT_READ, child)
    selector.register(ended, selectors.EVENT_READ, child)


def _dismiss(child: _Child, selector: selectors.BaseSelector, *, forsaken: bool) -> None:
    """Tell the client how its job ended, or end the job of a client that is gone."""
    selector.unregister(child.client)
    selector.unregister(child.ended)
    if forsaken:
        os.kill(child.process, signal.SIGKILL)
    ended = _wait_for(child.process)
    os.close(child.ended)
    with child.client, contextlib.suppress(OSError):
        child.client.sendall(f"{ended.status} {ended.cpu_seconds} {ended.peak_mb}\n".encode("ascii"))
