"""Whether estimates of two runs are of the same: units, distance in time, predictors, method and rows."""

from collections.abc import Hashable, Mapping
from typing import Any, Final

from alliance.facts.columns import BASELINE, BETWEEN, LAG
from alliance.facts.quantity import names_of, nodes_of

UNITS, DISTANCE, PREDICTORS, METHOD, ROWS = "units", "distance", "predictors", "method", "rows"
# In what two estimates can be of different things, the first one so that they cannot be subtracted.
DIFFERENCES: Final = (UNITS, DISTANCE, PREDICTORS, METHOD, ROWS)
# Settings of a variable that say nothing of what its numbers mean.
_MUTE: Final = (
    "label",
    "rater",
    "role",
    "measured",
    "reliability",
    "unit",
    "higher_is",
    "instrument_confirmed",
    "parts",
)
_READ: Final = "missing_codes"  # which cells hold a value, not in what units it is
_ENDINGS: Final = (LAG, BETWEEN, BASELINE)


def what_differs(row: Mapping[Hashable, Any], base: Mapping[str, Any], this: Mapping[str, Any]) -> list[str]:
    """List in what two runs differ that changes what an estimate is of; nothing where only chance and priors can.

    Parameters
    ----------
    row
        One estimate of both runs: model, outcome, path, moderator, horizon_base, horizon_this.
    base, this
        Merged configurations, as plain values.

    Returns
    -------
    list of str
        ``units (alliance)`` where numbers of the two are not in the same units, so that their difference has no meaning; ``distance``,
        ``predictors``, ``method``, ``rows`` where both are numbers of the same unit with another meaning.
    """
    on = _variables_on(row, base)
    found = [name for name in on if _measure_of(name, base) != _measure_of(name, this)]
    differing = [f"{UNITS} ({', '.join(found)})"] if found else []
    if row["horizon_base"] != row["horizon_this"] or _at(base, "panel", "lag") != _at(this, "panel", "lag"):
        differing.append(DISTANCE)
    one, other = (_at(settings, "models", "specs", str(row["model"])) or {} for settings in (base, this))
    if _predictors(one) != _predictors(other):
        differing.append(PREDICTORS)
    if _method(one) != _method(other):
        differing.append(METHOD)
    cells = [("variables", name, _READ) for name in on]
    if any(
        _at(base, *place) != _at(this, *place)
        for place in [("data",), ("cleaning",), ("panel", "max_gap_days"), *cells]
    ):
        differing.append(ROWS)
    return differing


def _at(settings: Mapping[str, Any], *place: str) -> Any:
    found: Any = settings
    for key in place:
        found = found.get(key) if isinstance(found, Mapping) else None
    return found


def _variables_on(row: Mapping[Hashable, Any], settings: Mapping[str, Any]) -> list[str]:
    """Name the variables of an estimate, without endings such as ``_lag``."""
    declared = _at(settings, "variables") or {}
    nodes = [*(nodes_of(str(row["path"])) if row["path"] else []), str(row["outcome"]), str(row["moderator"])]
    names = []
    for node in [name for joined in nodes for name in names_of(joined)]:
        plain = next((node.removesuffix(ending) for ending in _ENDINGS if node.endswith(ending)), node)
        owner = next(
            (name for name in sorted(declared, key=len, reverse=True) if plain == name or plain.startswith(f"{name}_")),
            None,
        )
        if owner is not None:
            names.append(owner)
    return list(dict.fromkeys(names))


def _measure_of(name: str, settings: Mapping[str, Any]) -> Any:
    """Return what a variable's numbers are made from, and so what they are made from in turn."""
    variable = _at(settings, "variables", name)
    if not isinstance(variable, Mapping):
        return None
    parts = [_measure_of(part, settings) for part in variable.get("of") or [] if isinstance(part, str)]
    return {key: value for key, value in variable.items() if key not in (*_MUTE, _READ)}, parts


def _predictors(spec: Mapping[str, Any]) -> Any:
    equations = _at(spec, "equations") or {}
    return {outcome: sorted(map(str, equation.get("on", []))) for outcome, equation in equations.items()}


def _method(spec: Mapping[str, Any]) -> Any:
    """Return all of a model but its names, its predictors and what is computed beside it."""
    mute = ("label", "equations", "effects", "further_effects", "influence", "random_effects", "trends")
    varying = {outcome: equation.get("vary") for outcome, equation in (_at(spec, "equations") or {}).items()}
    return {key: value for key, value in spec.items() if key not in mute}, varying
