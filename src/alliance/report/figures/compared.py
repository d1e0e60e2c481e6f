"""Answers of this run beside those of the runs it is compared with: pairs for one other run, a curve for several."""

from collections.abc import Mapping

import pandas as pd

from alliance.config import Config
from alliance.facts.columns import records
from alliance.report.figures import theme
from alliance.report.figures.curves import THIS, draw_curves
from alliance.report.figures.drawing import Drawing
from alliance.report.figures.intervals import ROW_HEIGHT, draw_intervals, head_rows
from alliance.report.labels import capitalised_name
from alliance.report.naming import name_estimate, name_run
from alliance.report.numbers import format_estimate, format_percent
from alliance.results.comparison import answering

TITLE = "Answers of the compared runs"
CAPTION = "Estimates of the models that answer the questions, in this run and in those it is compared with."
NEEDS = ("comparison", "differences")
_ONE_AXIS = (
    "So that all fit on one axis, it shows standard deviations of the estimate in the other run, from zero; the numbers at the right are "
    "in the outcome's units."
)


def draw(inputs: Mapping[str, pd.DataFrame], config: Config) -> Drawing:
    """Draw two rows for each estimate that answers a question in both runs, in the same units; of several runs, one panel for each."""
    if inputs["comparison"]["run"].nunique() > 1:
        return draw_curves(inputs["comparison"], inputs["differences"], config)
    values = answers_of_both(inputs["comparison"], config)
    if values.empty:
        return theme.draw_unavailable("No estimate that answers a question stands in both runs in the same units.")
    blocks = []
    for _, pair in values.groupby("order", sort=False):
        title = theme.wrap(capitalised_name(str(pair["name"].iloc[0])), 82)
        blocks.append(pd.concat([head_rows(title), pair.assign(label=pair["run"])], ignore_index=True))
    rows = pd.concat(blocks, ignore_index=True)
    texts = [
        "" if pd.isna(row.estimate) else format_estimate(row.raw_estimate, row.raw_low, row.raw_high)
        for row in records(rows)
    ]
    with theme.applied():
        figure, (axis,) = theme.new_figure(theme.DOUBLE, ROW_HEIGHT * len(rows) + 0.8)
        draw_intervals(axis, rows, theme.mark_flags(texts, list(rows["flag"])), "Own units")
        axis.set_xlabel("Standard deviations of the estimate in the other run")
    notes = [
        _ONE_AXIS,
        f"Intervals: {format_percent(config.inference.interval)}.",
        theme.note_of_flags(list(values["flag"])),
    ]
    return Drawing(figure, values, _describe(values), " ".join(filter(None, notes)))


def _describe(values: pd.DataFrame) -> str:
    """Say how far estimates moved, and which of them farthest."""
    pairs = values.pivot(index="order", columns="filled", values="estimate")
    moves = (pairs[True] - pairs[False]).abs()
    farthest = values[values["order"] == moves.idxmax()]
    ends = [format_estimate(row.raw_estimate, row.raw_low, row.raw_high) for row in records(farthest)]
    return (
        f"Points and intervals of {len(moves)} estimates, each in both runs. {int((moves < 1).sum())} of them moved by less than a "
        f"standard deviation of the estimate in the other run. The farthest: {farthest['name'].iloc[0]}, from {ends[0]} to {ends[1]}."
    )


def answers_of_both(comparison: pd.DataFrame, config: Config) -> pd.DataFrame:
    """Return two rows for each estimate that answers a question: columns order, run, name, estimate, low, high, raw ones, flag."""
    chosen = answering(comparison[comparison["shift"].notna()], config)
    rows = []
    for place, row in enumerate(chosen.to_dict("records")):
        name = name_estimate(row | {"horizon": row["horizon_this"]}, config)
        for side, run in (("base", capitalised_name(name_run(row["run"]))), ("this", THIS)):
            ends = {end: row[f"{end}_{side}"] for end in ("estimate", "low", "high")}
            rows.append(
                {
                    "order": place,
                    "run": run,
                    "name": name,
                    **{end: value / row["sd_base"] for end, value in ends.items()},
                    **{f"raw_{end}": value for end, value in ends.items()},
                    "level": row["level"],
                    "filled": side == "this",
                    "flag": row[f"flag_{side}"],
                }
            )
    return pd.DataFrame(rows)
