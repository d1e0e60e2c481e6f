"""The models that questions pose, fitted to studies like the example: bias and coverage against what is true of it.

Seeds are 1, 2, ..., and none is left out. Each study is scored without the dirt of an export, and the models of the questions that are
named are fitted by `depth: ml`, without what stands beside their estimates. Alliance and symptoms are their true scores, since what error
of measurement does, and how it is taken off, is a question of its own (`validation/measurement`, `validation/example`); for the questions
in `RECORDED`, which are about what is recorded, they are sums of items as in the example. All else is as in `config/example_study.yaml`.
Truth is that of `data/example/truth.yaml`; besides, no step depends on anything in the example, so products and indices of moderated paths
are 0.

Every estimate is added to `results/validation_questions/estimates.csv` study by study and question by question, and a run that was stopped
goes on. Counts are of what is there; without a number of studies they are only counted again:

    nice -n 19 python -m validation.questions.simulate 100                        # of all questions
    nice -n 19 python -m validation.questions.simulate 20 delivery populations    # of two
"""

import sys
from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Final

import pandas as pd

from alliance import Study
from alliance.config.instruments import read_instruments
from alliance.data.panel import make_panel
from alliance.data.ruptures.marks import mark_ruptures
from alliance.data.scoring.measures import score_sessions
from alliance.errors import AllianceError
from alliance.facts.columns import DAYS, PATIENT, SESSION, THERAPIST, WEEKS
from alliance.facts.quantity import QUANTITY_COLUMNS, nodes_of
from alliance.questions import QUESTIONS
from alliance.results.comparison import models_given_history
from alliance.worlds.dynamics import run_sessions
from alliance.worlds.example.settings import ExampleStudy
from alliance.worlds.example.study import OWN_STREAMS, SCORED, simulate_study
from alliance.worlds.people import draw_people
from alliance.worlds.settings import read_settings
from alliance.worlds.study import settle, streams_of
from validation.resumed import add_studies

HERE: Final = Path(__file__).parent
ROOT: Final = HERE.parents[1]
KEPT: Final = ROOT / "results/validation_questions/estimates.csv"
KEY: Final = ["outcome", "path", "effect", "level", "horizon"]
COLUMNS: Final = ["seed", "question", "model", *QUANTITY_COLUMNS, "estimate", "low", "high", "flag"]
RECORDED: Final = ("levels", "parts", "development", "change", "ruptures")
FREE_OF_ERROR: Final = (
    "a",
    "contrast",
    "effect",
    "indirect_total",
)  # of models of what is recorded; their other truths are of true scores
OF_RECORDED: Final = ("correlation", "icc")  # truths of what is recorded
LEAN: Final = {"depth": "ml", "influence": False, "random_effects": False, "trends": False}
LEVELS: Final = (
    "within",
    "overall",
    "patient",
    "session",
)  # effects between units depend on what else an equation holds equal
AS_THEY_ARE: Final = {
    # Their error is no part of what is looked at, and taking it off would be a second fit.
    "variables": {name: {"reliability": None} for name in SCORED}
    | {"gender": {"role": None}},  # few are neither woman nor man
    "inference": {"monte_carlo_draws": 2000},
}


@cache
def study_of(question: str) -> Study:
    """Return the example study with one question asked."""
    return Study(AS_THEY_ARE | {"questions": [question]}, root=ROOT)


@lru_cache(maxsize=1)
def clean_of(seed: int) -> dict[str, pd.DataFrame]:
    """Return the clean tables of a study with another seed; sessions have the true scores of alliance and symptoms too."""
    settings = read_settings(ROOT / "config/example_study.yaml", ExampleStudy, {"seed": seed})
    clean, streams, settled = simulate_study(settings), streams_of(seed, OWN_STREAMS), settle(settings)
    course = run_sessions(settled, draw_people(settled, streams["people"]), streams["sessions"])
    places = {code: place for place, code in enumerate(clean.patients["client_id"])}
    at = clean.sessions["client_id"].map(places).to_numpy(), clean.sessions["session_no"].to_numpy() - 1
    true = {f"{name}_true": course.values[name][at] for name in SCORED}
    keys = {"client_id": PATIENT, "therapist_id": THERAPIST, "session_no": SESSION}
    return {
        "sessions": clean.sessions.assign(**true)
        .rename(columns=keys)
        .sort_values([PATIENT, SESSION], ignore_index=True),
        "patients": clean.patients.rename(columns=keys),
        "therapists": clean.therapists.rename(columns=keys),
    }


