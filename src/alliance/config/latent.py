"""What a construct with several indicators can be: a composite that is declared latent, see `alliance.models.filling.measured`."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from alliance.config.schema import Variable

_INDICATORS: Final = ("number", "scale", "composite")  # kinds of variables


def check_latent(variable: "Variable") -> None:
    """Refuse a construct that nothing tells, or whose error would be told twice.

    Raises
    ------
    ValueError
        Says what to write instead.
    """
    if not variable.latent:
        return
    parts = variable.of
    if variable.kind != "composite" or variable.table != "sessions":
        raise ValueError(
            "'latent' is for a composite of measures taken at sessions, as in {kind: composite, of: [bond, goal, task], metric: mean, "
            "latent: true}; remove it, or declare such a composite"
        )
    if len(set(parts)) < 2 or len(set(parts)) < len(parts):
        raise ValueError(
            f"what is 'latent' needs at least two different indicators, but 'of' names {', '.join(parts)}; add one, or remove 'latent'"
        )
    if variable.censored or variable.reliability:
        raise ValueError(
            "the error of what is 'latent' is told by its parts; remove 'reliability' and 'censored', or remove 'latent'"
        )


def check_indicators(
    name: str, variable: "Variable", variables: Mapping[str, "Variable"], owner_of: Callable[[str], str | None]
) -> list[str]:
    """List the parts of a construct that are no indicators.

    Parameters
    ----------
    owner_of
        Part -> the variable that it is, or that it is a subscale of.
    """
    problems = []
    for part in variable.of if variable.latent else []:
        owner = owner_of(part)
        if owner is None:
            continue
        found = variables[owner]
        if found.kind not in _INDICATORS or found.latent or found.answered:
            problems.append(
                f"variables.{name}.of: '{part}' is no indicator of '{name}', which is 'latent': indicators are scores with normal errors, "
                f"not categories, answers of yes and no or in order, or constructs. Take '{part}' out of 'of', or remove 'latent'."
            )
        elif found.measured != variable.measured:
            problems.append(
                f"variables.{name}.of: '{part}' is measured {found.measured} the session, and '{name}' {variable.measured}. Indicators of "
                f"what is 'latent' are measured when it is; correct 'measured', or remove 'latent'."
            )
    return problems
