"""Names for people: labels of terms, paths, effects and levels, all from the configuration's own words."""

import math
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from alliance.config import Config, ModelSpec, Variable
from alliance.config.groups import tell_group
from alliance.config.rupture import RUPTURE_MARK
from alliance.config.timing import TIME_TERMS, parse_term, varies_between_sessions
from alliance.facts.analyses import PATH
from alliance.facts.cautions import Caution
from alliance.facts.columns import (
    BASELINE,
    BETWEEN,
    BETWEEN_THERAPIST,
    ENDINGS,
    LAG,
    PATIENT,
    THERAPIST,
    VARIABILITY,
    WITHIN,
)
from alliance.facts.effects import EFFECTS, LEVELS
from alliance.facts.quantity import join_contrast, join_names, names_of, nodes_of, split_contrast
from alliance.models.diagram import paths_of
from alliance.report.numbers import format_number, format_value

_QUANTITY = re.compile(rf"\(({'|'.join(EFFECTS)}), ({'|'.join(LEVELS)})\)")  # as marks write it
# A line of settings in quotes, and keys in a row, are copied or looked for as they are: they match as a whole, which is no name.
_NAME = re.compile(r"(?<!\w)'\w+: [^']+'(?!\w)|\b[a-z]\w*(?:\.\w+)+|\b[a-z][a-z0-9_]*\b")
# Of average courses, see `alliance.models.descriptive.shapes`.
SHAPES = {"line": "straight line", "plateau": "plateau after early change (logarithm)", "turn": "parabola"}
_TIMES = {"session": "session number", "weeks": "weeks since the first session"}
# What levels are of that stand behind a constant cause.
_BEHIND = {"within": "changes", "between_patient": "differences", "between_therapist": "differences"}
_LEFT_BY_THEM = ("c_prime", "direct")  # what does not run through the links behind a cause
_OF_NO_LEVEL = ("coefficient", "effect", "total")  # has no links behind it, or takes all of them together
_ENDINGS = {
    BETWEEN_THERAPIST: " (therapist's mean)",
    BETWEEN: " (patient's mean)",
    WITHIN: " (deviation from the patient's mean)",
    BASELINE: " (first session)",
}


@dataclass(frozen=True)
class Roles:
    """What plays which part in the fitted models: causes -> mediators -> outcome (names of scores)."""

    outcome: str | None
    mediators: tuple[str, ...]
    causes: tuple[str, ...]

    @property
    def session_scores(self) -> tuple[str, ...]:
        """Mediators and outcome: what the descriptive figures show."""
        return (*self.mediators, *((self.outcome,) if self.outcome else ()))


def label_of(term: str, config: Config) -> str:
    """Return the label of a term or panel column, e.g. ``alliance_lag`` -> ``working alliance, previous session``."""
    known = config.variables
    if term in _TIMES:
        return _TIMES[term]
    derived = _label_derived(term, config)
    if derived:
        return derived
    if term not in known and term.endswith(LAG):
        lag = config.panel.lag
        earlier = "previous session" if lag == 1 else f"{lag} sessions earlier"
        return f"{label_of(term.removesuffix(LAG), config)}, {earlier}"
    ending = next((end for end in _ENDINGS if term.endswith(end) and term not in known), "")
    found = parse_term(term.removesuffix(ending), known)
    if found is None or found.variable is None:
        return capitalised_name(term).lower()
    label = known[found.variable].label
    if found.part is not None:
        part = found.part.replace("_", " ")
        label = f"{label}: {part}" if known[found.variable].kind == "category" else f"{label} ({part})"
    return label + _ENDINGS.get(ending, "")


def _label_derived(term: str, config: Config) -> str:
    """Name a product or a smooth of time in plain words; empty if no model declares the term.

    Two models may give one name to different things. The name then stays as it is.
    """
    found = dict.fromkeys(
        label for spec in config.models.specs.values() if (label := _label_derived_in(spec, term, config))
    )
    return next(iter(found)) if len(found) == 1 else ""


