"""How much memory a job asks a cluster for: what Slurm's accounting measured in the example study, with a margin.

What grows with the data is that of a posterior of 400,000 rows, the largest that was measured.

On one machine nothing is limited by it. A job that is ended for want of memory asks for more when the cluster tries again.
"""

from typing import Final, NamedTuple

_MARGIN: Final = 1.5  # other studies have more variables, other machines other allocators


class Memory(NamedTuple):
    """Memory of a job: a constant (MB), and so much for each megabyte that it reads."""

    constant: float
    per_megabyte: float


# What most steps need: Python with the libraries of tables and figures, and the tables a few times over.
_STEP: Final = Memory(350, 10)
_OF: Final = {
    "fit_model": Memory(700, 190),
}


def memory_for(rule: str, megabytes: float, attempt: int = 1) -> int:
    """Return the memory (MB) that a job of a rule asks for.

    Parameters
    ----------
    megabytes
        Size of the files that it reads.
    attempt
        1 for the first one.
    """
    memory = _OF.get(rule, _STEP)
    return round(_MARGIN * attempt * (memory.constant + memory.per_megabyte * megabytes))
