"""Known weaknesses of separate models with observed-mean centring, measured on the data at hand and put on record."""

from alliance.config import ModelSpec, Variable
from alliance.config.timing import parse_term
from alliance.contracts import LAG, PATIENT
from alliance.models.container import Mark
from alliance.models.diagram import Path
from alliance.models.textbook.guarded import Fitted

_LARGEST_LAG_BIAS = 0.05
_LEAST_RELIABILITY = 0.9


def mark_lagged_outcome(fitted: Fitted, variables: dict[str, Variable]) -> list[Mark]:
    """Say how much centring by the patient's mean biases the effect of an outcome's own past.

    The mean contains later values, so the centred lag is correlated with the residual: bias of about -(1 + rho) / T for T sessions (Nickell
    1981, doi 10.2307/1911408). Predictors correlated with the past of the outcome inherit a part of it.
    """
    design = fitted.design
    marks = []
    for column, estimate in zip(design.columns, fitted.beta, strict=True):
        term = parse_term(column.term, variables)
        if term is None or term.base != design.outcome or not column.term.endswith(LAG):
            continue
        sessions = len(design.rows) / design.rows[PATIENT].nunique()
        bias = -(1 + float(estimate)) / sessions
        marks.append(
            Mark(
                "bias of centred lag",
                column.term,
                abs(bias) <= _LARGEST_LAG_BIAS,
                f"{column.term} is centred by a mean that contains later sessions. With {sessions:.1f} sessions per patient on average "
                f"its effect is too low by about the value, and effects of predictors that go along with it are distorted too.",
                bias,
                -_LARGEST_LAG_BIAS,
                (design.outcome,),
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
            "observed means",
            term,
            reliability >= _LEAST_RELIABILITY,
            f"Patients' means of {term} are means of few sessions; the value is the part of their variance that is not sampling "
            f"error. Effects between patients are drawn towards the effect within patients by the rest.",
            reliability,
            _LEAST_RELIABILITY,
            (fitted.design.outcome,),
            levels=("between_patient", "between_therapist"),
        )
        for term, reliability in fitted.design.means.items()
    ]


def mark_missing_covariance(paths: list[Path], spec: ModelSpec) -> list[Mark]:
    """Say where the covariance of varying slopes belongs to an indirect effect but cannot be had from separate models.

    E(a_i b_i) = a b + cov(a_i, b_i) (Kenny, Korchmaros and Bolger 2003, doi 10.1037/1082-989X.8.2.115).
    """
    marks = []
    for path in paths:
        if sum(edge.varies_by_patient for edge in path.edges) < 2:
            continue
        marks.append(
            Mark(
                "covariance of a and b not estimated",
                path.text,
                False,
                "Both steps vary between patients. If patients with a larger first step have a larger or smaller second one, the "
                "average indirect effect is not the product of the averages; separate models cannot tell.",
                outcomes=tuple(spec.equations),
                effects=("indirect", "total"),
                levels=("within",),
            )
        )
    return marks
