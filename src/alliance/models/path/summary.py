"""A maximum as text for a console, in the manner of statsmodels: fit, coefficients of each equation, variance components, notes."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from scipy import stats

from alliance.facts.marks import Mark
from alliance.models.joint.design import INTERCEPT
from alliance.models.joint.names import pairs
from alliance.models.path.maximum import PathMaximum, log_likelihood_of, table_of
from alliance.models.rows import count_rows

_NUMBER: Final = 10
_FIXED_FROM, _FIXED_TO = 1e-3, 1e6  # sizes that are written with four decimals
_CONFIDENCE: Final = 0.95
_LEAST_NAME: Final = 24

# A line across the page, or a name with the numbers behind it.
Row = str | tuple[str, list[str]]
Found = Mapping[str, tuple[float, float]]  # estimate and standard error by parameter
_BETWEEN: Final = "-"
_AROUND: Final = "="


def summarise(
    maximum: PathMaximum,
    *,
    title: str = "Multilevel path model",
    covariance: np.ndarray | None = None,
    errors: str = "observed information",
    marks: Sequence[Mark] = (),
) -> str:
    """Describe a maximum in lines of text, raw units throughout.

    AIC = 2 k - 2 l and BIC = k log N - 2 l with k free parameters. N is the number of patients, since rows of
    one patient are not independent.

    Parameters
    ----------
    covariance
        Sampling covariance of the free parameters; the inverse observed information by default.
    errors
        What the standard errors come from.
    marks
        Those that failed become notes.
    """
    table = table_of(maximum, covariance)
    found = {
        name: (float(one), float(se))
        for name, one, se in table[["parameter", "estimate", "se"]].itertuples(index=False)
    }
    notes = [mark for mark in marks if not mark.passed]
    design = maximum.target.design
    body = [
        *_count_rows(maximum),
        *(row for outcome in design.equations for row in _coefficient_rows(maximum, outcome, found)),
        *(row for level in design.varying for row in _component_rows(maximum, level, found)),
        *_residual_rows(maximum, found),
        _AROUND,
    ]
    longest = max(_LEAST_NAME, *(len(row[0]) for row in body if isinstance(row, tuple)))
    width = longest + 6 * (1 + _NUMBER)
    lines = [title.center(width).rstrip(), _AROUND * width, *_fit_lines(maximum, width)]
    for row in body:
        if isinstance(row, str):
            lines.append(row * width)
        else:
            lines.append(f"{row[0]:<{longest}}" + "".join(f" {text:>{_NUMBER}}" for text in row[1]))
    lines.append(f"Standard errors: {errors}. Intervals and p-values of coefficients are normal ({_CONFIDENCE:.0%}).")
    lines += [
        f"[{number}] {mark.declared.title}, {mark.subject}: {mark.explained}" for number, mark in enumerate(notes, 1)
    ]
    return "\n".join(lines)


def _fit_lines(maximum: PathMaximum, width: int) -> list[str]:
    target, log_likelihood = maximum.target, log_likelihood_of(maximum)
    patients = len(target.patients)
    left = {
        "Method": "maximum likelihood",
        "Converged": "yes" if maximum.converged else "no",
        "Patients": str(patients),
        "Therapists": str(len(target.therapists)) if target.therapists else "not in the model",
    }
    right = {
        "Log-likelihood": f"{log_likelihood:.3f}",
        "Free parameters": str(target.layout.size),
        "AIC": f"{2 * target.layout.size - 2 * log_likelihood:.3f}",
        f"BIC (N = {patients} patients)": f"{target.layout.size * np.log(patients) - 2 * log_likelihood:.3f}",
    }
    return [
        f"{one + ':':<15} {value:<24} {other + ':':<24} {text:>{width - 66}}"
        for (one, value), (other, text) in zip(left.items(), right.items(), strict=True)
    ]


def _count_rows(maximum: PathMaximum) -> list[Row]:
    rows: list[Row] = [_BETWEEN, ("equation", ["rows", "patients"])]
    for outcome, equation in maximum.target.design.equations.items():
        counts = count_rows(equation.rows)
        rows.append((outcome, [str(counts["n_sessions"]), str(counts["n_patients"])]))
    return rows


def _coefficient_rows(maximum: PathMaximum, outcome: str, found: Found) -> list[Row]:
    half = float(stats.norm.ppf((1 + _CONFIDENCE) / 2))
    low, high = (1 - _CONFIDENCE) / 2, (1 + _CONFIDENCE) / 2
    rows: list[Row] = [_AROUND, (outcome, ["coef", "std err", "z", "P>|z|", f"[{low:g}", f"{high:g}]"]), _BETWEEN]
    for term in (INTERCEPT, *maximum.target.design.equations[outcome].terms):
        estimate, se = found[f"{outcome}: {term}"]
        z = estimate / se if se > 0 else np.nan
        p = 2 * stats.norm.sf(abs(z))
        limits = [_write(estimate - half * se), _write(estimate + half * se)]
        rows.append((term, [_write(estimate), _write(se), _fixed(z, 3), _fixed(p, 3), *limits]))
    return rows


def _component_rows(maximum: PathMaximum, level: str, found: Found) -> list[Row]:
    """Return standard deviations between units, and the lower triangle of their correlations."""
    effects = maximum.target.design.varying[level]
    columns = [f"({number})" for number in range(1, len(effects))]
    rows: list[Row] = [_AROUND, (f"between {level}s", ["sd", "std err", *columns]), _BETWEEN]
    for number, effect in enumerate(effects):
        correlations = [
            found[f"correlation {level} {effect.text} with {effects[j].text}"][0]
            for i, j in pairs(len(effects))
            if i == number
        ]
        sd = [_write(value) for value in found[f"sd {level} {effect.text}"]]
        rows.append((f"({number + 1}) {effect.text}", [*sd, *(_fixed(value, 3) for value in correlations)]))
    return rows


def _residual_rows(maximum: PathMaximum, found: Found) -> list[Row]:
    rows: list[Row] = [_AROUND, ("residual", ["sd", "std err"]), _BETWEEN]
    for outcome in maximum.target.design.equations:
        rows.append((outcome, [_write(value) for value in found[f"sd residual {outcome}"]]))
    return rows


def _write(value: float) -> str:
    if value == 0 or _FIXED_FROM <= abs(value) < _FIXED_TO:
        return f"{value:.4f}"
    return _fixed(value, 4) if np.isnan(value) else f"{value:.3e}"


def _fixed(value: float, decimals: int) -> str:
    return "" if np.isnan(value) else f"{value:.{decimals}f}"
