"""How much of each variable varies between sessions, patients and therapists.

    y_rij = m + w_j + u_ij + e_rij        share of a level = its variance / sum of the variances

The share of patients plus that of therapists is the correlation of two sessions of one patient, that of therapists the correlation
of two patients of one therapist (Baldwin, Murray and Shadish 2005, doi 10.1037/0022-006X.73.5.924).
"""

import numpy as np
import pandas as pd

from alliance.config import Equation, ModelSpec, Variable
from alliance.facts.columns import PATIENT, SESSION, THERAPIST
from alliance.facts.marks import Mark
from alliance.models.checking.rows import mark_few_units
from alliance.models.checking.scores import mark_scores
from alliance.models.container import FitResult, Quantities
from alliance.models.design.arrays import INTERCEPT
from alliance.models.rows import count_rows, select_rows
from alliance.models.textbook.design import Design, make_design
from alliance.models.textbook.draws import draw_equations, make_result
from alliance.models.textbook.guarded import fit_guarded

_UNKNOWN = "unknown therapist of "


def fit_variance(
    panel: pd.DataFrame, name: str, spec: ModelSpec, variables: dict[str, Variable], seed: int, size: int
) -> FitResult:
    """Decompose the variance of each variable; two levels where no or only one therapist is known.

    A patient whose therapist is unknown counts as the only patient of a therapist of their own.
    """
    rows, flow = select_rows(panel, name, spec)
    fitted = [fit_guarded(_empty_design(name, variable, used)) for variable, used in rows.items()]
    drawn = draw_equations(fitted, seed, size, name)
    quantities = Quantities({variable: count_rows(used) for variable, used in rows.items()})
    marks: list[Mark] = []
    for variable, draws in drawn.items():
        variances = {SESSION: draws.residual**2, PATIENT: draws.covariances[PATIENT][:, 0, 0]}
        if draws.fitted.design.arrays.varying[THERAPIST]:
            variances[THERAPIST] = draws.covariances[THERAPIST][:, 0, 0]
        total = np.sum(list(variances.values()), axis=0)
        for level, values in variances.items():
            quantities.add("", "variance", level, values, (variable,))
            quantities.add("", "sd", level, np.sqrt(values), (variable,))
            quantities.add("", "icc", level, values / total, (variable,))
        marks += [
            *_mark_unknown_therapists(variable, rows[variable]),
            *draws.fitted.marks,
            *mark_scores(variable, rows[variable][variable].to_numpy(dtype=float), variables),
            *mark_few_units(variable, quantities.counts[variable], THERAPIST in variances),
        ]
    return make_result(name, spec, quantities, marks, flow)


def _empty_design(name: str, variable: str, rows: pd.DataFrame) -> Design:
    levels = [PATIENT, THERAPIST] if rows[THERAPIST].nunique() > 1 else [PATIENT]
    equation = Equation.model_validate({"on": [], "vary": {level: [INTERCEPT] for level in levels}})
    alone = _UNKNOWN + rows[PATIENT].astype(str)
    owner = rows[THERAPIST].astype(object).where(rows[THERAPIST].notna(), alone)
    return make_design(name, variable, equation, rows.assign(**{THERAPIST: owner}), {})


def _mark_unknown_therapists(variable: str, rows: pd.DataFrame) -> list[Mark]:
    alone = rows.loc[rows[THERAPIST].isna(), PATIENT].nunique()
    if not alone or rows[THERAPIST].nunique() < 2:
        return []
    return [Mark("unknown_therapists", variable, alone, outcomes=(variable,))]
