"""An export that nobody has described yet becomes an overlay, which is checked at once: the command ``alliance new``."""

import re
from collections.abc import Sequence
from pathlib import Path

from alliance.config.instruments import Instrument, read_instruments
from alliance.errors import AllianceError, ConfigError
from alliance.first.draft import Ask, Draft, ask_nobody
from alliance.first.files import with_sessions_first
from alliance.first.overlay import overlay_text
from alliance.first.recognise import recognise
from alliance.first.report import describe
from alliance.first.table import look_at
from alliance.runs.files import write_new_text
from alliance.runs.lines import IN_FILES
from alliance.runs.project import find_project, from_here, instruments_around
from alliance.study.check import check


def new(
    files: Sequence[str | Path],
    name: str | None = None,
    ask: Ask = ask_nobody,
    root: str | Path | None = None,
    width: int = IN_FILES,
) -> str:
    """Recognise what files hold, write an overlay to ``config/local_<name>.yaml``, check it, and say all of that.

    Parameters
    ----------
    files
        The file of sessions, and files of patients and therapists if there are any.
    name
        Name of the run; that of the first file if it is not given.
    ask
        Who answers questions.
    width
        Columns of a line of what is said.

    Raises
    ------
    ConfigError
        There is an overlay of that name already; it is kept.
    DataError
        A file cannot be read, or it cannot be told whose rows it holds.
    """
    folder = find_project(root)
    run = run_name(name or Path(files[0]).stem)
    target = folder / "config" / f"local_{run}.yaml"
    if target.exists():
        raise ConfigError(
            f"{from_here(target.relative_to(folder), folder)} exists already and is kept as it is. Give another name (make new DATA=... "
            f"NAME={run}_2, or alliance new FILE --name {run}_2), or delete the file first."
        )
    paths = [Path(file) for file in files]
    instruments = _instruments(folder)
    first, *others = with_sessions_first([look_at(path) for path in paths])
    draft = recognise(Draft({"sessions": first}, instruments, ask, others=others))
    named = {table: _as_named(found.path, folder) for table, found in draft.tables.items()}
    text = overlay_text(draft, run, {"patients": named["sessions"]} | named)
    write_new_text(text, target)
    shown = from_here(target.relative_to(folder), folder)
    return describe(draft, text, str(shown), _checked(target, folder), width)


def _checked(overlay: Path, root: Path) -> tuple[list[str], int]:
    """Check an overlay as `make check` does; return what stops it, and how many warnings there are."""
    try:
        findings = check([overlay], root, keep=False).findings
    except AllianceError as error:
        return [str(error)], 0
    errors = findings[findings["severity"] == "error"]
    return [f"{one.message} {one.remedy}" for one in errors.itertuples()], len(findings) - len(errors)


def run_name(text: str) -> str:
    """Make a name of a run from that of a file."""
    return re.sub(r"[^a-z0-9]+", "_", text.casefold()).strip("_")[:40] or "mine"


def _instruments(folder: Path) -> dict[str, Instrument]:
    return read_instruments([path for _, path in sorted(instruments_around(folder).items())])


def _as_named(path: Path, folder: Path) -> str:
    found = path.resolve()
    return found.relative_to(folder).as_posix() if found.is_relative_to(folder) else found.as_posix()
