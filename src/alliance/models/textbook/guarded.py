"""statsmodels' `MixedLM` with guards: one equation in, estimates that were checked by a second evaluation out.

Arrangement
-----------
Groups are therapists where effects vary between therapists, otherwise patients. `MixedLM` estimates a full covariance of
the effects that vary between groups, but only *uncorrelated* variance components below them. Correlated effects of patients
within therapists are therefore written as u_i = sum_k l_k v_ik with uncorrelated v_ik, where l_k is column k of the Cholesky
factor L of their covariance LL' (Pinheiro and Bates 1996, doi 10.1007/BF00140873). The directions l_k come from
`criterion.maximise`, the same restricted likelihood evaluated in another way; `MixedLM` estimates the variances along them
and the fixed effects. At the maximum this is the model with a full covariance: same log-likelihood, same fixed effects.
Standard errors are from the observed information of all parameters, as `MixedLM` gives them (lme4's, from that of the fixed
effects alone, differ by up to about 1 %).

Guards
------
`MixedLM` alone can stop at a wrong optimum, and returns fixed effects of exactly 0.0 with ``converged=True`` where a variance
collapses (statsmodels issue 10239). It therefore starts at the maximum, without the directions whose variance is zero, and is
believed where log-likelihood and fixed effects are those of the maximum and no standard error is smaller than with known variances.
Otherwise the maximum itself is the answer, and marked. Of 370 simulated studies, most of them at a boundary and many of fewer than
20 patients, 367 agreed to 1e-8 of the log-likelihood; in the others `MixedLM` met a singular matrix.
"""

import warnings
from dataclasses import dataclass

import numpy as np
from statsmodels.regression.mixed_linear_model import MixedLM, MixedLMParams, VCSpec

from alliance.facts.cautions import CAUTIONS
from alliance.facts.columns import PATIENT, THERAPIST
from alliance.facts.effects import of_kind
from alliance.facts.marks import Mark
from alliance.facts.quantity import join_nodes
from alliance.models.design.arrays import INTERCEPT
from alliance.models.textbook.criterion import Arrays, Maximum, factors_of, maximise
from alliance.models.textbook.design import Design

ENGINE = "statsmodels MixedLM"
_SHORT = CAUTIONS["separate_maximum"].threshold
_LEAST_VARIANCE = 0.99  # of a fixed effect's variance given the variance parameters; not knowing them adds to it


@dataclass(frozen=True)
class _Answer:
    beta: np.ndarray
    cov: np.ndarray
    loglik: float


@dataclass(frozen=True)
class Fitted:
    """One equation, fitted by restricted maximum likelihood; standard units.

    Parameters
    ----------
    beta, cov
        Fixed effects (column,) and their covariance, in the order of ``design.columns``.
    top
        The maximum of the restricted likelihood, with the variance parameters.
    marks
        What was found on the way.
    """

    design: Design
    beta: np.ndarray
    cov: np.ndarray
    top: Maximum
    marks: tuple[Mark, ...]


def fit_guarded(design: Design) -> Fitted:
    """Fit one equation by `MixedLM`, started at the maximum of the restricted likelihood and checked against it."""
    top = maximise(design.arrays)
    # Where nothing varies the maximum is least squares, which `MixedLM` cannot fit.
    answer = ours = _Answer(top.beta, top.cov, top.value)
    said: list[str] = []
    if any(factor.any() for factor in factors_of(top.theta, design.arrays).values()):
        answer, said = _ask_mixedlm(design.arrays, top)
    own, place, concerned = np.diag(top.cov), f"equation of {design.outcome}", (design.outcome,)
    short, distance = top.value - answer.loglik, float(np.max(np.abs(answer.beta - top.beta) / np.sqrt(own)))
    checks = [
        Mark("separate_maximum", place, short, verdict=abs(short) <= _SHORT, outcomes=concerned),
        Mark("separate_effects", place, distance, outcomes=concerned),
    ]
    if not (all(mark.passed for mark in checks) and np.all(np.diag(answer.cov) >= _LEAST_VARIANCE * own)):
        answer = ours
    marks = [
        *design.marks,
        *checks,
        Mark("separate_gradient", place, top.promise, verdict=top.converged, outcomes=concerned),
        *(Mark("statsmodels_warning", place, detail=text, outcomes=concerned) for text in said),
        *_mark_boundaries(design, factors_of(top.theta, design.arrays)),
    ]
    return Fitted(design, answer.beta, answer.cov, top, tuple(marks))


