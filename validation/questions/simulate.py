"""The models that questions pose, fitted to the example study with other seeds: bias and coverage against what is true of it.

Seeds are 1, 2, ..., and none is left out. Each study is scored without the dirt of an export, and the models of the questions that are
named are fitted by `depth: ml`, without what stands beside their estimates. Truth is that of `data/example/truth.yaml`; besides, no step
depends on anything in the example, so products and indices of moderated paths are 0. Scores are taken as they are recorded: what error of
measurement makes of effects of the alliance and of symptoms (b a fifth to a quarter too small) is in the bias.

Rows are added to `results/validation_questions/estimates.csv` study by study and question by question, and a run that was stopped goes on.
Counts are of what is there; without questions they are only counted again:

    nice python -m validation.questions.simulate 20 delivery signals populations
"""

import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from alliance import Study
from alliance.config import Config
from alliance.config.instruments import read_instruments
from alliance.data.panel import make_panel
from alliance.data.scoring.tables import score_table
from alliance.errors import AllianceError
from alliance.facts.columns import DAYS, PATIENT, SESSION, THERAPIST, WEEKS
from alliance.facts.quantity import nodes_of
from alliance.worlds.example.settings import ExampleStudy
from alliance.worlds.example.study import simulate_study
from alliance.worlds.settings import read_settings
from validation.resumed import add_studies

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
KEPT = ROOT / "results/validation_questions/estimates.csv"
KEY = ["outcome", "path", "effect", "level", "horizon"]
SHOWN = ("a", "b", "indirect", "direct", "effect", "coefficient", "index")
LEVELS = ("within", "overall")  # effects between units depend on what else an equation holds equal
LEAN = {"depth": "ml", "influence": False, "random_effects": False, "trends": False}
# Scores as they are: their error is no part of what is looked at, and taking it off would be a second fit.
AS_RECORDED = {"variables": {name: {"reliability": None} for name in ("alliance", "symptoms")}}


@cache
def study_of(question: str) -> Study:
    """Return the example study with one question asked."""
    return Study(AS_RECORDED | {"questions": [question], "inference": {"monte_carlo_draws": 4000}}, root=ROOT)


@cache
def panel_of(seed: int) -> pd.DataFrame:
    """Return the panel of a study with another seed; what is asked of it makes no difference."""
    return simulate(seed, study_of("first").config)


def simulate(seed: int, config: Config) -> pd.DataFrame:
    """Return the panel of a study with another seed, from its clean tables."""
    settings = read_settings(ROOT / "config/example_study.yaml", ExampleStudy, {"seed": seed})
    clean = simulate_study(settings)
    keys = {"client_id": PATIENT, "therapist_id": THERAPIST, "session_no": SESSION}
    tables = {name: getattr(clean, name).rename(columns=keys) for name in ("sessions", "patients", "therapists")}
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
    scored = score_table(tables["sessions"], config.variables, "sessions", instruments).scores
    times = {DAYS: (days - start).astype(float), WEEKS: (days - start) / 7}
    scores = pd.concat([tables["sessions"][[PATIENT, THERAPIST, SESSION]].assign(**times), scored], axis=1)
    lag, gap = config.panel.lag, config.panel.max_gap_days
    return make_panel(scores, tables["patients"], tables["therapists"], config.variables, lag, gap, instruments)


def with_truth(model: str, estimates: pd.DataFrame, study: Study) -> pd.DataFrame:
    """Keep what is known to be true, beside its truth."""
    products = study.specs[model].products
    truth = study.truth.rename(columns={"value": "truth"})[[*KEY, "truth"]]
    told = estimates[estimates["effect"].isin(SHOWN)].merge(truth, on=KEY, how="left")
    nothing = (told["effect"] == "index") | told["path"].map(lambda path: nodes_of(path)[0] in products)
    told["truth"] = np.where(nothing, 0.0, told["truth"].where(told["moderator"] == ""))
    kept = told[told["truth"].notna() & told["level"].isin(LEVELS)]
    return kept[[*KEY, "moderator", "truth", "estimate", "low", "high", "flag"]].assign(model=model)


def fit_study(seed: int, question: str) -> Iterator[dict[str, Any]]:
    """Yield one row per known quantity of each model; a model that is refused has one row that says so."""
    study = study_of(question)
    panel = panel_of(seed)
    for model in study.config.models.fit:
        row = {"seed": seed, "question": question}
        try:
            changes = LEAN if study.specs[model].family == "multilevel_path" else {}
            found = with_truth(model, study.fit(model, panel=panel, **changes).estimates, study)
        except AllianceError as error:
            yield row | dict.fromkeys([*KEY, "moderator"], "") | {"model": model, "flag": f"not fitted: {error}"[:200]}
            continue
        for told in found.to_dict("records"):
            yield row | told


def summarise(estimates: pd.DataFrame) -> pd.DataFrame:
    """Count bias and coverage of each quantity."""
    refused = estimates["flag"].fillna("").str.startswith("not fitted")
    table = estimates[~refused].assign(
        error=lambda t: t["estimate"] - t["truth"],
        held=lambda t: (t["low"] <= t["truth"]) & (t["truth"] <= t["high"]),
        flagged=lambda t: t["flag"].fillna("") != "",
        of_error=lambda t: t["flag"].fillna("").str.contains("measurement error"),
    )
    by = ["question", "model", *KEY, "moderator"]
    found = table.fillna(dict.fromkeys(by, "")).groupby(by, sort=False).agg(
        studies=("held", "size"),
        covered=("held", "sum"),
        truth=("truth", "first"),
        bias=("error", "mean"),
        bias_se=("error", "sem"),
        spread=("estimate", "std"),
        flagged=("flagged", "sum"),
        measurement_error=("of_error", "sum"),
    )  # fmt: skip
    return found.reset_index().round(4)


def main(studies: int, questions: list[str]) -> None:
    """Add what is missing, and write the counts."""
    wanted = [{"seed": seed, "question": question} for seed in range(1, studies + 1) for question in questions]
    # Rows of a study are in the order of the models; columns are those of the first one that was fitted.
    summarise(add_studies(KEPT, wanted, fit_ordered)).to_csv(HERE / "counts.csv", index=False)


def fit_ordered(seed: int, question: str) -> pd.DataFrame:
    """Return the rows of a study with the same columns whatever was fitted."""
    columns = ["seed", "question", "model", *KEY, "moderator", "truth", "estimate", "low", "high", "flag"]
    return pd.DataFrame(list(fit_study(seed, question)), columns=columns)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
