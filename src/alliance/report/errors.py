"""Words on scores with error of measurement that tables and sentences share."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from alliance.config import Config
from alliance.models.checking.unreliable import CORRECTED


def corrected_scores(diagnostics: pd.DataFrame) -> list[str]:
    """List the scores and constructs whose error a fitted model takes off; none where there are no diagnostics."""
    if diagnostics.empty:
        return []
    return [str(name) for name in diagnostics["subject"][diagnostics["caution"] == CORRECTED].unique()]


def declared_reliability(name: str, config: Config) -> Any:
    """Return the reliability that is declared of a score, or of the questionnaire that it is a subscale of."""
    owner = max((known for known in config.variables if name == known or name.startswith(f"{known}_")), key=len)
    return config.variables[owner].reliability


def indicators_of(name: str, config: Config) -> list[str]:
    """List the indicators of a construct; none of a score."""
    variable = config.variables.get(name)
    return variable.of if variable is not None and variable.latent else []


def say_assumptions(names: Sequence[str], config: Config) -> str:
    """Say what a correction for the errors of scores assumes, to follow "assumes"."""
    constructs = [name for name in names if indicators_of(name, config)]
    computed = [declared_reliability(name, config) == "items" for name in names if name not in constructs]
    parts = [*(["items"] if any(computed) else []), *(["indicators"] if constructs else []), "measures"]
    errors = [
        f"that errors are independent of true values, and of each other across {', '.join(parts)} and sessions but for what lasts in a "
        "patient",
        "that their variance is the same in all patients and sessions",
    ]
    if computed:
        errors.append(f"that the reliability is {_known(computed)}")
    if constructs:
        errors.append(
            "that indicators of a construct have the same loadings and intercepts at all sessions and for all patients, but for what lasts "
            "in a patient"
        )
    return f"{', '.join(errors[:-1])}, and {errors[-1]}"


def _known(computed: Sequence[bool]) -> str:
    """Say in what sense reliabilities are known, some of them computed from items."""
    if all(computed):
        return "that of the items, whose sampling error is in the intervals"
    return (
        "right as declared"
        if not any(computed)
        else "right as declared, or that of the items (with its sampling error)"
    )
