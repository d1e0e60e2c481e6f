"""Answer a question about a run: one trace, a list to choose from, or what came near."""

from pathlib import Path

import pandas as pd

from alliance.config.instruments import read_instruments
from alliance.facts.artefacts import made_by
from alliance.runs.lines import IN_FILES
from alliance.runs.plan import instruments_of
from alliance.runs.project import instruments_around
from alliance.study.run import Run
from alliance.trace.chain import trace_row
from alliance.trace.find import ESTIMATES, find_nearest, find_rows
from alliance.trace.query import Query, read_query
from alliance.trace.text import write_hits, write_trace


def trace(
    question: str, run: str = "main", root: str | Path | None = None, *, everywhere: bool = False, width: int = IN_FILES
) -> str:
    """Trace a number, a row or words to the export.

    Parameters
    ----------
    question
        See `alliance.trace.query.read_query`.
    run
        Name of the run.
    root
        The project's folder; found by itself from anywhere inside it.
    everywhere
        Also list limits, standard deviations and other tables where an estimate has the number.
    width
        Columns of a line.

    Returns
    -------
    str
        The trace if one row is meant; all rows if it may be several; the nearest estimates if it is none.

    Raises
    ------
    RunError
        There are no such results.
    ConfigError
        The question names a table, a row or a word that does not exist.
    """
    results, query = Run(run, root), read_query(question)
    gathered = _gathered(results)
    other = query.table is not None and query.table not in gathered
    hits = find_rows(query, {**gathered, **_presented(results)} if other else gathered)
    if not hits and query.numbers:  # samples, and estimates in comparable units, stand in tables and figures only
        hits = find_rows(query, _presented(results))
    estimates = [hit for hit in hits if hit.is_estimate]
    chosen = estimates if estimates and not everywhere else hits
    if not chosen:
        return _not_found(query, results, width)
    if len(chosen) > 1:
        more = len(hits) - len(chosen)
        note = f" ({more} more as a limit, a standard deviation or in other tables: add --all)" if more else ""
        what = "estimates have" if chosen is estimates else "rows have"
        return write_hits(f"{len(chosen)} {what} '{query.text}'{note}:", chosen, results.config, width)
    known = instruments_around(results.root)
    keys = [known[name] for name in instruments_of(results.config)]
    return write_trace(chosen[0], trace_row(results, chosen[0], read_instruments(keys)), run, width)


def _gathered(run: Run) -> dict[str, pd.DataFrame]:
    """Return the tables of what was estimated and counted, the estimates first."""
    recorded = [name for name in made_by("collect_estimates") if name != "draws"]
    return {name: getattr(run, name) for name in dict.fromkeys([ESTIMATES, "flow", "reliability", *recorded])}


def _presented(run: Run) -> dict[str, pd.DataFrame]:
    """Return the numbers behind tables and figures."""
    kinds = {"tables": run.tables, "figures": run.figures}
    return {f"{kind}/{name}": table for kind, shown in kinds.items() for name, table in shown.items()}


def _not_found(query: Query, run: Run, width: int) -> str:
    head = (
        f"Nothing in run '{run.name}' is printed as '{query.text}'. Searched: {', '.join(_gathered(run))}; the numbers behind figures "
        "and tables. The nearest estimates:"
    )
    return write_hits(head, find_nearest(query.numbers[0], run.estimates), run.config, width)
