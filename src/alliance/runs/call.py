"""Call the workflow for a study: what the command ``alliance run`` does, from a clone of the project or an installed package."""

import getpass
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from alliance.runs.messages import final_message
from alliance.runs.plan import merge_files
from alliance.runs.project import RESULTS, base_of, bring_example, find_project
from alliance.runs.provenance import PROJECT

_CACHE = "XDG_CACHE_HOME"


def run(
    overlays: Sequence[str], cores: int, targets: Sequence[str] = (), words: Sequence[str] = (), *, dry: bool = False
) -> tuple[str, int]:
    """Run a study, and return what to say when it has ended and the exit status.

    Parameters
    ----------
    overlays
        Configuration files; none for the main analysis.
    targets
        Files of the run that are wanted; none for all of them.
    words
        Further words of the call of Snakemake.
    dry
        Only say what would be done.

    Raises
    ------
    ConfigError
        The settings cannot be used.
    """
    folder = find_project()
    # Relative to the folder where the command is given, or else to the project's, as for `alliance check`.
    paths = [Path(path).resolve() if Path(path).is_file() else folder / path for path in overlays]
    config = merge_files(base_of(folder), paths, {})
    bring_example(folder, config)
    called = [sys.executable, "-P", "-m", "snakemake", "--snakefile", str(PROJECT / "workflow/Snakefile")]
    called += ["--directory", str(folder), "--cores", str(cores)]
    called += ["--dry-run", "--quiet", "host", "rules", "reason"] if dry else ["--logger", "alliance"]
    called += ["--configfile", *map(str, paths)] if paths else []
    called += [*words, "--", *targets]
    status = subprocess.run(called, env=environment_in(folder), check=False).returncode
    return "" if status or dry or targets else final_message(folder / RESULTS / config.run.name), status


def environment_in(folder: Path) -> dict[str, str]:
    """Return the environment of the call: a cache beside Snakemake's records where the home takes none, a name for a user without one."""
    usual = Path(os.environ.get(_CACHE) or Path(os.environ.get("HOME", "/"), ".cache"))
    try:
        (usual / "snakemake").mkdir(parents=True, exist_ok=True)
        writable = os.access(usual / "snakemake", os.W_OK)
    except OSError:
        writable = False
    own = {} if writable else {_CACHE: str(folder / ".snakemake/cache")}
    try:
        getpass.getuser()
    except (KeyError, OSError):  # a number alone, as in some containers; Snakemake asks for the name, and ends without
        own["LOGNAME"] = str(os.getuid())
    return {**os.environ, **own, "ALLIANCE_RUN": "1"}