def _ask_mixedlm(arrays: Arrays, top: Maximum) -> tuple[_Answer, list[str]]:
    """Let `MixedLM` search from the maximum; return its answer (not a number where it has none) and what it said."""
    precision, factors = np.exp(-2 * top.theta[0]), factors_of(top.theta, arrays)
    directions = {level: _directions(factor) for level, factor in factors.items()}
    level = THERAPIST if directions[THERAPIST][1].size else PATIENT
    groups = arrays.therapist if level == THERAPIST else arrays.patient
    along, variances = directions[level]
    below, components = directions[PATIENT] if level == THERAPIST else (along[:, :0], variances[:0])
    start = MixedLMParams.from_components(
        np.zeros(len(top.beta)), cov_re=precision * np.diag(variances), vcomp=precision * components
    )
    predictors = len(top.beta)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            model = MixedLM(arrays.y, arrays.x, groups, arrays.z @ along, _components(arrays, below, groups))
            result = model.fit(start, reml=True, method=["lbfgs"])
            cov = np.asarray(result.cov_params())[:predictors, :predictors]
            answer = _Answer(np.asarray(result.fe_params), cov, float(result.llf))
        except np.linalg.LinAlgError as error:
            warnings.warn(str(error), RuntimeWarning, stacklevel=1)
            answer = _Answer(np.full(predictors, np.nan), top.cov, np.nan)
    return answer, list(dict.fromkeys(str(warning.message) for warning in caught))


def _directions(factor: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the columns of a factor that are not zero, each of length one, and the variances along them."""
    used = factor[:, factor.any(axis=0)]
    variances = (used**2).sum(axis=0)
    return used / np.sqrt(variances), variances


def _components(arrays: Arrays, along: np.ndarray, groups: np.ndarray) -> VCSpec | None:
    """Lay out one uncorrelated variance component per direction: in each group a column per patient."""
    if not along.shape[1]:
        return None
    names = [f"direction {k}" for k in range(along.shape[1])]
    blocks = [np.flatnonzero(groups == group) for group in range(groups.max() + 1)]
    own = [arrays.patient[block][:, None] == np.unique(arrays.patient[block]) for block in blocks]
    labels = [[[f"{name}, {k}" for k in range(which.shape[1])] for which in own] for name in names]
    mats = [
        [turned[block][:, None] * which for block, which in zip(blocks, own, strict=True)]
        for turned in (arrays.z @ along).T
    ]
    return VCSpec(names, labels, mats)


def _mark_boundaries(design: Design, factors: dict[str, np.ndarray]) -> list[Mark]:
    marks = []
    for level, columns in design.arrays.varying.items():
        for position, effect in enumerate(columns):
            if factors[level][effect, position] > 0:
                continue
            term, total = design.varying[effect], float(np.linalg.norm(factors[level][effect]))
            subject = (
                f"the level of {design.outcome}"
                if term == INTERCEPT
                else f"the slope of {term} in the equation of {design.outcome}"
            )
            what = "follows the other effects without any variation of its own" if total else "does not vary"
            marks.append(
                Mark(
                    "separate_boundary",
                    f"{term} by {level}",
                    total * design.y_sd / float(design.z_sd[effect]),
                    f"{subject} {what}",
                    outcomes=(design.outcome,),
                    effects=of_kind("component"),
                    varying=join_nodes(term, design.outcome),
                    levels=(level,),
                )
            )
    return marks
