"""Sizes of the example study that the literature reports too, of the study itself and of a population free of chance."""

from dataclasses import replace

import numpy as np
import pandas as pd

from alliance.worlds.course import Course
from alliance.worlds.dynamics import run_sessions
from alliance.worlds.example.settings import ExampleStudy
from alliance.worlds.example.study import OWN_STREAMS, draw_circumstances, record_study
from alliance.worlds.people import People
from alliance.worlds.study import streams_of

POPULATION = {"patients": 9000, "therapists": 900}
_DECIMALS = 3


def attendance_of(course: Course) -> dict[str, float]:
    """Count patients, sessions, dropout and skipped sessions."""
    observed = course.observed
    first_to_last = np.cumsum(observed[:, ::-1], axis=1)[:, ::-1] > 0
    return {
        "patients": int(observed.shape[0]),
        "sessions": int(observed.sum()),
        "sessions_per_patient": _rounded(observed.sum(axis=1).mean()),
        "patients_with_one_session": int((observed.sum(axis=1) == 1).sum()),
        "dropped_out": int(course.dropped.sum()),
        "dropout": _rounded(course.dropped.mean()),
        "skipped_sessions": int((first_to_last & ~observed).sum()),
    }


def sizes_of(people: People, course: Course) -> dict[str, float]:
    """Return the sizes that the literature reports, from what was recorded of the sessions that left data."""
    observed = course.observed
    patient, session = np.nonzero(observed)
    rows = pd.DataFrame(
        {
            "patient": patient,
            "therapist": people.therapist[patient],
            "session": session + 1,
            "arm": people.arm[patient],
            **{name: course.values[name][observed] for name in ("alliance", "symptoms", "technique")},
        }
    )
    early = rows[rows["session"] <= 3].groupby("patient")["alliance"].mean()
    mean = rows.groupby("patient")["alliance"].mean()
    final = rows.groupby("patient").last()
    sizes = {
        "early_alliance_with_final_symptoms": np.corrcoef(early, final["symptoms"])[0, 1],
        "mean_alliance_with_final_symptoms": np.corrcoef(mean, final["symptoms"])[0, 1],
        "arm_on_final_alliance_d": _difference(final["alliance"], final["arm"]),
        "arm_on_final_symptoms_d": _difference(final["symptoms"], final["arm"]),
        "therapist_share_of_final_symptoms": _shares(final.reset_index(), "symptoms")["therapist"],
    }
    for variable in ("alliance", "symptoms", "technique"):
        sizes |= {
            f"{level}_share_of_{variable}": share for level, share in _shares(rows, variable).items() if share > 0
        }
    ruptured = (course.values["rupture"] == 1) & observed
    sizes |= {
        "patients_with_rupture": ruptured.any(axis=1).mean(),
        "ruptures_repaired": course.values["repaired"][ruptured].mean(),
        "at_limit_of_alliance": rows["alliance"].isin([12, 60]).mean(),
        "at_limit_of_symptoms": rows["symptoms"].isin([0, 27]).mean(),
    }
    return {name: _rounded(value) for name, value in sizes.items()}


def population_sizes(settings: ExampleStudy) -> dict[str, float]:
    """Return the sizes of a study so large that chance plays no part, and the arm's average effects over all sessions.

    The average effects are differences between everybody treated in one arm and the same people in the other, with the same
    chance events, over the second to the last session. They contain what an effect at one session passes on to later ones, so
    they are larger than the effects of `alliance.worlds.truth`, which hold given the past.
    """
    large = settings.model_copy(update={"size": settings.size.model_copy(update=POPULATION)})
    people, course, _ = record_study(large)
    sizes = sizes_of(people, course)
    treated, control = (
        run_sessions(large, replace(people, arm=np.full_like(people.arm, arm)), streams_of(large.seed)["sessions"])
        for arm in (1, 0)
    )
    for name in ("alliance", "symptoms"):
        difference = treated.values[name][:, 1:] - control.values[name][:, 1:]
        sizes[f"residual_sd_of_{name}"] = _rounded(course.surprises[name][:, 1:].std())
        sizes[f"arm_on_{name}_average"] = _rounded(difference.mean())
    return sizes | _on_circumstances(large, people, course)


def _on_circumstances(settings: ExampleStudy, people: People, course: Course) -> dict[str, float]:
    """Regress patients' average alliance on their circumstances and arm, with the others held equal."""
    drawn = draw_circumstances(people, streams_of(settings.seed, OWN_STREAMS)["circumstances"])
    predictors = np.column_stack([np.ones(len(people.arm)), people.arm, *drawn.values()])
    average = np.where(course.observed, course.values["alliance"], np.nan)
    slopes = np.linalg.lstsq(predictors, np.nanmean(average, axis=1), rcond=None)[0][2:]
    return {f"{name}_on_alliance": _rounded(slope) for name, slope in zip(drawn, slopes, strict=True)}


def _shares(rows: pd.DataFrame, variable: str) -> dict[str, float]:
    """Split the variance of a variable into therapist, patient and session by moments of the nested means."""
    patients = rows.groupby(["therapist", "patient"])[variable].agg(["mean", "var", "size"]).reset_index()
    freedom = (patients["size"] - 1).sum()
    session = float((patients["var"].fillna(0) * (patients["size"] - 1)).sum() / freedom) if freedom else 0.0
    therapists = patients.groupby("therapist")["mean"].agg(["mean", "var", "size"])
    among = float((therapists["var"] * (therapists["size"] - 1)).sum() / (therapists["size"] - 1).sum())
    patient = among - session * float((1 / patients["size"]).mean()) if freedom else among
    therapist = max(float(therapists["mean"].var()) - among * float((1 / therapists["size"]).mean()), 0.0)
    total = session + patient + therapist
    return {"session": session / total, "patient": patient / total, "therapist": therapist / total}


def _difference(values: pd.Series, arm: pd.Series) -> float:
    """Standardised difference of two arms (Cohen's d with the pooled standard deviation)."""
    treated, control = values[arm == 1], values[arm == 0]
    pooled = np.sqrt((treated.var() * (len(treated) - 1) + control.var() * (len(control) - 1)) / (len(values) - 2))
    return float((treated.mean() - control.mean()) / pooled)


def _rounded(value: float, decimals: int = _DECIMALS) -> float:
    # Adding zero turns -0.0 into 0.0, so that the file does not depend on the sign of nothing.
    return round(float(value), decimals) + 0.0
