"""Kept code: whatever happened to its files, the next run computes the same numbers and mends them."""

import os
import pickle
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import numba
import numpy as np
import pytest

from alliance import kept
from alliance.likelihood import compiling

NUMBERS = np.array([0.25, 0.5, 1.25])
# A first run of the priors of a likelihood, and what it found, to the last bit: a dozen functions, compiled in seconds.
RUN = """
import numpy as np
from alliance.likelihood.values import log_priors
from tests.unit.likelihood.studies import draw_position, make_study
study, found = make_study([(0, 0), (1, 0)], [(0, 0)], patients=5), np.empty(1)
log_priors(study.statistics.arrays[0], np.array([1.1, 0.4, 0.9, 0.6, 2.5]), draw_position(study)[None], found)
print(found[0].hex())
"""


def weigh(numbers):  # without types, as everything that is compiled
    total = 0.0
    for number in numbers:
        total += 0.5 * number
    return total


def run() -> tuple[float, int]:
    """Compute as a new process would; return the number, and how often the code was found on disk."""
    function = compiling.compiled(weigh)
    return function(NUMBERS), sum(function.stats.cache_hits.values())


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Path], None]]:
    """Choose the folder of kept code, with a home and a folder for temporary files of the test's own."""
    for name in ("home", "temporary"):
        (tmp_path / name).mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    yield lambda folder: (monkeypatch.setattr(numba.config, "CACHE_DIR", str(folder)), compiling._folder.cache_clear())
    compiling._folder.cache_clear()


def files_in(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_code_is_compiled_once(tmp_path: Path, place: Callable[[Path], None]) -> None:
    place(tmp_path / "kept")
    assert [run(), run()] == [(1.0, 0), (1.0, 1)]
    assert len(files_in(tmp_path / "kept")) == 1


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: content[: len(content) // 2],
        lambda content: content[:-1] + bytes([content[-1] ^ 1]),
        lambda content: pickle.dumps(("foreign", {})),
        lambda content: b"\x80\x05not a pickle",
    ],
    ids=["empty", "cut short", "one bit turned", "foreign", "nonsense"],
)
def test_damaged_files_are_mended_in_silence(
    tmp_path: Path, place: Callable[[Path], None], damage: Callable[[bytes], bytes]
) -> None:
    place(tmp_path / "kept")
    run()
    (file,) = files_in(tmp_path / "kept")
    file.write_bytes(damage(file.read_bytes()))
    assert [run(), run()] == [(1.0, 0), (1.0, 1)]


def test_what_cannot_be_unpickled_is_compiled_anew(tmp_path: Path) -> None:
    code = kept.KeptCode(str(tmp_path), "function", "stamp")
    code._write({"variant": b"\x80\x05cmissing\nmodule\n."})
    assert code.load("variant") is None
    code.save("variant", 1)
    assert code.load("variant") == 1


def test_code_of_another_source_is_not_used(tmp_path: Path) -> None:
    kept.KeptCode(str(tmp_path), "function", "old").save("variant", 1)
    new = kept.KeptCode(str(tmp_path), "function", "new")
    assert new.load("variant") is None
    new.save("variant", 2)
    assert new.load("variant") == 2


def test_processes_at_once_never_mix_their_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = (kept.KeptCode(str(tmp_path), "function", "stamp") for _ in range(2))
    read = one._read()
    other.save("other", 2)  # between reading and writing of the first
    monkeypatch.setattr(one, "_read", lambda: read)
    one.save("one", 1)
    third = kept.KeptCode(str(tmp_path), "function", "stamp")
    assert (third.load("one"), third.load("other")) == (1, None)


