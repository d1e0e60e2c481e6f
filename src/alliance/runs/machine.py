"""Faults of the machine: no room, no memory, no permission, a damaged file. Each has a sentence and a remedy of its own.

None of them is a defect of the project, and none is the user's data.
"""

import errno
import pickle
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

_AGAIN = "Everything finished so far is kept."
_LEAST_ROOM = 2**20  # bytes; with less, not even a log can be written

_FULL = (
    "The disk is full{where}. Make room (make clean-run NAME=... deletes the results of a run that is no longer needed), "
    f"then run again. {_AGAIN}"
)
_TOO_LARGE = (
    "A file{where} grew larger than it may: this shell has a limit (ulimit -f), or the disk takes no larger ones. Raise the limit "
    f"(ulimit -f unlimited), or copy the project to another disk, then run again. {_AGAIN}"
)
_READ_ONLY = (
    "A folder or file{where} may not be opened: it is read-only, or belongs to somebody else. Give yourself the right to read and write "
    f"(chmod -R u+w on the project's folder), or copy the project to a folder of your own, then run again. {_AGAIN}"
)
_MEMORY = (
    "The machine has not enough memory for this step. Close other programs, run one job at a time (make CORES=1), lower "
    f"sampling.chains, or use a larger machine, then run again. {_AGAIN}"
)
_OPEN_FILES = f"Too many files are open{{where}}. Raise the limit (ulimit -n 4096), then run again. {_AGAIN}"
_DEVICE = (
    "The disk did not deliver or take data{where} (input/output error). Check the disk or the network folder; copy the project to a disk "
    f"of this machine if it lies elsewhere, then run again. {_AGAIN}"
)
_DAMAGED = (
    "A file that an earlier step wrote is damaged{where}: {detail} Run again: what is not as it was written is found and made again. "
    "If the same file is damaged again, check the disk."
)

_BY_NUMBER = {
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _FULL,
    errno.EFBIG: _TOO_LARGE,
    errno.EROFS: _READ_ONLY,
    errno.EACCES: _READ_ONLY,
    errno.EPERM: _READ_ONLY,
    errno.ENOMEM: _MEMORY,
    errno.EMFILE: _OPEN_FILES,
    errno.ENFILE: _OPEN_FILES,
    errno.EIO: _DEVICE,
    errno.ESTALE: _DEVICE,
}
# How the libraries that read results say that a file is not whole.
_SIGNS_OF_DAMAGE = (
    "truncated file",
    "file signature not found",
    "unable to open file",
    "unable to synchronously open file",
    "parquet magic bytes",
    "parquet file size is",
    "couldn't deserialize thrift",
    "corrupt",
    "pickle data was truncated",
    "ran out of input",
)

# How compiled code says that it got no memory, before it ends its process.
_SIGNS_OF_NO_MEMORY = ("memory allocation of", "bad_alloc", "cannot allocate memory", "out of memory")


def fault_of(error: BaseException) -> str | None:
    """Return what to say of an error the machine caused, or None if it is of another kind.

    The errors it was raised from count too: libraries wrap what the system says in errors of their own.
    """
    for cause in _causes(error):
        where = f" ({cause.filename})" if isinstance(cause, OSError) and cause.filename else ""
        if isinstance(cause, MemoryError):
            return _MEMORY
        if isinstance(cause, OSError) and cause.errno in _BY_NUMBER:
            return _BY_NUMBER[cause.errno].format(where=where)
        text = str(cause).casefold()
        if "no space left on device" in text or "errno = 28" in text:
            return _FULL.format(where=where)
        if _damaged(cause, text):
            return _DAMAGED.format(where=where, detail=f"{type(cause).__name__}.")
    return None


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    seen: list[BaseException] = []
    while error is not None and error not in seen:
        seen.append(error)
        yield error
        error = error.__cause__ or error.__context__


def _damaged(error: BaseException, text: str) -> bool:
    if isinstance(error, pickle.UnpicklingError | EOFError):
        return True
    from_a_reader = isinstance(error, OSError) or type(error).__module__.startswith(("pyarrow", "h5py"))
    return from_a_reader and any(sign in text for sign in _SIGNS_OF_DAMAGE)


def end_of_process(status: int, said: str = "") -> str:
    """Say why the process of a job is gone.

    Parameters
    ----------
    status
        Minus the number of the signal that ended it, as `os.waitstatus_to_exitcode` has it; 0 or more if nobody knows.
    said
        What it printed last: compiled code that gets no memory says so and breaks down.
    """
    if any(sign in said.casefold() for sign in _SIGNS_OF_NO_MEMORY):
        return _MEMORY
    if status == -signal.SIGKILL:
        return (
            "Its process was ended from outside (signal 9), most often because the machine had not enough memory. "
            f"{_MEMORY.partition('. ')[2]}"
        )
    if status in (-signal.SIGSEGV, -signal.SIGBUS, -signal.SIGILL, -signal.SIGFPE, -signal.SIGABRT):
        return (
            f"Its process broke down in compiled code (signal {-status}): a damaged installation, a full disk or faulty memory. Run again; "
            "if it happens again, delete .venv and run make, which sets up the environment anew."
        )
    if status < 0:
        return f"Its process was stopped from outside (signal {-status}). Run again. {_AGAIN}"
    return f"Its process ended without a word, most often for want of memory. {_MEMORY.partition('. ')[2]}"


def read_only(folder: Path) -> str:
    """Say that nothing can be written in a folder."""
    return _READ_ONLY.format(where=f" ({folder})")


def shortage_in(folder: Path) -> str | None:
    """Say that the disk of a folder is full, if it is: then no log could say so."""
    place = next((parent for parent in (folder, *folder.parents) if parent.is_dir()), None)
    return _FULL.format(where="") if place and shutil.disk_usage(place).free < _LEAST_ROOM else None