@lru_cache(maxsize=1)
def panel_of(seed: int, like: str) -> pd.DataFrame:
    """Return the panel of a study with another seed.

    Parameters
    ----------
    like
        A question that asks for the same measures and scores.
    """
    config, tables = study_of(like).config, {name: table.copy() for name, table in clean_of(seed).items()}
    true = {name: tables["sessions"].pop(f"{name}_true") for name in SCORED}
    days = (tables["sessions"].pop("session_date") - pd.Timestamp("2023-01-01")).dt.days
    start = days.groupby(tables["sessions"][PATIENT]).transform("min")
    used = sorted({v.instrument for v in config.variables.values() if v.instrument is not None})
    instruments = read_instruments(ROOT / f"config/instruments/{name}.yaml" for name in used)
    for table, rows in tables.items():
        names: dict[str, Any] = {}
        for name, variable in config.variables.items():
            if variable.table == table and variable.kind == "scale":
                items = range(1, instruments[str(variable.instrument)].items + 1)
                rows = rows.assign(**{f"{name}__{item}": rows[variable.item_column(item)] for item in items})
            elif variable.table == table and variable.column is not None:
                names[name] = rows[variable.column]
        tables[table] = rows.assign(**names)
    sessions = tables["sessions"].assign(**{DAYS: days - start, WEEKS: (days - start) / 7})
    scores, reliability = score_sessions(sessions, config.variables, instruments)
    if like in RECORDED:
        scores = mark_ruptures(scores, config.variables, instruments, reliability, config.run.seed)[0]
    else:
        scores = scores.assign(**true)
    lag, gap = config.panel.lag, config.panel.max_gap_days
    return make_panel(scores, tables["patients"], tables["therapists"], config.variables, lag, gap, instruments)


def fit_study(seed: int, question: str) -> Iterator[dict[str, Any]]:
    """Yield one row per estimate of each model; a model that is refused has one row that says so."""
    study = study_of(question)
    panel = panel_of(seed, "ruptures" if question in RECORDED else "first")
    for model in study.config.models.fit:
        of = {"seed": seed, "question": question, "model": model}
        try:
            changes = LEAN if study.specs[model].family == "multilevel_path" else {}
            found = study.fit(model, panel=panel, **changes).estimates
        except AllianceError as error:
            yield of | {"flag": f"not fitted: {error}"[:200]}
            continue
        for told in found[found["level"].isin(LEVELS)].to_dict("records"):
            yield of | {name: told[name] for name in COLUMNS if name not in of}


def with_truth(estimates: pd.DataFrame) -> pd.DataFrame:
    """Keep what is known to be true, beside its truth."""
    every = study_of("first").truth.rename(columns={"value": "truth"}).reindex(columns=["model", *KEY, "truth"])
    known, alone = every[every["model"].isna()].drop(columns="model"), every[every["model"].notna()]
    parts = []
    for (question, model), rows in estimates.groupby(["question", "model"], sort=False):
        own = {tuple(key): value for name, *key, value in alone.itertuples(index=False) if name == model}
        config, spec = study_of(str(question)).config, study_of(str(question)).specs[str(model)]
        if spec.analysis == "path" and model not in models_given_history(config):
            rows = rows[rows["effect"] == "intention_to_treat"]
        told = rows.drop_duplicates(["seed", *KEY, "moderator", "value"]).merge(known, on=KEY, how="left")
        told["truth"] = told[KEY].apply(tuple, axis=1).map(own).fillna(told["truth"])
        if question in RECORDED and spec.analysis == "path":
            told = told[told["effect"].isin(FREE_OF_ERROR)]
        elif question not in RECORDED:
            told = told[~told["effect"].isin(OF_RECORDED)]
        starts = told["path"].map(lambda path: nodes_of(path)[0])
        nothing = (told["effect"] == "index") | starts.isin(list(getattr(spec, "products", {})))
        told["truth"] = told["truth"].where(told["moderator"] == "").mask(nothing, 0.0)
        parts.append(told)
    return pd.concat(parts).dropna(subset="truth")


def summarise(estimates: pd.DataFrame) -> pd.DataFrame:
    """Count bias and coverage of each quantity."""
    texts = [*QUANTITY_COLUMNS[:-1], "flag"]
    estimates = estimates.fillna(dict.fromkeys(texts, ""))
    table = with_truth(estimates[~estimates["flag"].str.startswith("not fitted")]).assign(
        error=lambda t: t["estimate"] - t["truth"],
        held=lambda t: (t["low"] <= t["truth"]) & (t["truth"] <= t["high"]),
        flagged=lambda t: t["flag"] != "",
    )
    found = table.groupby(["question", "model", *KEY, "moderator"], sort=False).agg(
        studies=("held", "size"),
        covered=("held", "sum"),
        truth=("truth", "first"),
        bias=("error", "mean"),
        bias_se=("error", "sem"),
        spread=("estimate", "std"),
        flagged=("flagged", "sum"),
    )  # fmt: skip
    return found.reset_index().round(4)


def fit_ordered(seed: int, question: str) -> pd.DataFrame:
    """Return the rows of a study with the same columns whatever was fitted."""
    return pd.DataFrame(list(fit_study(seed, question)), columns=COLUMNS)


def main(studies: int = 0, *questions: str) -> None:
    """Add what is missing, and write the counts."""
    # Neighbours share a panel; seed by seed, so that no question has more studies than another.
    asked = sorted(questions or QUESTIONS, key=lambda question: question in RECORDED)
    wanted = [{"seed": seed, "question": question} for seed in range(1, studies + 1) for question in asked]
    summarise(add_studies(KEPT, wanted, fit_ordered)).to_csv(HERE / "counts.csv", index=False)


if __name__ == "__main__":
    main(*(int(word) if word.isdigit() else word for word in sys.argv[1:]))
