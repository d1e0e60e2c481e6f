"""Do intervals of a construct hold where its true values are integrated out exactly, and does the fit have these intervals?

In the world ``construct`` of `validation.measurement.simulate` everything is linear and normal, and all patients have all sessions, so
three indicators and the outcome at all sessions have one covariance for all patients, and the likelihood can be maximised in a second, by
scoring with the expected information. Nothing of the code that fits models is used. `exact.csv` has the coverage of its 95 % intervals
(1.96 standard errors) for as many studies as asked for, of 150 or 60 patients with 10 or 6 sessions, and for those studies that
`simulate` has fitted the fit beside it: standard errors as a ratio, estimates apart in standard errors, and the coverage of both.
`coverage_expected` is that of all studies, had each its exact estimate moved, and its standard error changed, as far as those of the
fitted studies are: each by each.

    nice python -m validation.measurement.exact 200          # minutes
"""

import sys
from typing import Any, Final

import numpy as np
import pandas as pd

from tests.unit.models.filling import study as series
from validation.measurement.simulate import HERE, KEPT, PARTS, PATIENTS, SESSIONS, TRUTH, record
from validation.resumed import add_studies

PATHS: Final = dict(zip(TRUTH, ("mm", "my", "ym", "yy"), strict=True))
LOGS: Final = (
    "sm",
    "sy",
    "um",
    "uy",
    "first sm",
    "first sy",
    *(f"{kind}{part}" for kind in "ep" for part in (1, 2, 3)),
)
START: Final = {
    "m1": 0.0, "marm": 0.2, "mm": 0.3, "my": -0.15, "mm0": 0.1, "my0": -0.05,
    "y1": 0.0, "yarm": 0.0, "ym": -0.4, "yy": 0.4, "ym0": -0.05, "yy0": 0.1, "r": -0.3,
    "first m1": 0.0, "first marm": 0.3, "first y1": 0.0, "first yarm": 0.0, "first ym": -0.5,
    "l1": 1.1, "l2": 1.0, "n2": 0.0, "n3": -0.3,
    "sm": 0.05, "sy": 0.0, "um": -0.5, "uy": -0.4, "first sm": 0.4, "first sy": 0.3,
    "e1": 0.3, "e2": 0.3, "e3": 0.3, "p1": -2.3, "p2": -2.3, "p3": -2.3,
}  # fmt: skip
_STEP, _ROUNDS, _ENOUGH = 1e-5, 60, 1e-8


