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
- Direction whose variance is zero: left out, so that `MixedLM` never inverts a singular covariance (which returns fixed
  effects of exactly 0.0 with ``converged=True``, statsmodels issue 10239).
- Wrong optimum: starts at the best of several maxima found by the referee; other optimisers and its own default start
  follow until its log-likelihood reaches the referee's. The best is kept.
- Answer: fixed effects, log-likelihood and remaining gradient are compared with the referee's at the same variances.
- Warnings of statsmodels are caught and become marks.
"""

import warnings
from dataclasses import dataclass

import numpy as np
from statsmodels.regression.linear_model import OLS
from statsmodels.regression.mixed_linear_model import MixedLM, MixedLMParams, VCSpec

from alliance.contracts import PATIENT, THERAPIST
from alliance.errors import ModelError
from alliance.facts.cautions import CAUTIONS
from alliance.facts.marks import Mark
from alliance.models.textbook.agreement import mark_joint_likelihood
from alliance.models.textbook.centring import INTERCEPT, Design
from alliance.models.textbook.criterion import (
    Arrays,
    Components,
    evaluate,
    maximise,
    pack,
    promised_gain,
    sampling_covariance,
    unpack,
)

ENGINE = "statsmodels MixedLM"
_ATTEMPTS = (("referee", "lbfgs"), ("referee", "bfgs"), ("default", "lbfgs"), ("referee", "powell"))
_LOGLIK_TOLERANCE = CAUTIONS["separate_maximum"].threshold


@dataclass(frozen=True)
class Fitted:
    """One equation, fitted by restricted maximum likelihood; raw units.

    Parameters
    ----------
    beta, cov
        Fixed effects (column,) and their covariance, in the order of ``design.columns``.
    theta, theta_cov
        Variance parameters of `criterion.pack` in standard units, and their covariance.
    loglik
        Restricted log-likelihood, comparable with lme4's ``logLik``.
    """

    design: Design
    beta: np.ndarray
    cov: np.ndarray
    theta: np.ndarray
    theta_cov: np.ndarray
    loglik: float
    marks: tuple[Mark, ...]


@dataclass(frozen=True)
class _Answer:
    beta: np.ndarray
    cov: np.ndarray
    components: Components
    loglik: float
    converged: bool


def fit_guarded(design: Design) -> Fitted:
    """Fit one equation and check the answer.

    Raises
    ------
    ModelError
        No optimiser of statsmodels returned an answer.
    """
    arrays = design.arrays
    best = maximise(arrays)
    target = evaluate(best, arrays)[0]
    answer, caught = _fit_until_good(design, best, target)
    theta = pack(answer.components, arrays)
    loglik, beta, cov = evaluate(theta, arrays)
    distance = float(np.max(np.abs(answer.beta - beta) / np.sqrt(np.diag(cov))))
    gain = promised_gain(theta, arrays)
    marks = [
        *design.marks,
        *_mark_agreement(design.outcome, answer, target - loglik, distance, gain),
        mark_joint_likelihood(design.outcome, arrays, answer.beta, answer.cov, theta),
        *_mark_boundaries(design, answer.components),
        *_mark_warnings(design.outcome, caught),
    ]
    back = design.y_sd / design.x_sd
    raw = answer.beta * back
    raw[0] += design.y_mean
    shift = (len(arrays.y) - arrays.x.shape[1]) * np.log(design.y_sd) + np.log(design.x_sd).sum()
    return Fitted(
        design,
        raw,
        answer.cov * np.outer(back, back),
        theta,
        sampling_covariance(theta, arrays),
        answer.loglik - float(shift),
        tuple(marks),
    )


def components_in_raw_units(design: Design, theta: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
    """Return residual standard deviation and covariances (effect, effect) of patients' and therapists' effects."""
    components = unpack(theta, design.arrays)
    scale = design.y_sd / design.z_rms
    patient, therapist = scale[:, None] * components.patient, scale[:, None] * components.therapist
    return design.y_sd * components.residual, patient @ patient.T, therapist @ therapist.T


def _fit_until_good(design: Design, best: np.ndarray, target: float) -> tuple[_Answer, list[str]]:
    """Try starts and optimisers until one reaches the referee's log-likelihood; return the best answer and all warnings."""
    found: list[_Answer] = []
    said: list[str] = []
    components = unpack(best, design.arrays)
    if not components.patient.any() and not components.therapist.any():
        return _fit_without_groups(design.arrays), said
    for start, optimiser in _ATTEMPTS:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                found.append(_fit_once(design.arrays, components, start, optimiser))
            except np.linalg.LinAlgError as error:
                said.append(f"{optimiser}: {error}")
        said += [str(warning.message) for warning in caught]
        if found and found[-1].converged and found[-1].loglik >= target - _LOGLIK_TOLERANCE:
            break
    if not found:
        raise ModelError(
            f"The equation of '{design.outcome}' could not be fitted: {'; '.join(dict.fromkeys(said))}. Let fewer effects vary, or "
            f"leave out the predictor with the fewest distinct values."
        )
    return max(
        found, key=lambda answer: (answer.loglik >= target - _LOGLIK_TOLERANCE and answer.converged, answer.loglik)
    ), said


