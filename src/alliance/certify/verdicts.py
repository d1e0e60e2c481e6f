"""What the recovery found in words: verdicts counted, and every number that is wrong or not decided yet."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import pandas as pd

from alliance.certify.summary import (
    COVERAGE,
    FEWEST,
    FLAGGED,
    MOST_BIAS,
    MOST_OF_SD,
    NOT_GIVEN,
    UNDECIDED,
    VERDICTS,
    WRONG,
    coverage_of_biased,
)
from alliance.facts.columns import records
from alliance.facts.effects import EFFECTS
from alliance.report.labels import label_level


def count_verdicts(summary: pd.DataFrame) -> pd.DataFrame:
    """Count the verdicts: one row per method and design, one column per verdict, and the share of numbers flagged or withheld."""
    groups = summary.groupby(["method", "design"], sort=False)
    counts = groups["verdict"].value_counts().unstack(fill_value=0).reindex(columns=list(VERDICTS), fill_value=0)
    studies, failed = groups["n_studies"].max(), groups["n_not_fitted"].max()
    known = summary[summary["verdict"] != NOT_GIVEN].groupby(["method", "design"], sort=False)
    share = (100 * known["share_flagged"].mean()).round()
    return counts.assign(studies=studies, failed=failed, flagged_percent=share).reindex(studies.index)


def describe_verdicts(summary: pd.DataFrame, designs: Mapping[str, str], methods: Mapping[str, str]) -> str:
    """Return tables in Markdown: the verdicts of each method by design, and all numbers that are wrong or undecided."""
    low, high = (f"{100 * limit:g}" for limit in COVERAGE)
    parts = [
        "# What the recovery found",
        f"Right: bias within {MOST_BIAS:g}% of the truth or within {MOST_OF_SD:g} standard deviations of the estimates, and coverage of "
        f"95% intervals from {low} to {high}%. Wrong: beyond, with the whole 95% interval of the simulation's error, "
        f"and flagged or withheld in fewer than {100 * FLAGGED:g}% of the studies. Undecided: beyond, but not with the whole interval, or "
        f"fewer than {FEWEST} studies. Flagged: wrong or undecided, but marked as such in at least {100 * FLAGGED:g}% of the studies. "
        "One of 40 numbers at the very limit is called wrong by chance.",
        f"Why two limits: a truth that is small beside its own standard error leaves nothing to take {MOST_BIAS:g}% of, and a bias of "
        f"{MOST_OF_SD:g} standard deviations leaves 95% intervals with a coverage of {100 * coverage_of_biased(MOST_OF_SD):.1f}%, which "
        f"no reader of one study can notice; an average over many studies would still have it. {_compare_strict(summary)}",
    ]
    counts = count_verdicts(summary).reset_index()
    for method, label in methods.items():
        found = counts[counts["method"] == method]
        head = ["World", "Studies", "Failed", *(name.capitalize() for name in VERDICTS), "Flagged or withheld, %"]
        rows = [
            [
                designs[row["design"]],
                row["studies"],
                row["failed"],
                *(row[name] for name in VERDICTS),
                f"{row['flagged_percent']:.0f}",
            ]
            for row in found.to_dict("records")
        ]
        parts += [f"## {label}", _table(head, rows)]
        doubtful = summary[(summary["method"] == method) & summary["verdict"].isin([WRONG, UNDECIDED])]
        head = ["World", "Number", "Verdict", "Truth", "Studies", "Bias, %", "Coverage, %", "Flags"]
        parts += [_table(head, [_describe(row, designs) for row in records(doubtful)])] if len(doubtful) else []
    return "\n\n".join(parts) + "\n"


def _compare_strict(summary: pd.DataFrame) -> str:
    """Say how many verdicts are others than by the share of the truth alone, and which."""
    other = summary[summary["verdict"] != summary["verdict_strict"]]
    said = f"By the share of the truth alone {len(other)} of {len(summary)} verdicts would be others"
    pairs = Counter(zip(other["verdict_strict"], other["verdict"], strict=True))
    kinds = "; ".join(f"{count} {strict} there, {here} here" for (strict, here), count in pairs.items())
    return f"{said}: {kinds} (column `verdict_strict`)." if kinds else f"{said}."


def name_quantity(path: str, effect: str, level: str, horizon: str = "") -> str:
    """Name a quantity with its level, and with its session if it stands at one."""
    symbol = EFFECTS[effect].symbol or EFFECTS[effect].label
    shown = f"{symbol}, {path}" if effect in _NEED_PATHS else symbol
    return ", ".join(
        part for part in (shown.replace("->", "→"), label_level(level), horizon if "session" in horizon else "") if part
    )


_NEED_PATHS = {"effect", "coefficient", "sd", "correlation", "indirect"}


def _describe(row: Any, designs: Mapping[str, str]) -> list[Any]:
    of = row._asdict()
    bias = (
        f"{of['bias_percent']:+.1f} ± {1.96 * of['bias_percent_se']:.1f}"
        if of["truth"]
        else f"{of['bias_sds']:+.2f} sd"
    )
    coverage = f"{100 * of['coverage']:.0f} [{100 * of['coverage_low']:.0f}, {100 * of['coverage_high']:.0f}]"
    name = name_quantity(of["path"], of["effect"], of["level"], of["horizon"])
    return [
        designs[of["design"]],
        name,
        of["verdict"],
        f"{of['truth']:.3g}",
        of["n_studies"],
        bias,
        coverage,
        of["flags"],
    ]


def _table(head: list[str], rows: list[list[Any]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell).replace("|", "/") for cell in line) + " |" for line in lines)
