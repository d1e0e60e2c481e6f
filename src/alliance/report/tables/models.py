"""Each fitted model with its equations, its method, and how many rows each equation could use."""

from collections.abc import Callable, Mapping

import pandas as pd

from alliance.config import Config, Equation
from alliance.facts.analyses import ANALYSES
from alliance.facts.families import FAMILIES
from alliance.report.labels import label_model, label_of, units_that_differ
from alliance.report.numbers import MISSING, format_count
from alliance.report.tables.table import Table

TITLE = "Models"
NEEDS = ("flow", "estimates")
VARYING_SLOPES = (
    "Joint models: predictors are not centred at patients' means. What a patient or therapist deviates from an average slope "
    "multiplies the deviation of the predictor (time excepted) from the patient's own mean or, in equations with initial values (\"first "
    'session"), from the level that these and other constant predictors lead one to expect. So variances and covariances of '
    "slopes are about change within patients; a model in which they multiply raw scores is another one (Kreft, de Leeuw and Aiken 1995, "
    "doi 10.1207/s15327906mbr3001_1)."
)


def make(inputs: Mapping[str, pd.DataFrame], config: Config) -> Table:
    """Return one row per equation (per variable of an analysis without any), under the name and the method of its model."""
    flow, estimates = inputs["flow"], inputs["estimates"]
    rows, shown = [], []
    for name in config.models.fit:
        spec = config.models.specs[name]
        engines = sorted(set(estimates.loc[estimates["model"] == name, "engine"]))
        used = flow[(flow["model"] == name) & (flow["stage"] == "analysed")].set_index("outcome")
        for outcome in spec.equations or spec.variables:
            equation = spec.equations.get(outcome)
            counts = [used[column].get(outcome) for column in ("n_patients", "n_sessions")]
            rows.append(
                {
                    "model": name,
                    "family": spec.family,
                    "engine": ", ".join(engines),
                    "outcome": outcome,
                    "predictors": ANALYSES[spec.analysis].label if equation is None else "; ".join(equation.on),
                    "varies_between": "" if equation is None else _varying(equation, lambda term: term),
                    "n_patients": counts[0],
                    "n_sessions": counts[1],
                }
            )
            shown.append(
                {
                    "Model": f"{label_model(name, config)}; {', '.join([f'family {spec.family}', *engines])}",
                    "Outcome": label_of(outcome, config),
                    "Predictors": ANALYSES[spec.analysis].label
                    if equation is None
                    else "; ".join(label_of(term, config) for term in equation.on),
                    "Varies between": MISSING
                    if equation is None
                    else _varying(equation, lambda term: label_of(term, config)),
                    "Patients": format_count(counts[0]),
                    "Sessions": format_count(counts[1]),
                }
            )
    notes = ["Patients and sessions: what each equation could use; the patient flow says why others could not be used."]
    joint = [name for name in config.models.fit if FAMILIES[config.models.specs[name].family].joint]
    if units_that_differ(joint, config):
        notes.append(VARYING_SLOPES)
    return Table(pd.DataFrame(rows), pd.DataFrame(shown), "Equations of the models", notes, "Model")


def _varying(equation: Equation, label: Callable[[str], str]) -> str:
    parts = []
    for level, names in equation.vary.items():
        if names:
            parts.append(f"{level}s: {', '.join(label(name) for name in names)}")
    return "; ".join(parts)
