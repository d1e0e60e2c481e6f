"""A family as a newcomer would write it: one equation, counts of sessions in which something happened, compared between two arms.

Rows become a `Target` (`tests.unit.inference.toy`), inference does the rest, and draws of the parameters become one quantity.
"""

from typing import Any

import numpy as np
import pandas as pd

from alliance.facts.artefacts import ARTEFACTS
from alliance.facts.columns import PATIENT, THERAPIST
from alliance.facts.quantity import join_nodes
from alliance.inference.depths import Request, explore
from alliance.inference.influence import find_influence
from alliance.inference.maximum import find_maximum, mark_maximum
from alliance.models.container import FitResult, Quantities, make_tree, pack_rows
from alliance.models.rows import count_rows
from tests.unit.inference.toy import Counts, CountsPosterior
from tests.unit.models.counts.settings import Spec


def fit(panel: pd.DataFrame, name: str, spec: Spec, settings: dict[str, Any]) -> FitResult:
    assert spec.effects is not None
    cause, outcome = spec.effects.source, spec.effects.target
    by_patient = panel.groupby(PATIENT).agg(
        {outcome: "sum", "session": "size", cause: "first", THERAPIST: lambda codes: codes.iloc[0]}
    )
    target = Counts(
        by_patient[outcome].to_numpy(float),
        by_patient["session"].to_numpy(float),
        by_patient[cause].to_numpy(int),
        pd.factorize(by_patient[THERAPIST], sort=True)[0],
        np.ones(len(by_patient)),
    )
    maximum = find_maximum(target)
    request = Request(name, settings["seed"], settings["monte_carlo_draws"], settings["sampling"])
    found = explore(spec.depth, request, maximum, CountsPosterior(target, 1.0, 1.0))

    def effects(positions: np.ndarray) -> np.ndarray:
        return positions[:, 1:] - positions[:, :1]

    def quantities_at(positions: np.ndarray) -> Quantities:
        quantities = Quantities({outcome: count_rows(panel)})
        quantities.add(join_nodes(cause, outcome), "effect", "overall", effects(positions)[:, 0], (outcome,))
        return quantities

    quantities = quantities_at(found.positions)
    marks, groups = [*mark_maximum(maximum), *found.marks], {}
    if spec.influence:
        sd = np.array([values.std(ddof=1) for values in quantities.draws])
        rows, of_influence = find_influence(maximum, effects, quantities.table(), sd)
        marks, groups = [*marks, *of_influence], {"influence": pack_rows(rows)}
    tree = make_tree(
        model=name,
        family=spec.family,
        engine=found.engine,
        interval_kind=found.interval_kind,
        paths=quantities.pack(found.chains, None if found.point is None else quantities_at(found.point)),
        marks=marks,
        groups=groups,
    )
    return FitResult(tree, pd.DataFrame(columns=ARTEFACTS["flow"].header))
