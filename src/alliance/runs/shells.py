"""Paths that a shell would take apart: a folder may have blanks, quotes and umlauts in its name.

Snakemake quotes the files of a rule in its shell commands, but not the interpreter that runs the script of a job, nor everything in
the job scripts of a cluster.
"""

import re
import shlex
import sys
from pathlib import Path


class Quoted(str):
    """A path that is itself, and quoted where it is put into a command."""

    def __format__(self, format_spec: str) -> str:
        return format(shlex.quote(str(self)), format_spec)


def quote_interpreter() -> None:
    """Have every command that this process composes name the interpreter in quotes, where its path needs them."""
    sys.executable = Quoted(sys.executable)


def unsafe_in_scripts(*paths: str | Path) -> str | None:
    """Return the first path that the job scripts of a cluster, which quote nothing, could not hold."""
    return next((str(path) for path in paths if re.search(r"[^\w@%+=:,./-]", str(path))), None)
