"""Rows that a team leaves out or keeps by what they hold: labels or values of a variable, or numbers of sessions."""

from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import Field, model_validator

from alliance.config.section import Name, Section, Text
from alliance.errors import suggest
from alliance.facts.columns import SESSION


class Between(Section):
    """Values of a number: ``above`` and ``below`` do not hold the limit itself."""

    above: float | None = None
    below: float | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.above is None and self.below is None:
            raise ValueError("say 'above', 'below' or both")
        if self.above is not None and self.below is not None and self.above >= self.below:
            raise ValueError(f"nothing is above {self.above:g} and below {self.below:g}")
        return self


Condition = Annotated[list[float | Text], Field(min_length=1)] | Between
Conditions = dict[Name, Condition]


def check_conditions(place: str, conditions: Conditions, variables: Mapping[str, object]) -> list[str]:
    """List conditions that name no variable of the export.

    Parameters
    ----------
    variables
        Those that are declared: scales and composites are computed after cleaning, so no row can be chosen by them.
    """
    usable = [name for name, variable in variables.items() if getattr(variable, "kind", "") in ("number", "category")]
    problems = []
    for name, condition in conditions.items():
        if name == SESSION:
            continue
        if name in variables and name not in usable:
            problems.append(
                f"{place}.{name}: '{name}' is computed after cleaning, so no row can be chosen by it. Name a variable of kind number or "
                f"category, or '{SESSION}'."
            )
        elif name not in usable:
            problems.append(
                f"{place}: '{name}' is not a declared variable.{suggest(name, [*usable, SESSION])} Declare the column under variables, or "
                f"name another one ({', '.join([SESSION, *usable])})."
            )
        elif isinstance(condition, Between) and getattr(variables[name], "kind", "") == "category":
            problems.append(
                f"{place}.{name}: '{name}' holds labels, which are not above or below anything. List labels: [...]."
            )
    return problems
