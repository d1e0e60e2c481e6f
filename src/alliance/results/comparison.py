"""Estimates next to each other: of two runs, of separate and joint models, and of one run and the known truth of a simulated study."""

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from alliance.config import Config, ModelSpec
from alliance.config.answers import holds_own_past
from alliance.config.timing import TIME_TERMS, parse_term, varies_between_sessions
from alliance.facts.analyses import PATH
from alliance.facts.artefacts import ARTEFACTS
from alliance.facts.columns import BASELINE, BETWEEN, LAG, records
from alliance.facts.effects import EFFECTS, of_kind
from alliance.facts.families import FAMILIES
from alliance.facts.quantity import BETWEEN_LEVELS, keys_of
from alliance.facts.roles import BETWEEN_SESSIONS
from alliance.results.sameness import UNITS, what_differs

_KEYS = ["model", "outcome", "path", "effect", "level", "moderator", "value"]
_CARRIED = [name.removesuffix("_base") for name in ARTEFACTS["comparison"].header if name.endswith("_base")]
_MOST_DISTANCE = 2.0  # standard errors
_TRUTH_KEYS = ["outcome", "path", "effect", "level", "horizon"]

OTHER_UNITS = "in other units: not compared"  # a change that is none

SIDES = ("separate", "joint")  # of a comparison of methods
AGREEMENT_COLUMNS = [
    "outcome", "path", "effect", "level", "horizon",
    *(f"{name}_{side}" for side in SIDES for name in ("model", "estimate", "sd", "low", "high", "flag")),
    "difference", "distance", "apart",
]  # fmt: skip


def compare_runs(
    others: Mapping[str, tuple[pd.DataFrame, Mapping[str, Any]]], this: pd.DataFrame, config: Mapping[str, Any]
) -> pd.DataFrame:
    """Put the estimates of this run beside those of each of some others, one pair of runs after the other.

    Parameters
    ----------
    others
        Name of a run -> its estimates and its merged configuration, in the order in which they are shown.
    this, config
        The same of this run.

    Returns
    -------
    pandas.DataFrame
        Columns of the artefact `comparison`: the name of the other run, and what `compare_estimates` gives.
    """
    pairs = [
        compare_estimates(base, this, (settings, config)).assign(run=name) for name, (base, settings) in others.items()
    ]
    return pd.concat(pairs, ignore_index=True)[ARTEFACTS["comparison"].header]


def compare_estimates(
    base: pd.DataFrame, this: pd.DataFrame, configs: tuple[Mapping[str, Any], Mapping[str, Any]] = ({}, {})
) -> pd.DataFrame:
    """Put the estimates of two runs side by side.

    Rows belong together if model, outcome, path, effect, level and moderator agree. The horizon may differ: another lag changes it, and
    that is what a comparison is to show. Where one such group has several horizons, equal ones are paired first and
    the others in their order.

    Parameters
    ----------
    base, this
        Estimates of the run compared with and of this run, columns of the artefact `estimates`.
    configs
        The merged configurations of both, as plain values.

    Returns
    -------
    pandas.DataFrame
        Columns of the artefact `comparison` but the first one, model by model in the order of `this`: effects before the components they
        are made from, models without effects last, and of each what only `base` has at its end. ``difference`` is this minus base,
        ``shift`` the difference in standard deviations of the base estimate, ``overlap`` the share of the shorter interval that lies
        within the other one (0 to 1), ``change`` what happened in words, ``differs`` in what the two are not estimates of the same. All
        but these two are missing where a run does not have the estimate, or where the two are in other units.
    """
    left, right = (_numbered(table, other) for table, other in ((base, this), (this, base)))
    joined = right.merge(left, on=[*_KEYS, "pair"], how="outer", suffixes=("_this", "_base"), sort=False)
    joined["component"] = joined["effect"].isin(of_kind("component"))
    joined["without_effects"] = joined.groupby("model")["component"].transform("all")
    joined["model_order"] = joined.groupby("model")["order_this"].transform("min")
    order = ["without_effects", "model_order", "model", "component", "order_this", "order_base"]
    joined = joined.sort_values(order, na_position="last", kind="stable").reset_index(drop=True)
    joined["difference"] = joined["estimate_this"] - joined["estimate_base"]
    spread = joined["sd_base"].where(joined["sd_base"] > 0)
    joined["shift"] = joined["difference"] / spread
    joined["overlap"] = _overlap(joined)
    differs = [what_differs(row, *configs) if pd.notna(row["difference"]) else [] for row in joined.to_dict("records")]
    joined["differs"] = ["; ".join(one) for one in differs]
    joined["change"] = [_name_change(row) for row in joined.to_dict("records")]
    other_units = np.array([any(what.startswith(UNITS) for what in one) for one in differs], dtype=bool)
    joined.loc[other_units, ["difference", "shift", "overlap"]] = np.nan
    joined.loc[other_units, "change"] = OTHER_UNITS
    return joined[ARTEFACTS["comparison"].header[1:]]


