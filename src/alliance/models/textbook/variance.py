"""How much of each variable varies between sessions, patients and therapists.

    y_rij = m + w_j + u_ij + e_rij        share of a level = its variance / sum of the variances

The share of patients plus that of therapists is the correlation of two sessions of one patient, that of therapists the correlation
of two patients of one therapist (Baldwin, Murray and Shadish 2005, doi 10.1037/0022-006X.73.5.924).
"""

import numpy as np
import pandas as pd

from alliance.config import Equation, ModelSpec
from alliance.contracts import PATIENT, SESSION, THERAPIST
from alliance.facts.marks import Mark
from alliance.models.caution import mark_few_units
from alliance.models.container import FitRecord, FitResult, Quantities, make_tree
from alliance.models.rows import count_rows, select_rows
from alliance.models.textbook.centring import INTERCEPT, Column, Design, scale_design
from alliance.models.textbook.draws import INTERVAL_KIND, draw_equations
from alliance.models.textbook.guarded import ENGINE, fit_guarded

_UNKNOWN = "unknown therapist of "


def fit_variance(panel: pd.DataFrame, name: str, spec: ModelSpec, seed: int, size: int) -> FitResult:
    """Decompose the variance of each variable; two levels where no or only one therapist is known.

    A patient whose therapist is unknown counts as the only patient of a therapist of their own.
    """
    rows, flow = select_rows(panel, name, spec)
    fitted = [fit_guarded(_empty_design(variable, used)) for variable, used in rows.items()]
    drawn = draw_equations(fitted, seed, size, name)
    quantities = Quantities({variable: count_rows(used) for variable, used in rows.items()})
    marks: list[Mark] = []
    for variable, draws in drawn.items():
        variances = {SESSION: draws.residual**2, PATIENT: draws.covariances[PATIENT][:, 0, 0]}
        if draws.fitted.design.arrays.by_therapist:
            variances[THERAPIST] = draws.covariances[THERAPIST][:, 0, 0]
        total = np.sum(list(variances.values()), axis=0)
        for level, values in variances.items():
            quantities.add("", "variance", level, values, (variable,))
            quantities.add("", "sd", level, np.sqrt(values), (variable,))
            quantities.add("", "icc", level, values / total, (variable,))
        marks += [*draws.fitted.marks, *mark_few_units(variable, quantities.counts[variable], THERAPIST in variances)]
    tree = make_tree(
        model=name,
        family=spec.family,
        engine=ENGINE,
        interval_kind=INTERVAL_KIND,
        quantities=quantities.table(),
        draws=quantities.array(),
        record=FitRecord(marks=marks),
    )
    return FitResult(tree, flow)


def _empty_design(variable: str, rows: pd.DataFrame) -> Design:
    known = rows[THERAPIST].notna()
    levels = {PATIENT: [INTERCEPT]}
    marks = []
    if rows[THERAPIST].nunique() > 1:
        levels[THERAPIST] = [INTERCEPT]
        if not known.all():
            alone = rows.loc[~known, PATIENT].nunique()
            marks.append(Mark("unknown_therapists", variable, alone, outcomes=(variable,)))
    owner = rows[THERAPIST].astype(object).where(known, _UNKNOWN + rows[PATIENT].astype(str))
    used = rows.assign(**{THERAPIST: owner})
    keys = [THERAPIST, PATIENT, SESSION] if THERAPIST in levels else [PATIENT, SESSION]
    used = used.sort_values(keys, kind="stable").reset_index(drop=True)
    ones = np.ones((len(used), 1))
    equation = Equation.model_validate({"on": [], "vary": levels})
    return scale_design(
        variable, used, (Column(INTERCEPT, INTERCEPT, "overall"),), ones, (INTERCEPT,), ones, equation, {}, marks
    )