def _label_derived_in(spec: ModelSpec, term: str, config: Config) -> str:
    if term in spec.products:
        return " × ".join(label_of(factor, config) for factor in spec.products[term])
    if term in spec.bases:
        return "course of time"
    name, _, part = term.rpartition("_")
    if name in spec.products and part.isdigit():
        factors = [f"{factor}_{part}" if factor in spec.bases else factor for factor in spec.products[name]]
        return " × ".join(label_of(factor, config) for factor in factors)
    if name not in spec.bases or not part.isdigit():
        return ""
    kind = spec.bases[name].kind
    if kind == "each":
        return f"session {part}"
    return f"logarithm of {_TIMES[spec.bases[name].of]}" if kind == "log" else f"course of time, part {part}"


def label_path(path: str, config: Config, label: Callable[[str], str] | None = None) -> str:
    """Return a path, or two that are compared, with labels: ``technique -> alliance`` becomes ``technique → working alliance``.

    Parameters
    ----------
    label
        Name of a variable -> what it is called there; by default its label.
    """
    if not path:
        return ""
    call = label or (lambda name: label_of(name, config))
    return join_contrast(
        *(
            " → ".join(join_names(*(call(name) for name in names_of(node))) for node in nodes_of(part))
            for part in split_contrast(path)
        )
    )


def label_quantity(row: Mapping[str, Any], config: Config) -> str:
    """Return what a row of the estimates is about: its path, or its outcome where it has none, and its moderator.

    ``x → m at treatment arm: alliance focused`` for an effect at a value, ``x → m by treatment arm`` for one without.
    """
    text = label_path(row["path"], config) or label_of(row["outcome"], config)
    if not row.get("moderator"):
        return text
    if math.isnan(row["value"]):
        return f"{text} by {label_of(row['moderator'], config)}"
    return f"{text} at {label_value(row['moderator'], row['value'], config)}"


def label_value(term: str, value: float, config: Config) -> str:
    """Return a value of a term in words: ``treatment arm: standard``, ``age = 45.3 years``."""
    variable, label = variable_of(term, config), label_of(term, config)
    if variable is not None and variable.kind == "category":
        if variable.levels:
            names = [plain_label(name) for name, number in variable.levels.items() if number == value]
            if names:
                return f"{label}: {names[0]}"
        elif group := tell_group(variable, parse_term(term, config.variables), value):
            return f"{variable.label}: {plain_label(group)}"
        elif value in (0, 1):
            return f"{label} = {'yes' if value else 'no'}"
    unit = f" {unit_of(term, config)}" if variable is not None and variable.kind != "category" else ""
    return f"{label} = {format_value(value)}{unit}"


def label_names(text: str, config: Config) -> str:
    """Return a sentence in which names of terms, of effects with their level, and arrows are replaced by labels and real ones.

    Models write such texts with the names they know: ``units of symptoms per unit of alliance_lag``. Names of smooths of time stay:
    they are often common words; their numbered columns are replaced. Keys and quoted lines of settings stay too, so that remedies work.
    """
    smooths = {name for spec in config.models.specs.values() for name in spec.bases}

    def replace(name: str) -> str:
        known = variable_of(name, config) is not None or (name not in smooths and _label_derived(name, config))
        return label_of(name, config) if known else name

    text = _QUANTITY.sub(lambda found: f"({label_effect(found[1])}, {label_level(found[2])})", text)
    return _NAME.sub(lambda found: replace(found[0]), text.replace("->", "→"))


def label_level(level: str) -> str:
    """Return the name of a level for people."""
    return LEVELS[level].label if level in LEVELS else level.replace("_", " ")


def label_level_of(row: "Mapping[Any, Any] | pd.Series[Any]", config: Config) -> str:
    """Return the level of an estimate for people; what cannot vary within patients has no effect within them.

    Of such a cause, the level is that of the links behind it: ``via changes within patients``, and of what is direct ``beside`` them. A
    coefficient has none behind it, and a total is one whatever the level of the link.
    """
    level, causes = str(row["level"]), [nodes_of(part)[0] for part in split_contrast(row["path"]) if part]
    if level not in _BEHIND or not causes or not all(is_constant(cause, config) for cause in causes):
        return label_level(level)
    if row["effect"] in _OF_NO_LEVEL:
        return label_level("overall")
    return f"{'beside' if row['effect'] in _LEFT_BY_THEM else 'via'} {_BEHIND[level]} {label_level(level)}"