def moments(values: np.ndarray, sessions: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the covariance of all values of a patient, session by session, and their coefficients on one and the arm.

    Values are linear in the random numbers of a patient, which the first columns of `m` and `y` stand for; the last two are one and the
    arm. Loadings have a mean of one and intercepts of zero; variances are logs, and the correlation of levels a Fisher z.
    """
    p = dict(zip(START, values, strict=True)) | {
        name: np.exp(v) for name, v in zip(START, values, strict=True) if name in LOGS
    }
    size, r = 2 * sessions + 2, np.tanh(p["r"])
    m, y = np.zeros(size + 2), np.zeros(size + 2)
    m[[size - 2, size, size + 1]] = p["first sm"], p["first m1"], p["first marm"]
    y += p["first ym"] * m
    y[[size - 1, size, size + 1]] += p["first sy"], p["first y1"], p["first yarm"]
    m0, y0, series_of = m, y, [(m, y)]
    for step in range(sessions - 1):
        m = p["mm"] * m + p["my"] * y + p["mm0"] * m0 + p["my0"] * y0
        m[[0, 2 + 2 * step, size, size + 1]] += p["um"], p["sm"], p["m1"], p["marm"]
        y = p["ym"] * m + p["yy"] * y + p["ym0"] * m0 + p["yy0"] * y0
        y[[0, 1, 3 + 2 * step, size, size + 1]] += r * p["uy"], np.sqrt(1 - r**2) * p["uy"], p["sy"], p["y1"], p["yarm"]
        series_of.append((m, y))
    loadings = (p["l1"], p["l2"], 3 - p["l1"] - p["l2"])
    rows = np.array([row for m, y in series_of for row in (*(loading * m for loading in loadings), y)])
    covariance, mean = rows[:, :size] @ rows[:, :size].T, rows[:, size:].copy()
    for part, intercept in enumerate((-p["n2"] - p["n3"], p["n2"], p["n3"])):
        own = 4 * np.arange(sessions) + part
        covariance[np.ix_(own, own)] += p[f"p{part + 1}"]
        covariance[own, own] += p[f"e{part + 1}"]
        mean[own, 0] += intercept
    return covariance, mean


def find_maximum(values: np.ndarray, arm: np.ndarray, sessions: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the maximum of the likelihood of (patient, value) and standard errors from the expected information."""
    x, count = np.column_stack([np.ones(len(arm)), arm]), len(arm)

    def left(mean: np.ndarray) -> np.ndarray:
        residuals = values - x @ mean.T
        return np.asarray(residuals.T @ residuals)

    def fall(position: np.ndarray) -> float:
        covariance, mean = moments(position, sessions)
        sign, size = np.linalg.slogdet(covariance)
        return np.inf if sign <= 0 else count * size / 2 + float(np.sum(np.linalg.inv(covariance) * left(mean))) / 2

    position, shifts = np.array(list(START.values())), _STEP * np.eye(len(START))
    for _ in range(_ROUNDS):
        covariance, mean = moments(position, sessions)
        around = [(moments(position + shift, sessions), moments(position - shift, sessions)) for shift in shifts]
        of_covariance = np.array([(up[0] - down[0]) / (2 * _STEP) for up, down in around])
        of_mean = np.array([(up[1] - down[1]) / (2 * _STEP) for up, down in around])
        inverse = np.linalg.inv(covariance)
        pulled = inverse @ (left(mean) - count * covariance) @ inverse
        score = np.einsum("iab,ab->i", of_covariance, pulled) / 2
        score += np.einsum("iap,ap->i", of_mean, inverse @ (values - x @ mean.T).T @ x)
        turned = inverse @ of_covariance
        information = count / 2 * np.einsum("iab,jba->ij", turned, turned, optimize=True)
        information += np.einsum("iap,ab,jbq,pq->ij", of_mean, inverse, of_mean, x.T @ x, optimize=True)
        step = np.linalg.pinv(information) @ score
        if score @ step < _ENOUGH:
            break
        share, before = 1.0, fall(position)
        while fall(position + share * step) > before and share > _STEP:
            share /= 2
        position = position + share * step
    return position, np.sqrt(np.diag(np.linalg.pinv(information)).clip(0))


def estimate(study: int, patients: int, sessions: int) -> list[dict[str, Any]]:
    """Return one row per path of a simulated study, the same one that `simulate` fits."""
    true = series.simulate(patients, sessions, 100 + study)
    scores = record(true, "construct", np.random.default_rng(5000 + study)).sort_values(["patient", "session"])
    arm = scores["arm"].to_numpy().reshape(patients, sessions)[:, 0]
    values = scores[[*PARTS, "y"]].to_numpy().reshape(patients, 4 * sessions)
    position, errors = find_maximum(values, arm, sessions)
    places = {name: place for place, name in enumerate(START)}
    return [
        {
            "study": study,
            "patients": patients,
            "sessions": sessions,
            "path": path,
            "exact": position[places[name]],
            "error": errors[places[name]],
        }
        for path, name in PATHS.items()
    ]


def summarise(exact: pd.DataFrame, fitted: pd.DataFrame) -> pd.DataFrame:
    """Return bias and coverage of the exact likelihood, and the fit beside it where a study has one."""
    exact["truth"] = exact["path"].map(TRUTH)
    exact["held"] = (exact["exact"] - exact["truth"]).abs() < 1.96 * exact["error"]
    both = exact[(exact["patients"] == PATIENTS) & (exact["sessions"] == SESSIONS)].merge(fitted, on=["study", "path"])
    both["ratio"] = both["sd"] / both["error"]
    both["apart"] = (both["estimate"] - both["exact"]) / both["error"]
    both["held_fit"] = (both["low"] <= both["truth"]) & (both["truth"] <= both["high"])
    rows = []
    for (patients, sessions, path), own in exact.groupby(["patients", "sessions", "path"], sort=False):
        beside = both[both["path"] == path] if (patients, sessions) == (PATIENTS, SESSIONS) else both.iloc[:0]
        truth, z = own["truth"].iloc[0], ((own["exact"] - own["truth"]) / own["error"]).to_numpy()[:, None]
        moved = np.abs(z + beside["apart"].to_numpy()) < 1.96 * beside["ratio"].to_numpy()
        rows.append(
            {
                "patients": patients, "sessions": sessions, "path": path, "studies": len(own),
                "bias_percent": 100 * (own["exact"].mean() / truth - 1),
                "bias_percent_se": 100 * own["exact"].std() / abs(truth) / np.sqrt(len(own)), "empirical_sd": own["exact"].std(),
                "mean_sd": own["error"].mean(), "coverage": own["held"].mean(), "fitted": len(beside), "sd_ratio": beside["ratio"].mean(),
                "sd_ratio_sd": beside["ratio"].std(), "apart": beside["apart"].mean(),
                "apart_sd": beside["apart"].std(), "coverage_fit": beside["held_fit"].mean(), "coverage_exact": beside["held"].mean(),
                "coverage_expected": moved.mean() if moved.size else np.nan,
            }
        )  # fmt: skip
    return pd.DataFrame(rows).round(3)


def main(studies: int) -> None:
    """Maximise likelihoods that were not yet, and write what was found."""
    designs = ((PATIENTS, SESSIONS), (60, 6), (150, 6), (60, 10))
    wanted = [{"study": k, "patients": n, "sessions": t} for n, t in designs for k in range(studies)]
    exact = add_studies(KEPT.with_name("exact.csv"), wanted, estimate)
    fitted = pd.read_csv(KEPT).query("world == 'construct' and scores == 'corrected'")
    summarise(exact, fitted).to_csv(HERE / "exact.csv", index=False)


if __name__ == "__main__":
    main(int(sys.argv[1]))