def answering(comparison: pd.DataFrame, config: Config) -> pd.DataFrame:
    """Return the rows of a comparison that answer the questions of this run: chosen by what was declared, not by results."""
    told = EFFECTS.names(lambda effect: effect.answer)
    chosen = comparison[
        comparison["model"].isin(set(config.models.answers.values()))
        & (comparison["effect"].isin(told) | (comparison["effect"] == "total"))
        & (comparison["moderator"] == "")
    ]
    within = chosen.groupby(["model", "path", "effect"])["level"].transform(lambda levels: (levels == "within").any())
    return chosen[~within | (chosen["level"] == "within")]


def answering_blocks(comparison: pd.DataFrame, config: Config) -> list[list[dict[str, Any]]]:
    """Return, for each estimate that answers a question in this run, its rows of the comparison: one for each other run, in their order.

    Every row has this run's side; the other side is missing where that run does not have the estimate.
    """
    chosen = answering(comparison, config)
    groups = chosen[chosen["estimate_this"].notna()].groupby([*_KEYS, "horizon_this"], sort=False, dropna=False)
    return [
        [{str(name): value for name, value in row.items()} for row in block.to_dict("records")] for _, block in groups
    ]


def compare_with_truth(
    estimates: pd.DataFrame, corrected: pd.DataFrame, truth: pd.DataFrame, config: Config
) -> pd.DataFrame:
    """Put estimates, and the same corrected for unreliable scores, next to the known truth of a simulated study.

    Within patients, the truth holds from one session to the next, given the history. A path model that does not hold each outcome's own
    past equal, or that looks further back than one session, estimates something else and is left out, unless it is asked for all that
    goes along with something, whatever lies between. Between units it holds for averages of which none is held equal, and only models in
    which all variables of sessions have equations of their own compare such averages.

    Parameters
    ----------
    estimates, corrected
        Columns of the artefacts of these names.
    truth
        Columns outcome, path, effect, level, horizon, value; one row per quantity, in the units of the estimates. With a column `model`,
        a row that names one is true of its estimates alone, in place of what is true of those of the others.

    Returns
    -------
    pandas.DataFrame
        Columns of the artefact `truth`, one row per estimate whose true value is known; ``holds`` tells whether the interval
        of the scores as they are contains it.
    """
    told = truth.reindex(columns=["model", *_TRUTH_KEYS, "value"]).rename(columns={"value": "truth"})
    told["model"] = told["model"].astype(object).where(told["model"].notna(), "")
    known, alone = told[told["model"] == ""].drop(columns="model"), told[told["model"] != ""]
    # Of a cause that is constant within patients, models tell two versions apart; the one within patients is structural.
    within = known[known["level"] == "overall"].assign(level="within")
    known = pd.concat([known, within]).drop_duplicates(_TRUTH_KEYS)
    others = [name for name, spec in config.models.specs.items() if spec.analysis != PATH]
    whole = estimates["effect"] == "intention_to_treat"
    asked = estimates[whole | estimates["model"].isin([*models_given_history(config), *others])]
    averages = asked["level"].isin(BETWEEN_LEVELS.values())
    asked = asked[~averages | asked["model"].isin(models_of_averages(config))]
    joined = asked.merge(known, on=_TRUTH_KEYS, how="left", validate="many_to_one")
    joined = joined.merge(
        alone, on=["model", *_TRUTH_KEYS], how="left", suffixes=("", "_alone"), validate="many_to_one"
    )
    joined["truth"] = joined.pop("truth_alone").fillna(joined["truth"])
    joined = joined.dropna(subset="truth")
    ends = ["estimate_corrected", "low_corrected", "high_corrected"]
    # Corrections do not say of which moderator they are, so what has several is left without.
    keys = ["model", *_TRUTH_KEYS]
    plain = corrected.loc[~corrected.duplicated(keys, keep=False), [*keys, *ends]]
    joined = joined.merge(plain, on=keys, how="left")
    joined["holds"] = (joined["low"] <= joined["truth"]) & (joined["truth"] <= joined["high"])
    return joined[ARTEFACTS["truth"].header]