def label_levels(rows: pd.DataFrame, config: Config) -> list[str]:
    """Return the level of each estimate, for a column of a table or the axis of a figure."""
    return [
        capitalised_name(label_level_of(row, config)) for row in rows[["path", "effect", "level"]].to_dict("records")
    ]


def is_constant(node: str, config: Config) -> bool:
    """Whether a cause has one value per patient, so that it has no level within patients; products with time have none either."""
    for spec in config.models.specs.values():
        name, _, part = node.rpartition("_")
        product = node if node in spec.products else name
        if product in spec.products and (product == node or part.isdigit()):
            factors = [factor for factor in spec.products[product] if factor not in (*TIME_TERMS, *spec.bases)]
            return bool(factors) and all(is_constant(factor, config) for factor in factors)
    variable = variable_of(node, config)
    return variable is not None and variable.table != "sessions"


def label_effect(effect: str) -> str:
    """Return the name of an effect for people."""
    return EFFECTS[effect].label if effect in EFFECTS else effect.replace("_", " ")


def describe_rule(caution: Caution, config: Config, limit: float = math.nan) -> str:
    """Say when a caution passes: ``passes with 30 or more (patients)``.

    Parameters
    ----------
    limit
        Threshold of a diagnostic that has one of its own.
    """
    threshold = getattr(config.inference, caution.setting) if caution.setting else caution.threshold
    own = not math.isnan(limit) and limit != threshold
    scale, sign = (100, "%") if caution.share else (1, "")
    # Values just beyond it are told apart from it by as many decimals.
    number = format_number(scale * limit, 4).rstrip("0").rstrip(".") if own else format_value(scale * threshold)
    number += sign
    unit = f" ({caution.unit})" if caution.unit else ""
    return {
        "at least": f"passes with {number} or more{unit}",
        "at most": f"passes with {number} or less{unit}",
        "above": f"passes above {number}{unit}",
        "always": "for information, never a flag",
        "never": "a flag wherever it is found",
        "by the fit": "judged by the fit" + ("" if math.isnan(threshold) else f", with a threshold of {number}{unit}"),
    }[caution.passes]


def label_model(name: str, config: Config) -> str:
    """Return the label of a model, or its name if it is not declared (as in a compared run)."""
    spec = config.models.specs.get(name)
    return spec.label if spec is not None else capitalised_name(name)


def label_held(model: str, config: Config) -> list[str]:
    """List the residual correlations that a model holds at a value: ``symptoms and working alliance by 0.20``."""
    held = getattr(config.models.specs[model], "residual_correlations", {})
    return [
        f"{label_of(one, config)} and {label_of(other, config)} by {format_number(value)}"
        for one, others in held.items()
        for other, value in others.items()
    ]


def capitalised_name(name: str) -> str:
    """Return a plain name for a heading: ``arm_by_steps`` -> ``Arm by steps``."""
    text = name.replace("_", " ")
    return text[:1].upper() + text[1:]


def variable_of(term: str, config: Config) -> Variable | None:
    """Return the declared variable behind a term; None for time, products, smooths and unknown names."""
    if _label_derived(term, config):
        return None
    for ending in ("", BETWEEN_THERAPIST, BETWEEN, WITHIN, BASELINE, LAG):
        if term.endswith(ending):
            found = parse_term(term.removesuffix(ending), config.variables)
            if found is not None and found.variable is not None and not (ending == "" and found.suffix):
                return config.variables[found.variable]
    return None


def unit_of(term: str, config: Config) -> str:
    """Return the unit of a term: its variable's, ``session`` for time, a contrast for the labels of a category."""
    if term in _TIMES:
        return "weeks" if term == "weeks" else "sessions"
    variable = variable_of(term, config)
    if variable is None:
        return "units"
    if variable.yes_no and variable.kind == "number":
        return "yes against no"
    if variable.kind != "category":
        return variable.unit
    if variable.levels:
        ordered = sorted(variable.levels, key=variable.levels.__getitem__)
        return f"{plain_label(ordered[-1])} against {plain_label(ordered[0])}"
    return f"against {plain_label(variable.reference or '')}"


def plain_label(label: str) -> str:
    """Return a label of a category as it is read: without underscores."""
    return str(label).replace("_", " ")


