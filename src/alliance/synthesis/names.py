"""What people call the quantities of a synthesis: sites share the parts that variables play, and often their labels."""

from collections.abc import Mapping
from typing import Any, Final

import pandas as pd

from alliance.facts.effects import EFFECTS
from alliance.facts.quantity import ends_of, nodes_of
from alliance.report.labels import capitalised_name, label_effect, label_level
from alliance.synthesis.combine import CORRELATIONS, DEVIATIONS, KEY, POINTS, TREATMENT

Row = Mapping[Any, Any]

# Beside every prediction interval; counts are in validation/synthesis.
PREDICTION: Final = (
    "Where sites differ little beside their own errors, a 95% prediction interval is too narrow: in simulated syntheses of 5 to 20 sites "
    "it held the effect of another site in 88 to 94 of 100."
)


def name_path(row: Row, labels: Mapping[str, str]) -> str:
    """Return a path in words: ``Working alliance → symptoms``."""
    return capitalised_name(" → ".join(labels.get(node, node) for node in nodes_of(row["path"])))


def name_quantity(row: Row, labels: Mapping[str, str]) -> str:
    """Return path, effect, level and time in words."""
    when = f", {row['horizon']}" if row["horizon"] else ""
    return f"{name_path(row, labels)} ({label_effect(row['effect'])}, {label_level(row['level'])}{when})"


def name_unit(row: Row, labels: Mapping[str, str]) -> str:
    """Say what one unit of an effect is."""
    if row["unit"] == CORRELATIONS:
        return "(correlation; how far sites differ is on Fisher's scale)"
    cause, outcome = (labels.get(node, node) for node in ends_of(row["path"]))
    if ends_of(row["path"])[0] == TREATMENT:
        spread = " between patients at the first session" if row["unit"] == DEVIATIONS else ""
        return f"{row['unit']} of {outcome}{spread}, between the treatments"
    if row["unit"] == DEVIATIONS:
        return f"standard deviations of {outcome} per standard deviation of {cause}, both within patients"
    return f"points of {outcome} per point of {cause}"


def told_rows(pooled: pd.DataFrame) -> pd.DataFrame:
    """Return what is told first: what models are fitted for, within patients or of a treatment, and correlations, each in one unit.

    Points where all sites have them, standard deviations elsewhere; everything else stands in the table.
    """
    answers = EFFECTS.names(lambda effect: effect.answer)
    paths = pooled["effect"].isin([*answers, "total"]) & pooled["level"].isin(["within", "overall"])
    rows = pooled[paths | (pooled["unit"] == CORRELATIONS)]
    rows = rows if len(rows) else pooled
    first = rows["unit"].map({POINTS: 0, DEVIATIONS: 1, CORRELATIONS: 0})
    chosen = rows.assign(first=first).sort_values("first", kind="stable").drop_duplicates(KEY).drop(columns="first")
    return chosen.sort_index()
