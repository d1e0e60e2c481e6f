"""What is refused before a run starts, so that nothing another run made is overwritten and no job fails for a typo."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

import yaml

from alliance.config import Config, read_yaml
from alliance.errors import AllianceError, ConfigError, DataError, suggest
from alliance.facts.artefacts import ARTEFACTS
from alliance.runs.files import ORIGIN, write_text
from alliance.runs.instruments import instrument_files
from alliance.runs.machine import read_only, shortage_in
from alliance.runs.made import is_changed, is_provisional
from alliance.runs.plan import RUN_FILES, data_files, instruments_of, needs_of
from alliance.runs.project import command_of_run

_OF_TRUTH = ("outcome", "path", "effect", "level", "horizon", "value")


class RunError(AllianceError):
    """A run may not start, because it would touch what belongs to another run."""


def check_overlay(config: Config, base: Path, origin: Sequence[str], is_overlay: bool) -> None:
    """Refuse an overlay that would write into the folder of the main analysis.

    Parameters
    ----------
    base
        The configuration file of the main analysis.
    origin
        Names of the configuration files of this run.
    is_overlay
        Whether there is anything beside `base`.

    Raises
    ------
    RunError
        The overlay has no run name of its own.
    """
    base_name = read_yaml(base).get("run", {}).get("name")
    if is_overlay and config.run.name == base_name:
        raise RunError(
            f"{', '.join(origin)} would write into results/{base_name}/, which belongs to config/config.yaml. "
            "Give it a name of its own: add 'run: {name: another_name}'."
        )


def check_origin(folder: Path, origin: Sequence[str]) -> None:
    """Refuse a run whose folder was made by another configuration; one that was only checked made no results.

    Raises
    ------
    RunError
        The folder holds results of another configuration.
    """
    record = folder / ORIGIN
    if not record.exists() or is_provisional(folder):
        return
    try:
        content = yaml.safe_load(record.read_text(encoding="utf-8"))
    except (IsADirectoryError, UnicodeDecodeError, yaml.YAMLError):
        raise RunError(
            f"{record}, which says whose results {folder}/ holds, is damaged. Choose another run.name; or delete {record} if the results "
            f"are of {', '.join(origin)}."
        ) from None
    owner = content.get("configuration") if isinstance(content, dict) else None
    if owner != list(origin):
        shown = ", ".join(owner) if isinstance(owner, list) else "an unknown configuration"
        raise RunError(
            f"{folder}/ holds results of {shown}; {', '.join(origin)} may not overwrite them. "
            f"Choose another run.name, or delete the folder {folder}/ if it is no longer needed."
        )


def record_origin(folder: Path, origin: Sequence[str]) -> None:
    """Write down which configuration a run's folder belongs to, once."""
    if not (folder / ORIGIN).is_file() or is_provisional(folder):
        text = yaml.safe_dump({"configuration": list(origin)}, allow_unicode=True)
        write_text(f"# Which configuration these results belong to; another one is refused.\n{text}", folder / ORIGIN)


def check_files(config: Config, *instruments: Path) -> None:
    """Refuse a configuration that names a file that does not exist.

    Parameters
    ----------
    *instruments
        Folders of instrument files; those in the first one come first.

    Raises
    ------
    DataError
        A table of the export, or the file with the known truth, is missing.
    ConfigError
        A variable names an instrument that has no file.
    """
    problems = []
    for table, path in data_files(config).items():
        if not Path(path).is_file():
            problems.append(f"data.{table}.path: the file {path} does not exist. {_nearest(Path(path))}")
    if config.study.truth is not None and not Path(config.study.truth).is_file():
        problems.append(
            f"study.truth: the file {config.study.truth} does not exist. Correct the path, or set it to null for real data."
        )
    if problems:
        raise DataError("\n  - ".join([f"{len(problems)} file(s) cannot be found:", *problems]))
    if config.study.truth is not None:
        check_truth(Path(config.study.truth))
    files = instrument_files(*instruments)
    used = [files[name] for name in instruments_of(config) if name in files]
    for file in [*map(Path, data_files(config).values()), *used]:
        if not os.access(file, os.R_OK):
            raise DataError(
                f"The file {file} may not be read. Give yourself the right to (chmod u+r), or ask whom it belongs to."
            )
    known = sorted(files)
    unknown = [name for name in instruments_of(config) if name not in known]
    if unknown:
        users = {
            name: [key for key, variable in config.variables.items() if variable.instrument == name] for name in unknown
        }
        lines = [
            f"variables.{users[name][0]}.instrument: there is no {instruments[0]}/{name}.yaml.{suggest(name, known)} "
            f"Known: {', '.join(known)}."
            for name in unknown
        ]
        raise ConfigError("\n".join(lines))


