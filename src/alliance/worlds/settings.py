"""Settings of a simulated world: types, ranges and meaning.

A world is a linear system within persons. The value of variable k of patient i with therapist j at session t is

    y_kt = mean_k + u_ik + w_jk + sum_c (effect_kc + u_ikc + w_jkc) (x_c - centre_c) + sum_d effect_kd (innovation of d) + e_kt

with e_kt = sd_k n_kt, where n_kt = phi_k n_k,t-1 + sqrt(1 - phi_k^2) times news of the session, phi_k is `lasts`, and with
causes c from the same session or the one before, the arm (0 or 1) or the number of the session. Effects are written as in the table of
estimates: ``intercept -> alliance`` is an intercept, ``alliance_lag -> symptoms`` the slope of symptoms on the alliance a session earlier.
With ``slopes_act_on: own_deviation`` the deviations of slopes, u_ikc + w_jkc, multiply the distance of x_c from the patient's own level,
which is the equilibrium of all variables at average slopes; fixed effects multiply the distance from the centre as ever. That is a dynamic
structural equation model with latent centring (Asparouhov, Hamaker & Muthen 2018, doi 10.1080/10705511.2017.1406803).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from itertools import combinations
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import numpy as np
from pydantic import Field, ValidationError, model_validator

from alliance.config import merge_configs, read_yaml
from alliance.config.problems import explain
from alliance.config.section import Name, Section
from alliance.errors import ConfigError, suggest
from alliance.facts.columns import LAG, SESSION
from alliance.facts.quantity import join_nodes
from alliance.worlds.missing import Chance, Missing

Spread = Annotated[float, Field(ge=0)]
Correlation = Annotated[float, Field(gt=-1, lt=1)]
Count = Annotated[int, Field(ge=0)]
Effects = Annotated[dict[str, float], Field(default_factory=dict)]
ARM, INTERCEPT = "arm", "intercept"
MOMENTS = ("before", "during", "after")


@dataclass(frozen=True)
class Cause:
    """A term of the equation of an outcome: `base` in the same session or, if `lagged`, in the one before."""

    term: str
    outcome: str
    effect: float

    @property
    def lagged(self) -> bool:
        """Whether it acts a session later."""
        return self.term.endswith(LAG)

    @property
    def base(self) -> str:
        """Variable, arm or session."""
        return self.term.removesuffix(LAG)

    @property
    def slope(self) -> str:
        """Name of the effect in the table of estimates."""
        return join_nodes(self.term, self.outcome)


class Size(Section):
    """How many patients, therapists and sessions; therapists have equally many patients, up to one."""

    patients: Annotated[int, Field(ge=2, le=90_000)]
    therapists: Annotated[int, Field(ge=1, le=9_000)]
    sessions: Annotated[int, Field(ge=2, le=60)]


class First(Section):
    """First value of a variable that depends on the past: no effect of the past, of the arm or of the number of the session.

    The patient's lasting difference and chance are added to the mean. A patient who is `heading` for the own level already differs by what
    the variable's own past makes of that, u / (1 - own past), and causes of the same session act, counted from their own first means. First
    values then carry the initial condition (Wooldridge 2005, doi 10.1002/jae.770) and nothing of the arm.
    """

    mean: float
    sd: Spread
    heading: bool = False


class Scale(Section):
    """Values are rounded to steps and cut off at the ends."""

    low: float
    high: float
    step: Annotated[float, Field(gt=0)] = 1.0
    acts: Literal["recorded", "latent"] = "recorded"  # what follows depends on the score, or on the value behind it
    censored: bool | Literal["floor", "ceiling"] = False  # what analyses declare


class Measure(Section):
    """A variable of the sessions: a number, or yes and no (1 and 0) if it has a `chance`.

    Lasting differences that go with nothing else are declared here, correlated ones under `patients` and `therapists`.
    """

    measured: Literal["before", "during", "after"]
    mean: float = 0.0  # where every cause is at its centre
    centre: float | None = None  # what depends on it depends on its distance from this; the mean if left out
    sd: Spread = 0.0  # of what nothing explains
    lasts: Correlation = 0.0  # of what nothing explains with that of the session before
    causes: Effects  # variable, variable_lag, arm or session -> effect
    innovations: Effects  # variable -> effect of its distance from what was to be expected; a yes is never expected
    patient_sd: Spread = 0.0
    therapist_sd: Spread = 0.0
    first: First | None = None  # of a variable with lagged causes; if left out, it has no value at the first session
    scale: Scale | None = None
    chance: Chance | None = None  # of a yes, where every cause is at its centre; causes then change its logit
    given: Name | None = None  # it can only be yes where this is

    @property
    def arm_from(self) -> int:
        """Number of the first session, from 0, at which the arm can act: treatment has not begun before the first one."""
        return int(self.measured == MOMENTS[0])


class Differences(Section):
    """What varies between the units of a level: standard deviations of effects, and correlations of pairs, 0 if left out.

    A pair is written with a comma: ``intercept -> alliance, intercept -> symptoms``.
    """

    sd: Annotated[dict[str, Spread], Field(default_factory=dict)]
    correlation: Annotated[dict[str, Correlation], Field(default_factory=dict)]

    def correlations(self) -> np.ndarray:
        """Return the correlation matrix of the effects, in their order."""
        names = list(self.sd)
        matrix = np.eye(len(names))
        for pair, value in self.correlation.items():
            i, j = (names.index(effect) for effect in pair.split(", "))
            matrix[i, j] = matrix[j, i] = value
        return matrix

    def covariance(self, one: str, other: str) -> float:
        """Return the covariance of two effects; 0 of an effect that does not vary."""
        if one not in self.sd or other not in self.sd:
            return 0.0
        pairs = (f"{one}, {other}", f"{other}, {one}")
        correlation = 1.0 if one == other else next((self.correlation[p] for p in pairs if p in self.correlation), 0.0)
        return correlation * self.sd[one] * self.sd[other]


class World(Section):
    """Everything that determines a simulated study."""

    seed: Count = 0
    size: Size
    arms: bool = False  # whether patients are randomised, in pairs within each therapist
    unseen: Count = 0  # sessions before the first one that is seen, without an arm: many make the start stationary
    # What the own part of a slope multiplies: the cause's distance from its centre, or from the patient's own level.
    slopes_act_on: Literal["distance", "own_deviation"] = "distance"
    variables: dict[Name, Measure]
    patients: Differences = Differences.model_validate({})
    therapists: Differences = Differences.model_validate({})
    missing: Missing = Missing()

    @property
    def centres(self) -> dict[str, float]:
        """Variable -> value from which distances count."""
        return {name: v.mean if v.centre is None else v.centre for name, v in self.variables.items()}

    def causes(self, outcome: str) -> list[Cause]:
        """List the causes of a variable, innovations apart."""
        return [Cause(term, outcome, effect) for term, effect in self.variables[outcome].causes.items()]

    def order(self) -> list[str]:
        """List the variables in an order in which they can come about within a session."""
        now = {
            name: [
                *(c.base for c in self.causes(name) if not c.lagged),
                *v.innovations,
                *([v.given] if v.given else []),
            ]
            for name, v in self.variables.items()
        }
        return list(TopologicalSorter({name: [c for c in now[name] if c in now] for name in now}).static_order())

    @model_validator(mode="after")
    def _everything_named_is_there(self) -> Self:
        problems = [*self._unknown_names(), *self._impossible_differences()]
        try:
            self.order()
        except CycleError as error:
            problems.append(f"variables: {join_nodes(*reversed(error.args[1]))} is a circle within one session")
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def _unknown_names(self) -> Iterator[str]:
        constants = [SESSION, *([ARM] if self.arms else [])]
        for name, variable in self.variables.items():
            place, known = f"variables.{name}", {*self.variables, *constants}
            for cause in self.causes(name):
                if cause.base not in known or (cause.lagged and cause.base in constants):
                    yield f"{place}.causes: '{cause.term}' is unknown.{suggest(cause.base, known)}"
            for other in [*variable.innovations, *([variable.given] if variable.given else [])]:
                if other not in self.variables:
                    yield f"{place}: '{other}' is not a variable.{suggest(other, self.variables)}"
            if variable.first and not any(cause.lagged for cause in self.causes(name)):
                yield f"{place}.first: it does not depend on the past, so its first value is like all others"
        if self.slopes_act_on == "own_deviation" and any(
            c.base in constants for n in self.variables for c in self.causes(n)
        ):
            yield "slopes_act_on: patients have no level of their own where the arm or the session number moves it; remove these causes"
        for outcome, variable in self.variables.items():
            if variable.lasts and variable.chance is not None:
                yield f"variables.{outcome}.lasts: what lasts is a number, and '{outcome}' is yes or no; remove 'lasts' or 'chance'"
            lasting = [
                cause for cause in variable.innovations if cause in self.variables and self.variables[cause].lasts
            ]
            yield from (
                f"variables.{outcome}.innovations: what is left of '{cause}' lasts, so it is not new; remove it, or 'lasts' there"
                for cause in lasting
            )
        for place, name in self.missing.named():
            if name not in self.variables:
                yield f"missing.{place}: '{name}' is not a variable.{suggest(name, self.variables)}"

    def _impossible_differences(self) -> Iterator[str]:
        known = [join_nodes(INTERCEPT, name) for name in self.variables]
        known += [cause.slope for name in self.variables for cause in self.causes(name)]
        for level in ("patients", "therapists"):
            differences: Differences = getattr(self, level)
            missing = [effect for effect in differences.sd if effect not in known]
            yield from (f"{level}.sd: '{effect}' is no effect.{suggest(effect, known)}" for effect in missing)
            pairs = {f"{i}, {j}" for pair in combinations(differences.sd, 2) for i, j in (pair, pair[::-1])}
            wrong = [pair for pair in differences.correlation if pair not in pairs]
            yield from (f"{level}.correlation: '{pair}' is not a pair of effects of {level}.sd" for pair in wrong)
            if not wrong and differences.sd and np.linalg.eigvalsh(differences.correlations())[0] <= 0:
                yield f"{level}.correlation: the correlations contradict each other"


def read_settings[S: Section](path: Path, kind: type[S], changes: Mapping[str, Any] | None = None) -> S:
    """Read the settings of simulated studies.

    Parameters
    ----------
    path
        A file such as ``config/example_study.yaml``.
    kind
        What it holds, such as `World`.
    changes
        Settings that replace those of the file, nested alike, e.g. ``{"seed": 1, "size": {"patients": 60}}``.

    Raises
    ------
    ConfigError
        The file cannot be read, or a setting is unknown, missing or out of range.
    """
    settings = merge_configs(read_yaml(path), changes or {})
    try:
        return kind.model_validate(settings)
    except ValidationError as error:
        problems = explain(error, settings, kind, "the committed file is an example")
        raise ConfigError("\n  - ".join([f"{path} cannot be used:", *problems])) from None
