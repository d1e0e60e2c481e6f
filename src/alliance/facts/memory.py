"""How much memory a job asks a cluster for: the most that jobs held in studies of many sizes, with a margin.

Steps before the fits were measured from 3,500 to 10 million sessions, fits up to 1 million, what follows them up to 300,000. What jobs of a
run held stands in its `logs/jobs.jsonl`, and `benchmarks/steps.py` makes a table of it.

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
    "check_data": Memory(350, 15),
    # Parquet files are packed twenty times as closely as what is computed with them.
    "score_measures": Memory(350, 200),
    "build_panel": Memory(350, 150),
    "draw_figure": Memory(350, 45),
    "write_table": Memory(350, 45),
    "write_report": Memory(350, 45),
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
