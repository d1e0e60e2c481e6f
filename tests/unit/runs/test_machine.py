"""Faults of the machine get their own sentence and remedy, whoever wraps them; faults of the code do not."""

import errno
import pickle
import re
import signal
from pathlib import Path

import pandas as pd
import pytest

from alliance.runs.files import read_tree
from alliance.runs.machine import end_of_process, fault_of


def wrapped(error: BaseException) -> Exception:
    try:
        try:
            raise error
        except BaseException as inner:
            raise RuntimeError("the writer failed") from inner
    except RuntimeError as outer:
        return outer


@pytest.mark.parametrize(
    ("error", "sentence", "remedy"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "a.csv"), r"disk is full \(a\.csv\)", "Make room"),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), "disk is full", "Make room"),
        (OSError(errno.EFBIG, "File too large", "a.nc"), r"\(a\.nc\) grew larger than it may", "ulimit -f unlimited"),
        (PermissionError(errno.EACCES, "Permission denied", "results"), r"read-only.*", "chmod"),
        (OSError(errno.EROFS, "Read-only file system", "results"), "read-only", "chmod"),
        (MemoryError(), "not enough memory", "CORES=1"),
        (OSError(errno.ENOMEM, "Cannot allocate memory"), "not enough memory", "CORES=1"),
        (OSError(errno.EMFILE, "Too many open files"), "Too many files", "ulimit"),
        (OSError(errno.EIO, "Input/output error"), "input/output error", "disk"),
        (
            OSError("Can't write data (file write failed: errno = 28, No space left on device)"),
            "disk is full",
            "Make room",
        ),
    ],
)
def test_fault_has_its_sentence_and_remedy_also_inside_another_error(
    error: OSError, sentence: str, remedy: str
) -> None:
    for raised in (error, wrapped(error)):
        text = fault_of(raised)
        assert text is not None
        assert re.search(sentence, text)
        assert remedy in text
        assert "run again" in text.casefold()


@pytest.mark.parametrize("length", [0, 40, 400])
def test_damaged_files_of_every_format_are_called_damaged(tmp_path: Path, length: int) -> None:
    pd.DataFrame({"x": range(1000)}).to_parquet(tmp_path / "panel.parquet")
    (tmp_path / "panel.parquet").write_bytes((tmp_path / "panel.parquet").read_bytes()[:length])
    (tmp_path / "draws.nc").write_bytes(b"\x89HDF\r\n\x1a\n".ljust(length, b"\0")[:length])
    readers = {
        "panel.parquet": lambda path: pd.read_parquet(path),
        "draws.nc": read_tree,
        "typed": lambda path: pickle.loads(pickle.dumps(list(range(1000)))[:length]),
    }
    for name, reader in readers.items():
        with pytest.raises(Exception) as caught:
            reader(tmp_path / name)
        assert "damaged" in str(fault_of(caught.value)), (name, caught.value)


@pytest.mark.parametrize(
    "error", [KeyError("alliance"), ValueError("corrupt argument"), FileNotFoundError(2, "x", "y")]
)
def test_other_errors_are_no_faults_of_the_machine(error: Exception) -> None:
    assert fault_of(error) is None


def test_end_of_a_process_is_told_by_its_signal() -> None:
    assert "not enough memory" in end_of_process(-signal.SIGKILL)
    assert "compiled code" in end_of_process(-signal.SIGSEGV)
    assert "stopped from outside (signal 15)" in end_of_process(-signal.SIGTERM)