def find_roles(config: Config) -> Roles:
    """Find out which scores are outcome, mediators and causes, from the fitted path models that run forwards.

    The outcome is the one most models end in (the first of them if several do). A session-level cause whose model has no
    mediator counts as a mediator: it is the process variable of a study that cannot ask for more.
    """
    specs = {name: config.models.specs[name] for name in config.models.fit}
    forward = {name: spec for name, spec in specs.items() if spec.analysis == PATH and spec.direction == "forward"}
    targets = [spec.effects.target for spec in forward.values() if spec.effects is not None]
    if not targets:
        named = [variable for spec in specs.values() for variable in spec.variables]
        return Roles(named[-1] if named else None, tuple(dict.fromkeys(named[:-1])), ())
    outcome = max(dict.fromkeys(targets), key=targets.count)
    mediators: list[str] = []
    causes: list[str] = []
    for name, spec in forward.items():
        if spec.effects is None or spec.effects.target != outcome:
            continue
        between = [edge.outcome for path in paths_of(name, spec, config.variables) for edge in path.edges[:-1]]
        mediators += between
        source = parse_term(spec.effects.source, config.variables)
        changes = (
            source is not None and source.variable is not None and varies_between_sessions(source, config.variables)
        )
        (causes if between or not changes else mediators).append(spec.effects.source)
    marks = {name for name, variable in config.variables.items() if variable.kind == RUPTURE_MARK}  # no scores
    unique = tuple(name for name in dict.fromkeys(mediators) if name not in marks)
    others = dict.fromkeys(cause for cause in causes if cause not in marks)
    return Roles(outcome, unique, tuple(cause for cause in others if cause not in unique))


def label_groups(frame: pd.DataFrame, config: Config) -> pd.Series | None:
    """Return the randomised group of each row by its label, or None if the study has none (or its column is missing).

    Parameters
    ----------
    frame
        Rows of the panel.
    """
    for name in config.study.randomised:
        variable = config.variables[name]
        if variable.levels and name in frame.columns:
            names = {number: plain_label(label) for label, number in variable.levels.items()}
            return frame[name].map(names).astype(object)
        dummies = [
            column
            for column in frame.columns
            if column.startswith(f"{name}_") and variable_of(column, config) is variable
        ]
        dummies = [column for column in dummies if not column.endswith(ENDINGS)]
        if variable.reference and dummies:
            labels = pd.Series(plain_label(variable.reference), index=frame.index, dtype=object)
            for column in dummies:
                labels = labels.mask(frame[column] == 1, plain_label(column.removeprefix(f"{name}_")))
            return labels.mask(frame[dummies].isna().any(axis=1))
    return None


def order_groups(groups: pd.Series, config: Config) -> list[str]:
    """Return the labels of `label_groups` in the order of their numbers in the configuration, the reference first."""
    present = list(groups.dropna().unique())
    for name in config.study.randomised:
        variable = config.variables[name]
        declared = (
            sorted(variable.levels, key=variable.levels.__getitem__)
            if variable.levels
            else [variable.reference or "", *variable.other_groups]
        )
        first = [plain_label(label) for label in declared if plain_label(label) in present]
        return [*first, *sorted(set(present) - set(first))]
    return sorted(present)


def label_reason(reason: str, config: Config) -> str:
    """Return a reason of the patient flow with labels: ``not observed: alliance`` names the variable's label."""
    text, colon, term = str(reason).partition(": ")
    return (
        f"{text} ({label_of(term.removesuffix(LAG).removesuffix(BASELINE), config)})"
        if colon and variable_of(term, config) is not None
        else str(reason)
    )


def join_units(units: Collection[str]) -> str:
    """Name those of patients and therapists that are among some units, as many, e.g. ``patients and therapists``; empty without any."""
    return " and ".join(f"{unit}s" for unit in (PATIENT, THERAPIST) if unit in units)


def units_that_differ(models: Iterable[str], config: Config) -> str:
    """Name the units between which steps may differ in one of some models: slopes of anything but time; empty where none may."""
    found: set[str] = set()
    for name in models:
        spec = config.models.specs[name]
        still = {"intercept", VARIABILITY, *TIME_TERMS, *spec.bases}
        found |= {unit for e in spec.equations.values() for unit, terms in e.vary.items() if not set(terms) <= still}
    return join_units(found)