def compare_methods(estimates: pd.DataFrame, config: Config) -> pd.DataFrame:
    """Put what models of separate equations and joint models say about the same path side by side.

    Returns
    -------
    pandas.DataFrame
        Columns `AGREEMENT_COLUMNS`: one row for each pair of a model of separate equations and a joint model that ask for the
        same cause and outcome and estimate the same path, effect, level and horizon. Averages that separate equations compare given
        the outcome's past are another quantity than averages as they are, and left out. ``distance`` is joint minus separate in standard
        errors of the joint estimate, ``apart`` whether it is beyond 2. Both rest on the same data, so this describes how far the
        method matters; it is no test.
    """
    rows = estimates.loc[
        estimates["effect"].isin(EFFECTS.names(lambda effect: effect.central)),
        ["family", "model", *_TRUTH_KEYS, "estimate", "sd", "low", "high", "flag"],
    ]
    joint = rows["family"].map({name: family.joint for name, family in FAMILIES.items()}).to_numpy(dtype=bool)
    left, right = (rows[chosen].drop(columns="family") for chosen in (~joint, joint))
    joined = left.merge(right, on=_TRUTH_KEYS, how="inner", suffixes=[f"_{side}" for side in SIDES])
    asked = {name: spec.effects for name, spec in config.models.specs.items()}

    def given_past(row: Any) -> bool:
        spec = config.models.specs[row.model_separate]
        between = row.level in BETWEEN_LEVELS.values() and row.outcome in spec.equations
        return between and holds_own_past(spec, row.outcome, config)

    same = [
        asked.get(row.model_separate) == asked.get(row.model_joint) and not given_past(row) for row in records(joined)
    ]
    pairs = [
        part for _, part in joined[np.array(same, dtype=bool)].groupby(["model_separate", "model_joint"], sort=False)
    ]
    joined = pd.concat(pairs, ignore_index=True) if pairs else joined.iloc[:0].copy()
    joined["difference"] = joined["estimate_joint"] - joined["estimate_separate"]
    joined["distance"] = joined["difference"] / joined["sd_joint"].where(joined["sd_joint"] > 0)
    joined["apart"] = joined["distance"].abs() > _MOST_DISTANCE
    return joined[AGREEMENT_COLUMNS]


def models_given_history(config: Config) -> list[str]:
    """Name the fitted path models in which every equation holds its outcome's value at the session before equal.

    An equation that holds nothing but time and initial values is there to make its outcome's means latent, and one of the cause itself
    too; the effects do not depend on them. What is done between sessions has no value at the first one, and so no past to be held equal.
    """
    specs = config.models.specs
    between = [name for name, variable in config.variables.items() if variable.measured == BETWEEN_SESSIONS]
    return [
        name
        for name in config.models.fit
        if config.panel.lag == 1
        and specs[name].analysis == PATH
        and all(
            f"{outcome}{LAG}" in equation.on or outcome in between
            for outcome, equation in specs[name].equations.items()
            if outcome not in {effects.source for effects in specs[name].every_effects()}
            and any(name not in TIME_TERMS and not name.endswith(BASELINE) for name in equation.on)
        )
    ]


def models_of_averages(config: Config) -> list[str]:
    """Name the fitted joint models in which every variable of sessions has an equation, so that no observed mean stands for an average."""

    def has_equation(spec: ModelSpec, name: str) -> bool:
        term = None if name in (*spec.products, *spec.bases) else parse_term(name, config.variables)
        return (
            term is None
            or term.base in (*spec.equations, *TIME_TERMS)
            or (term.suffix != BETWEEN and not varies_between_sessions(term, config.variables))
        )

    return [
        name
        for name in config.models.fit
        if FAMILIES[(spec := config.models.specs[name]).family].joint
        and all(has_equation(spec, term) for equation in spec.equations.values() for term in equation.on)
    ]


def _numbered(table: pd.DataFrame, other: pd.DataFrame) -> pd.DataFrame:
    """Number rows with equal keys so that equal horizons of the two runs get equal numbers."""
    table = table[[*_KEYS, *_CARRIED]].reset_index(drop=True)
    table["order"] = np.arange(len(table))
    known = set(zip(other["model"], keys_of(other), strict=True))
    shared = [key in known for key in zip(table["model"], keys_of(table), strict=True)]
    counted = table.assign(shared=shared)
    number = counted.groupby([*_KEYS, "shared"], dropna=False).cumcount().astype(str)
    # An equal horizon is its own pair; the others are paired by their order among those without a partner.
    table["pair"] = np.where(shared, "horizon " + table["horizon"].astype(str), "number " + number)
    return table


def _overlap(joined: pd.DataFrame) -> pd.Series:
    shared = joined[["high_this", "high_base"]].min(axis=1) - joined[["low_this", "low_base"]].max(axis=1)
    shortest = pd.concat(
        [joined[f"high_{side}"] - joined[f"low_{side}"] for side in ("this", "base")],
        axis=1,
    ).min(axis=1)
    share = shared.clip(lower=0) / shortest.where(shortest > 0)
    return share.where(joined["difference"].notna())


def _name_change(row: Mapping[Hashable, Any]) -> str:
    if np.isnan(row["estimate_base"]):
        return "only in this run"
    if np.isnan(row["estimate_this"]):
        return "only in the other run"
    if not EFFECTS[row["effect"]].directed:
        return "has no direction"
    was_open, is_open = (row[f"low_{side}"] <= 0 <= row[f"high_{side}"] for side in ("base", "this"))
    if was_open and is_open:
        return "interval contains zero in both"
    if was_open != is_open:
        return "interval now contains zero" if is_open else "interval no longer contains zero"
    return "same direction" if row["estimate_base"] * row["estimate_this"] > 0 else "direction turned round"
