"""Known weaknesses of separate models with observed-mean centring, measured on the data at hand and put on record."""

from alliance.config import ModelSpec, Variable
from alliance.config.timing import parse_term
from alliance.facts.columns import LAG, PATIENT
from alliance.facts.marks import Mark
from alliance.models.diagram import Path
from alliance.models.textbook.draws import Drawn
from alliance.models.textbook.guarded import Fitted


def mark_lagged_outcome(drawn: Drawn, variables: dict[str, Variable]) -> list[Mark]:
    """Say how much centring by the patient's mean biases the effect of an outcome's own past.

    The mean contains later values, so the centred lag is correlated with the residual: bias of about -(1 + rho) / T for T sessions (Nickell
    1981, doi 10.2307/1911408). Predictors correlated with the past of the outcome inherit a part of it.
    """
    design = drawn.fitted.design
    marks = []
    for column, estimate in zip(design.columns, drawn.beta[0], strict=True):
        term = parse_term(column.term, variables)
        if term is None or term.base != design.outcome or not column.term.endswith(LAG):
            continue
        sessions = len(design.rows) / design.rows[PATIENT].nunique()
        bias = -(1 + float(estimate)) / sessions
        marks.append(
            Mark(
                "centred_lag",
                column.term,
                bias,
                f"{sessions:.1f} sessions per patient on average",
                outcomes=(design.outcome,),
                levels=("within",),
            )
        )
    return marks


def mark_observed_means(fitted: Fitted) -> list[Mark]:
    """Say how much of the spread of observed patient means is sampling error, which draws between effects to the within effect.

    Lüdtke et al. 2008, doi 10.1037/a0012869: the expected contextual effect is the true one times the reliability.
    """
    return [
        Mark(
            "observed_means",
            term,
            reliability,
            outcomes=(fitted.design.outcome,),
            levels=("between_patient", "between_therapist"),
        )
        for term, reliability in fitted.design.means.items()
    ]


def mark_missing_covariance(paths: list[Path], spec: ModelSpec) -> list[Mark]:
    """Say where the covariance of varying slopes belongs to an indirect effect but cannot be had from separate models.

    E(a_i b_i) = a b + cov(a_i, b_i) (Kenny, Korchmaros and Bolger 2003, doi 10.1037/1082-989X.8.2.115).
    """
    return [
        Mark(
            "missing_covariance",
            path.text,
            outcomes=tuple(spec.equations),
            effects=("indirect", "total"),
            levels=("within",),
        )
        for path in paths
        if sum(edge.varies_by_patient for edge in path.edges) >= 2
    ]