def _fit_once(arrays: Arrays, components: Components, start: str, optimiser: str) -> _Answer:
    directions = {level: _directions(getattr(components, level)) for level in (PATIENT, THERAPIST)}
    top = THERAPIST if len(directions[THERAPIST][1]) else PATIENT
    groups = arrays.therapist if top == THERAPIST else arrays.patient
    along, sizes = directions[top]
    below = directions[PATIENT] if top == THERAPIST else (np.zeros((arrays.z.shape[1], 0)), np.zeros(0))
    model = MixedLM(
        arrays.y, arrays.x, groups, exog_re=arrays.z @ along, exog_vc=_patient_components(arrays, below[0], groups)
    )
    scale = components.residual**2
    first = MixedLMParams.from_components(
        fe_params=np.zeros(arrays.x.shape[1]), cov_re=np.diag(sizes**2) / scale, vcomp=below[1] ** 2 / scale
    )
    result = model.fit(start_params=first if start == "referee" else None, reml=True, method=[optimiser])
    predictors = arrays.x.shape[1]
    fitted = {level: np.zeros_like(getattr(components, level)) for level in (PATIENT, THERAPIST)}
    fitted[top] = _triangular(along @ np.asarray(result.cov_re) @ along.T, fitted[top], getattr(arrays, f"by_{top}"))
    if top == THERAPIST:
        lower = below[0] * np.asarray(result.vcomp) @ below[0].T
        fitted[PATIENT] = _triangular(lower, fitted[PATIENT], arrays.by_patient)
    return _Answer(
        np.asarray(result.fe_params),
        np.asarray(result.cov_params())[:predictors, :predictors],
        Components(float(np.sqrt(result.scale)), fitted[PATIENT], fitted[THERAPIST]),
        float(result.llf),
        bool(result.converged),
    )


def _fit_without_groups(arrays: Arrays) -> _Answer:
    """Least squares, the restricted maximum when every variance between groups is zero."""
    result = OLS(arrays.y, arrays.x).fit()
    components = Components(
        float(np.sqrt(result.scale)),
        np.zeros((arrays.z.shape[1], len(arrays.by_patient))),
        np.zeros((arrays.z.shape[1], len(arrays.by_therapist))),
    )
    loglik = evaluate(pack(components, arrays), arrays)[0]
    return _Answer(np.asarray(result.params), np.asarray(result.cov_params()), components, loglik, True)


def _directions(factor: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the columns of a factor that are not zero, each of length one, and their lengths."""
    sizes = np.sqrt((factor**2).sum(axis=0))
    return factor[:, sizes > 0] / sizes[sizes > 0], sizes[sizes > 0]


def _patient_components(arrays: Arrays, along: np.ndarray, groups: np.ndarray) -> VCSpec | None:
    """Lay out one uncorrelated variance component per direction: in each group a column per patient."""
    if not along.shape[1]:
        return None
    names = [f"direction {k}" for k in range(along.shape[1])]
    labels, mats = [], []
    turned = arrays.z @ along
    for k in range(along.shape[1]):
        of_group, named = [], []
        for group in range(groups.max() + 1):
            here = groups == group
            patients = np.unique(arrays.patient[here])
            of_group.append(turned[here, k][:, None] * (arrays.patient[here][:, None] == patients))
            named.append([f"{names[k]}, patient {patient}" for patient in patients])
        mats.append(of_group)
        labels.append(named)
    return VCSpec(names, labels, mats)


def _triangular(covariance: np.ndarray, like: np.ndarray, columns: tuple[int, ...]) -> np.ndarray:
    """Return the lower triangular factor (effect, own effect) of a covariance that may be singular.

    Householder QR of a symmetric root: covariance = RR', R' = QT, so T' is lower triangular and T'T = covariance.
    """
    own = covariance[np.ix_(columns, columns)]
    values, vectors = np.linalg.eigh(own)
    root = vectors * np.sqrt(np.clip(values, 0.0, None))
    full = np.zeros_like(like)
    full[list(columns)] = np.linalg.qr(root.T, mode="r").T
    return full


def _mark_agreement(outcome: str, answer: _Answer, short: float, distance: float, gain: float) -> list[Mark]:
    reached = answer.converged and abs(short) <= _LOGLIK_TOLERANCE
    place, concerned = f"equation of {outcome}", (outcome,)
    return [
        Mark("separate_maximum", place, short, verdict=reached, outcomes=concerned),
        Mark("separate_gradient", place, gain, outcomes=concerned),
        Mark("separate_effects", place, distance, outcomes=concerned),
    ]


def _mark_boundaries(design: Design, components: Components) -> list[Mark]:
    marks = []
    for level, columns in ((PATIENT, design.arrays.by_patient), (THERAPIST, design.arrays.by_therapist)):
        factor: np.ndarray = getattr(components, level)
        for position, effect in enumerate(columns):
            own, total = abs(factor[effect, position]), float(np.sqrt((factor[effect] ** 2).sum()))
            if own > 0 and own > 1e-6 * components.residual:
                continue
            term = design.varying[effect]
            subject = (
                f"the level of {design.outcome}" if term == INTERCEPT else f"the effect of {term} on {design.outcome}"
            )
            what = "does not vary" if total < 1e-6 else "follows the other effects without any variation of its own"
            marks.append(
                Mark(
                    "separate_boundary",
                    f"{term} by {level}",
                    total * design.y_sd / float(design.z_rms[effect]),
                    f"{subject} {what}",
                    outcomes=(design.outcome,),
                    effects=("sd", "correlation", "variance", "icc"),
                    levels=(level,),
                )
            )
    return marks


def _mark_warnings(outcome: str, caught: list[str]) -> list[Mark]:
    """Keep what statsmodels said; whether it matters is decided by the comparison with the referee."""
    return [
        Mark("statsmodels_warning", f"equation of {outcome}", detail=text, outcomes=(outcome,))
        for text in dict.fromkeys(caught)
    ]
