"""Fit a declared model: the one place where a family's name becomes a call."""

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from alliance.config import Config, ModelSpec, Variable
from alliance.config.timing import parse_term
from alliance.facts.analyses import ANALYSES
from alliance.facts.families import FAMILIES

if TYPE_CHECKING:  # the workflow asks for settings and need not wait for pandas
    import pandas as pd

    from alliance.models.container import FitResult

ENDS: Final = "ends"  # lowest and highest possible score of each measure, where a fit compares scales


def fit_declared(panel: "pd.DataFrame", name: str, spec: ModelSpec, settings: dict[str, Any]) -> "FitResult":
    """Fit a declared model with its family.

    Parameters
    ----------
    panel
        One row per patient and session, see `alliance.data.panel`.
    settings
        What `settings_for` gives.

    Raises
    ------
    ModelError
        Panel and declaration do not go together.
    """
    result: FitResult = import_module(FAMILIES[spec.family].module).fit(panel, name, spec, settings)
    return result


def settings_for(spec: ModelSpec, config: Config) -> dict[str, Any]:
    """Return everything outside the panel and the spec that a fit depends on, as plain values.

    A change of a setting that is not in here does not refit the model: labels and thresholds of diagnostics are not.
    """
    terms = (parse_term(item, config.variables) for item in spec.named_columns())
    owners = {term.variable for term in terms if term is not None}
    used = {key: variable for key, variable in config.variables.items() if key in owners}
    meanings = FAMILIES[spec.family].meanings
    # Which sites are too small to be told is decided where they are fitted.
    sections = dict.fromkeys(
        [*FAMILIES[spec.family].sections, *(["privacy"] if getattr(spec, "pooled_over", []) else [])]
    )
    bare = {"label": "-", "unit": "-", "rater": None, **({} if meanings else {"higher_is": None})}
    return {
        "seed": config.run.seed,
        "lag": config.panel.lag,
        "max_gap_days": config.panel.max_gap_days,
        "planned_sessions": config.study.planned_sessions,
        "monte_carlo_draws": config.inference.monte_carlo_draws,
        "variables": {key: variable.model_copy(update=bare).model_dump(mode="json") for key, variable in used.items()},
        "reliability": _declared_reliability(used),
        **({ENDS: {}} if compares_scales(spec) else {}),
        **{section: getattr(config, section).model_dump(mode="json") for section in sections},
    }


def compares_scales(spec: ModelSpec) -> bool:
    """Whether a model puts measures with formats of their own on a common metric, the range of each scale."""
    return ANALYSES[spec.analysis].common_metric or getattr(spec, "surface", None) is not None


def _declared_reliability(variables: Mapping[str, Variable]) -> dict[str, dict[str, Any]]:
    """Return reliabilities: column -> level -> value, and the standard error of its logit; no value where items are to say it."""
    declared = {}
    for name, variable in variables.items():
        if variable.reliability == "items":
            declared[name] = {"within": [None, 0.0], "between": [None, 0.0], "note": "items were not read"}
        elif variable.reliability is not None:
            known = variable.reliability
            declared[name] = {"within": [known.within, 0.0], "between": [known.between, 0.0], "note": ""}
    return declared


def needs_items(settings: Mapping[str, Any]) -> bool:
    """Whether a fit depends on what is known of items: reliabilities that are computed from them, or the range of their scales."""
    return ENDS in settings or any(
        variable.get("reliability") == "items" for variable in settings["variables"].values()
    )


def with_reliability(settings: dict[str, Any], table: "pd.DataFrame") -> dict[str, Any]:
    """Add the reliabilities that were computed from items to the settings of a fit, and the ends of scales where it asks for them.

    One whose standard error cannot be computed, since it lies at the edge of what is possible, is taken as known.

    Parameters
    ----------
    settings
        What `settings_for` gives.
    table
        Columns of the artefact `reliability`; a subscale stands in models under the name of its variable and its own.
    """
    from alliance.data.scoring.tables import score_column  # with pandas, which the workflow need not wait for

    found = dict(settings["reliability"])
    for row in table.to_dict("records"):
        variable, scale = str(row["variable"]), str(row["scale"])
        if settings["variables"].get(variable, {}).get("reliability") == "items":
            levels = {level: (row[f"omega_{level}"], row[f"omega_{level}_error"]) for level in ("within", "between")}
            plain = {
                level: [float(omega) if omega == omega else None, float(error) if error == error else 0.0]
                for level, (omega, error) in levels.items()
            }
            found[score_column(variable, scale)] = {**plain, "note": str(row["note"])}
    ends = {
        score_column(str(row["variable"]), str(row["scale"])): [float(row["lowest"]), float(row["highest"])]
        for row in (table.to_dict("records") if ENDS in settings else [])
        if row["lowest"] == row["lowest"]
    }
    return {**settings, "reliability": found, **({ENDS: ends} if ENDS in settings else {})}


def with_meanings(settings: dict[str, Any], table: "pd.DataFrame") -> dict[str, Any]:
    """Add what the scores of questionnaires mean to the settings of a fit.

    Parameters
    ----------
    table
        Columns of the artefact `meanings`; of subscales nothing is taken.
    """
    from alliance.config.instruments import TOTAL

    rows = table[table["scale"] == TOTAL].to_dict("records")
    known = {str(row["variable"]): row for row in rows if row["variable"] in settings["variables"]}
    return {**settings, "meanings": known}
