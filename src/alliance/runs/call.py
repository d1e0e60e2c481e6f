"""Call the workflow for a study: what the command ``alliance run`` does, from a clone of the project or an installed package."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from alliance.runs.messages import final_message
from alliance.runs.plan import merge_files
from alliance.runs.project import RESULTS, base_of, find_project
from alliance.runs.provenance import PROJECT

_EXAMPLE = "data/example"
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
    if not paths and not (folder / _EXAMPLE).exists():  # an installed package brings it, and an empty folder has none
        shutil.copytree(PROJECT / _EXAMPLE, folder / _EXAMPLE)
        print(
            f"The example study was put into {_EXAMPLE}/; your own is described by: alliance new FILE", file=sys.stderr
        )
    called = [sys.executable, "-P", "-m", "snakemake", "--snakefile", str(PROJECT / "workflow/Snakefile")]
    called += ["--directory", str(folder), "--cores", str(cores)]
    called += ["--dry-run", "--quiet", "host", "rules", "reason"] if dry else ["--logger", "alliance"]
    called += ["--configfile", *map(str, paths)] if paths else []
    called += [*words, "--", *targets]
    status = subprocess.run(called, env=_environment(folder), check=False).returncode
    return "" if status or dry or targets else final_message(folder / RESULTS / config.run.name), status


def _environment(folder: Path) -> dict[str, str]:
    """Return the environment of the call; where the home folder takes no cache, Snakemake's lies beside its records."""
    usual = Path(os.environ.get(_CACHE) or Path(os.environ.get("HOME", "/"), ".cache"))
    try:
        (usual / "snakemake").mkdir(parents=True, exist_ok=True)
        writable = os.access(usual / "snakemake", os.W_OK)
    except OSError:
        writable = False
    own = {} if writable else {_CACHE: str(folder / ".snakemake/cache")}
    return {**os.environ, **own, "ALLIANCE_RUN": "1"}
