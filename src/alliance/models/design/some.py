"""The design of some patients: what looks at generated data needs no register of them."""

from collections.abc import Collection
from dataclasses import replace

import numpy as np
import pandas as pd

from alliance.facts.columns import PATIENT
from alliance.models.design.arrays import Design


def keep_patients(design: Design, patients: Collection[str]) -> Design:
    """Return a design with the rows of some patients and with their units, in the standard units of the whole one.

    Parameters
    ----------
    patients
        Codes of patients. Parameters of the whole design mean the same in what is returned.
    """
    kept = {outcome: equation.rows[PATIENT].isin(patients).to_numpy() for outcome, equation in design.equations.items()}
    seen = {
        level: np.unique(
            np.concatenate([e.units[level][kept[o]] for o, e in design.equations.items() if level in e.units])
        )
        for level in design.units
    }
    equations = {
        outcome: replace(
            equation,
            rows=equation.rows[kept[outcome]].reset_index(drop=True),
            y=equation.y[kept[outcome]],
            x=equation.x[kept[outcome]],
            units={
                level: pd.Index(seen[level]).get_indexer(pd.Index(codes[kept[outcome]]))
                for level, codes in equation.units.items()
            },
        )
        for outcome, equation in design.equations.items()
    }
    return replace(
        design,
        equations=equations,
        units={level: [units[place] for place in seen[level]] for level, units in design.units.items()},
        series={outcome: replace(series, time=series.time[kept[outcome]]) for outcome, series in design.series.items()},
    )