def check_truth(path: Path) -> None:
    """Refuse a file that does not hold the known truth of a simulated study.

    Raises
    ------
    ConfigError
        It has no list `quantities`, or one of them lacks a part of its name or its value.
    """
    quantities = read_yaml(path).get("quantities")
    rows = quantities if isinstance(quantities, list) else []
    good = [row for row in rows if isinstance(row, dict) and set(_OF_TRUTH) <= set(row)]
    if not rows or len(good) < len(rows) or not all(_is_number(row["value"]) for row in good):
        raise ConfigError(
            f"study.truth: {path} is no file with the known truth of a simulated study: it needs a list 'quantities', each with "
            f"{', '.join(_OF_TRUTH)} (a number). For real data, set study.truth to null."
        )


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _nearest(path: Path) -> str:
    """Say what lies where a missing file was looked for."""
    if not path.parent.is_dir():
        return f"There is no folder {path.parent}; paths are relative to the project's folder ({Path.cwd()})."
    hint = suggest(path.name, [found.name for found in path.parent.iterdir() if found.is_file()])
    return hint.strip() or f"Put it there, or correct the path (relative to {Path.cwd()})."


def check_names(config: Config) -> None:
    """Refuse names of figures and tables that do not exist or are given twice.

    Raises
    ------
    ConfigError
        A name is unknown or given twice.
    """
    for kind in ("figures", "tables"):
        names = getattr(config.output, kind)
        for name in names:
            needs_of(kind, name)
            if names.count(name) > 1:
                raise ConfigError(f"output.{kind}: '{name}' is named {names.count(name)} times. Name it once.")


def check_comparison(config: Config, results: Path) -> None:
    """Refuse a comparison with runs that are not finished; all of them are named, each with the command that finishes it.

    Raises
    ------
    RunError
        A run does not exist or was not completed, or what is compared was changed since.
    """
    problems = [_unfinished(name, results) for name in config.run.compare_to]
    told = [problem for problem in problems if problem]
    if told:
        raise RunError("\n".join(f"run.compare_to: {problem}" for problem in told))


def _unfinished(name: str, results: Path) -> str:
    """Say why a run cannot be compared with, and what to do; nothing if it can."""
    folder, finished = results / name, [path.parent.name for path in results.glob(f"*/{RUN_FILES['manifest']}")]
    if name not in finished:
        if folder.is_dir():
            return f"the run '{name}' is not finished. Run it first: {command_of_run(name, Path())}."
        near = suggest(name, finished)
        known = f" Finished runs: {', '.join(sorted(finished))}." if finished and not near else ""
        return f"the run '{name}' does not exist.{near}{known} Run it first: {command_of_run(name, Path())}."
    compared = [ARTEFACTS["estimates"].path, RUN_FILES["config"]]
    wrong = [file for file in compared if not (folder / file).is_file() or is_changed(folder, file)]
    if wrong:
        made_again = f"Run '{name}' first, which makes it again: {command_of_run(name, Path())}"
        return f"{folder / wrong[0]} is gone, or not as the workflow wrote it. {made_again}."
    return ""


def hold_lock(path: Path, folder: Path) -> int:
    """Take the lock of a run's folder for as long as this process lives, and return its file descriptor.

    The operating system releases it when the process ends, however it ends, so a killed run leaves nothing to unlock.

    Raises
    ------
    RunError
        Another process holds the lock.
    """
    import fcntl  # not on Windows, where the workflow is not run

    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        holder = os.read(descriptor, 20).decode("ascii", errors="replace").strip() or "unknown"
        os.close(descriptor)
        raise RunError(
            f"Another run is writing {folder}/ at this moment (process {holder}). Wait until it has ended, then run again."
        ) from None
    os.ftruncate(descriptor, 0)
    os.write(descriptor, str(os.getpid()).encode("ascii"))
    return descriptor


def is_held(path: Path) -> bool:
    """Return whether a process holds the lock of a run."""
    import fcntl

    if not path.is_file():
        return False
    with open(path, encoding="ascii") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
    return False


def check_places(places: Iterable[Path]) -> None:
    """Refuse a run that could not write its results or its own records.

    Raises
    ------
    RunError
        One of the folders, or the nearest folder above it, may not be written, or its disk is full.
    """
    for place in places:
        present = next(parent for parent in (place, *place.absolute().parents) if parent.exists())
        if not present.is_dir():
            raise RunError(
                f"{present} is a file, but a folder of that name is needed. Move it elsewhere, then run again."
            )
        if not os.access(present, os.W_OK | os.X_OK) or os.statvfs(present).f_flag & os.ST_RDONLY:
            raise RunError(read_only(present))
        if shortage := shortage_in(present):
            raise RunError(shortage)