def test_full_disk_stops_nothing(
    tmp_path: Path, place: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(path: Path, content: bytes) -> None:
        raise OSError(28, "No space left on device")

    place(tmp_path / "kept")
    monkeypatch.setattr(Path, "write_bytes", fail)
    assert run() == (1.0, 0)
    assert files_in(tmp_path / "kept") == []


@pytest.mark.parametrize(("home", "expected"), [("home", "home/.cache/alliance"), ("file", "temporary")])
def test_unwritable_folder_is_replaced_by_a_private_one(
    tmp_path: Path, place: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch, home: str, expected: str
) -> None:
    (tmp_path / "file").touch()  # below which nobody can write, not even root
    monkeypatch.setenv("HOME", str(tmp_path / home))
    place(tmp_path / "file" / "kept")
    assert [run(), run()] == [(1.0, 0), (1.0, 1)]
    assert len(files_in(tmp_path / expected)) == 1


def test_folder_among_temporary_files_belongs_to_nobody_else(
    tmp_path: Path, place: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    own = kept._private_folder()
    assert own == kept._private_folder()
    assert own.stat().st_mode & 0o077 == 0
    own.chmod(0o777)
    other = kept._private_folder()
    assert other != own
    assert other.stat().st_mode & 0o077 == 0


def test_user_without_a_home_can_import_pymc(tmp_path: Path) -> None:
    code = "import alliance.likelihood, pytensor; print(pytensor.config.base_compiledir)"
    (tmp_path / "file").touch()
    names = {"HOME": str(tmp_path / "file" / "home"), "TMPDIR": str(tmp_path), "NUMBA_CACHE_DIR": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], env={**os.environ, **names}, capture_output=True, text=True)
    assert done.stdout.strip().startswith(str(tmp_path / "alliance-")), done.stderr


def test_home_that_may_not_be_looked_into_is_left_alone(
    tmp_path: Path, place: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = os.stat

    def refuse(path: object, *words: object, **names: object) -> os.stat_result:
        if str(path).startswith(str(tmp_path / "home")):
            raise PermissionError(13, "Permission denied", str(path))
        return usual(path, *words, **names)

    def refuse_file(dir: object = None, **names: object) -> object:
        raise PermissionError(13, "Permission denied", str(dir))

    place(tmp_path / "kept")
    monkeypatch.setenv("PYTENSOR_FLAGS", "")
    monkeypatch.setattr(os, "stat", refuse)
    monkeypatch.setattr(tempfile, "TemporaryFile", refuse_file)
    kept.keep_whole_files()
    assert os.environ["PYTENSOR_FLAGS"].startswith(f"base_compiledir={tmp_path / 'temporary'}")


@pytest.mark.slow
def test_killed_runs_and_damaged_files_change_no_number(tmp_path: Path) -> None:
    def start() -> subprocess.Popen[str]:
        names = {"NUMBA_CACHE_DIR": str(tmp_path), "PYTHONPATH": os.pathsep.join(sys.path)}
        return subprocess.Popen(
            [sys.executable, "-c", RUN], env={**os.environ, **names}, text=True, stdout=subprocess.PIPE
        )

    def finish(process: subprocess.Popen[str]) -> str:
        found, _ = process.communicate(timeout=300)
        assert process.returncode == 0
        return found

    for _ in range(2):
        process = start()
        while process.poll() is None and not files_in(tmp_path):  # until it compiles
            time.sleep(0.05)
        with suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=random.uniform(0.0, 3.0))
        process.kill()
        process.communicate()
    results = {finish(process) for process in [start(), start()]}  # two at once
    for number, file in enumerate(files_in(tmp_path)):
        content = file.read_bytes()
        # One bit is turned, since a byte that is replaced may have been what it becomes: one checksum in 256 begins with any given byte.
        file.write_bytes(content[: len(content) // 2] if number % 2 else bytes([content[0] ^ 1]) + content[1:])
    damaged = {file: file.read_bytes() for file in files_in(tmp_path)}
    results.add(finish(start()))
    assert len(results) == 1
    assert len(damaged) > 5
    # What a killed run had not finished writing stays, under a name that nothing reads.
    assert [
        file.name for file, content in damaged.items() if file.suffix == ".kept" and file.read_bytes() == content
    ] == []
