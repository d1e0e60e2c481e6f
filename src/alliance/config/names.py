"""Names and labels that would be taken for something else: the pipeline's own columns, or one another."""

from collections.abc import Iterable

from alliance.config.schema import Config
from alliance.facts.columns import DAYS, ENDINGS, FILLED, PATIENT, SESSION, THERAPIST, VARIABILITY, WEEKS
from alliance.facts.plain import folded_text

# Columns of the panel and of models' rows that no variable stands behind, and the term for what is left without predictors.
OWN_NAMES = (PATIENT, THERAPIST, SESSION, DAYS, WEEKS, FILLED, VARIABILITY, "date", "week", "row", "intercept")


def check_names_of_things(config: Config) -> list[str]:
    """List names that the pipeline uses itself, and labels that two variables share."""
    problems = [said for name in config.variables if (said := _own(f"variables.{name}", name))]
    for model, spec in config.models.specs.items():
        for section in ("products", "bases"):
            place = f"models.specs.{model}.{section}"
            problems += [said for name in getattr(spec, section) if (said := _own(place, name))]
    return problems + _shared("variables", ((name, variable.label) for name, variable in config.variables.items()))


def _own(place: str, name: str) -> str | None:
    """Say why a name cannot be used, or return None."""
    if name in OWN_NAMES:
        return (
            f"{place}: '{name}' is a name that the pipeline gives to a column of its own. Choose another, such as '{name}_rated'; "
            f"the column of the export may keep its name."
        )
    ending = next((ending for ending in ENDINGS if name.endswith(ending)), None)
    if ending is not None or "__" in name:
        found = f"ends in '{ending}'" if ending is not None else "holds '__'"
        better = (name.removesuffix(ending) if ending else name).replace("__", "_")
        return (
            f"{place}: '{name}' {found}, as columns do that the pipeline makes. Choose another name, such as "
            f"'{better}_measured'; the column of the export may keep its name."
        )
    return None


def _shared(place: str, labels: Iterable[tuple[str, str]]) -> list[str]:
    problems, owners = [], dict[str, str]()
    for name, label in labels:
        key = folded_text(label)
        if key in owners:
            problems.append(
                f"{place}.{name}.label: '{label}' is the label of '{owners[key]}' too, so nobody could tell them apart in the report. "
                f"Change one of them."
            )
        owners.setdefault(key, name)
    return problems
