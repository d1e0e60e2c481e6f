"""Predictors that somebody adds to or takes from equations that are declared elsewhere: ``on: {add: [age], remove: [arm]}``.

Under ``models`` this changes every equation with predictors of every model, under the name of one model those of that model. It is done
once, when files are merged: the merged configuration shows each equation in full.
"""

from collections.abc import Mapping
from typing import Any, Final

from alliance.errors import ConfigError, suggest
from alliance.facts.columns import LAG

ON: Final = "on"
_ADD, _REMOVE = "add", "remove"


def adjust_models(specs: Mapping[str, Any], everywhere: Any) -> dict[str, Any]:
    """Return models with the predictors that are asked for.

    Parameters
    ----------
    specs
        Models, not validated yet; one may hold ``on``.
    everywhere
        ``models.on``, or None.

    Raises
    ------
    ConfigError
        A change is not written as one, names a predictor twice, or takes away what no equation has.
    """
    changed = {}
    for name, spec in specs.items():
        if not isinstance(spec, Mapping):
            changed[name] = spec
            continue
        own = {key: value for key, value in spec.items() if key != ON}
        if ON in spec:
            own = _adjusted(own, _read(f"models.specs.{name}.{ON}", spec[ON]))
            _check_taken(f"models.specs.{name}.{ON}", spec[ON], [spec])
        changed[name] = own
    if everywhere is None:
        return changed
    change = _read(f"models.{ON}", everywhere)
    _check_taken(f"models.{ON}", everywhere, list(changed.values()))
    return {name: _adjusted(spec, change) for name, spec in changed.items()}


def _read(place: str, written: Any) -> dict[str, list[str]]:
    said = "Write {add: [age], remove: [arm]}, or one of the two"
    if not isinstance(written, Mapping) or not written or set(written) - {_ADD, _REMOVE}:
        raise ConfigError(f"{place}: expected predictors to add or to remove (found: {written!r}). {said}.")
    for key, names in written.items():
        if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
            raise ConfigError(f"{place}.{key}: expected a list of predictors (found: {names!r}). {said}.")
    both = sorted(set(written.get(_ADD, [])) & set(written.get(_REMOVE, [])))
    if both:
        raise ConfigError(f"{place}: '{both[0]}' is added and removed. Say one of the two.")
    return {key: list(names) for key, names in written.items()}


def _equations(spec: Any) -> dict[str, Mapping[str, Any]]:
    equations = spec.get("equations") if isinstance(spec, Mapping) else None
    if not isinstance(equations, Mapping):
        return {}
    return {
        outcome: equation
        for outcome, equation in equations.items()
        if isinstance(equation, Mapping) and isinstance(equation.get(ON), list)
    }


def _check_taken(place: str, written: Mapping[str, Any], specs: list[Any]) -> None:
    known = [name for spec in specs for equation in _equations(spec).values() for name in equation[ON]]
    for name in written.get(_REMOVE, []):
        if name not in known:
            raise ConfigError(
                f"{place}.{_REMOVE}: no equation has the predictor '{name}'.{suggest(name, known)} Correct or remove it."
            )


def _adjusted(spec: Any, change: Mapping[str, list[str]]) -> Any:
    """Change the equations of one model; an outcome is not made a predictor of itself, at the same session or one before."""
    equations = _equations(spec)
    if not equations:
        return spec
    gone, new = change.get(_REMOVE, []), change.get(_ADD, [])
    return {
        **spec,
        "equations": {
            **spec["equations"],
            **{
                outcome: _with(equation, gone, [name for name in new if name.removesuffix(LAG) != outcome])
                for outcome, equation in equations.items()
            },
        },
    }


def _with(equation: Mapping[str, Any], gone: list[str], new: list[str]) -> dict[str, Any]:
    kept = [name for name in equation[ON] if name not in gone]
    vary = equation.get("vary")
    if isinstance(vary, Mapping):
        vary = {
            level: [name for name in names if name not in gone] if isinstance(names, list) else names
            for level, names in vary.items()
        }
    changed = {**equation, ON: list(dict.fromkeys([*kept, *new]))}
    return {**changed, "vary": vary} if vary is not None else changed
