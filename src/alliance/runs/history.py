"""Which job made which files of a run, when, and from what: one line for every finished job, in the run's folder.

Files of the run are named. All others, such as the export, are told by the part they play and by their content: their names and places
may say who somebody is.
"""

import datetime
import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from alliance.runs.files import ORIGIN, write_text
from alliance.runs.jobs import Ended
from alliance.runs.provenance import sha256_of

HISTORY = "logs/jobs.jsonl"
_NOTHING = Ended(0)


@dataclass(frozen=True)
class Use:
    """A file that a job read or wrote.

    Parameters
    ----------
    role
        What the job calls it.
    file
        Its name in the run's folder; empty where it lies elsewhere.
    sha256, bytes, ending
        What a file that lies elsewhere held, how large it was, and the ending of its name.
    """

    role: str
    file: str = ""
    sha256: str = ""
    bytes: int = 0
    ending: str = ""


@dataclass(frozen=True)
class Done:
    """A finished job.

    Parameters
    ----------
    rule
        The rule it belongs to.
    began, ended
        ISO 8601, in universal time.
    read, wrote
        Its files.
    cpu_seconds, peak_mb
        Time of processors and the most memory it held; 0 where it computed nothing, or nobody measured it.
    """

    rule: str
    began: str
    ended: str
    read: tuple[Use, ...]
    wrote: tuple[Use, ...]
    cpu_seconds: float = 0.0
    peak_mb: float = 0.0

    @property
    def files(self) -> list[str]:
        """Names of the files of the run that it wrote."""
        return [use.file for use in self.wrote if use.file]


def now() -> str:
    """Return the time as records have it."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")


def uses_of(files: Mapping[str, Iterable[str | Path]], folder: Path) -> tuple[Use, ...]:
    """Return the files of a job, by role, as a record may hold them."""
    return tuple(_use(role, Path(path), folder) for role, paths in files.items() for path in paths)


def _use(role: str, path: Path, folder: Path) -> Use:
    if path.absolute().is_relative_to(folder.absolute()):
        return Use(role, path.absolute().relative_to(folder.absolute()).as_posix())
    if not path.is_file():
        return Use(role)
    return Use(role, sha256=sha256_of(path), bytes=path.stat().st_size, ending=path.suffix.lower())


def record_job(
    rule: str,
    began: str,
    read: Mapping[str, Iterable[str | Path]],
    wrote: Mapping[str, Iterable[str | Path]],
    took: Ended = _NOTHING,
) -> None:
    """Add a job that has just ended to the history of its run, with what it took; jobs that write into no run's folder have none."""
    parents = [parent for paths in wrote.values() for path in paths for parent in Path(path).parents]
    folder = next((parent for parent in parents if (parent / ORIGIN).is_file()), None)
    if folder is None:
        return
    cost = (round(took.cpu_seconds, 2), round(took.peak_mb))
    done = Done(rule, began, now(), uses_of(read, folder), uses_of(wrote, folder), *cost)
    (folder / HISTORY).parent.mkdir(exist_ok=True)
    # Written at once, so that jobs that end together do not mix their lines.
    with open(folder / HISTORY, "ab", buffering=0) as history:
        history.write(_line(done).encode())


def read_history(folder: Path) -> list[Done]:
    """Return the jobs that made the files of a run as they are now, in the order in which they began.

    A job counts as long as it is the last one that wrote one of its files.
    """
    if not (folder / HISTORY).is_file():
        return []
    last: dict[str, Done] = {}
    for line in (folder / HISTORY).read_text(encoding="utf-8", errors="replace").splitlines():
        with suppress(
            json.JSONDecodeError
        ):  # the end of a line that a full disk cut short; what its job made is as if nobody had made it
            done = _parsed(line)
            last |= dict.fromkeys(done.files, done)
    return sorted(dict.fromkeys(last.values()), key=lambda done: (done.began, done.files))


def shorten_history(folder: Path) -> None:
    """Leave the jobs that count; only the holder of the run's lock may call this."""
    if (folder / HISTORY).is_file():
        write_text("".join(map(_line, read_history(folder))), folder / HISTORY)


def _line(done: Done) -> str:
    said = asdict(done)
    for part in ("read", "wrote"):
        said[part] = [{key: value for key, value in use.items() if value} for use in said[part]]
    return json.dumps(said, ensure_ascii=False) + "\n"


def _parsed(line: str) -> Done:
    said: dict[str, Any] = json.loads(line)
    return Done(**{**said, **{part: tuple(Use(**use) for use in said[part]) for part in ("read", "wrote")}})
