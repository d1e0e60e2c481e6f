"""What is true of a world, in the words of the table of estimates, from its settings alone; nothing here uses the code that fits models.

Within patients, effects hold over one horizon, given the past. An indirect effect is the expectation of the product of its slopes (Kenny,
Korchmaros & Bolger 2003, doi 10.1037/1082-989X.8.2.115); covariances over therapists add to those over patients.

Between the units of a level, effects are those of latent means, see `alliance.worlds.linear`; along a path they are multiplied, so that the
indirect effect is the product. The total is the slope of the outcome's means on those of the cause alone.

What accumulates is the response to a cause that is one unit higher at every session from the first on, in expectation over the slopes of
patients and therapists. A mediator carries the whole response minus that without its arrow to the outcome.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import combinations
from math import prod

import numpy as np
import pandas as pd

from alliance.facts.columns import PATIENT, SESSION, THERAPIST
from alliance.facts.effects import COVARIANCE, SLOPE_SHARE, name_step
from alliance.facts.quantity import (
    BETWEEN_LEVELS,
    ends_of,
    join_nodes,
    join_together,
    name_horizon,
    name_session,
    name_sessions,
)
from alliance.facts.series import TIMES
from alliance.worlds.linear import Linear, Path, delay_of, text_of
from alliance.worlds.settings import ARM, INTERCEPT, Cause, Differences, World

KEYS = ["outcome", "path", "effect", "level", "horizon"]
MODEL, ERROR = "model", "error"  # further columns: the only model that a value is true of, the error of its simulation
_MOST_SESSIONS = 16  # over which effects accumulate

Row = tuple[str, str, str, str, str, float]


def true_quantities(world: World, pairs: Iterable[tuple[str, str]]) -> pd.DataFrame:
    """List the true value of all that is reported about pairs of a cause and an outcome, and of what it is made from.

    That is every other coefficient of the equations on the way, standard deviations and correlations; those of intercepts only in worlds
    without a past: models of others have initial values as covariates, and their intercepts are what varies given these. Effects of the
    arm are given at each session from the second one on.

    Returns
    -------
    pandas.DataFrame
        Columns `KEYS` and value; no key twice.
    """
    linear = Linear(world)
    every = [linear.paths(source, target) for source, target in pairs]
    rows: list[Row] = []
    for paths in every:
        rows += [*_within(linear, paths), *_between(linear, paths)]
        rows += _by_session(linear, paths) if paths[0][0].base == ARM else _accumulated(linear, paths)
    steps = {cause for paths in every for path in paths for cause in path}
    others = (c for name in linear.causes if name in {step.outcome for step in steps} for c in linear.causes[name])
    rows += [_coefficient(cause) for cause in others if cause not in steps]
    rows += [*_components(linear, PATIENT, world.patients), *_components(linear, THERAPIST, world.therapists)]
    rows += _residuals(world)
    return pd.DataFrame(rows, columns=[*KEYS, "value"]).drop_duplicates(KEYS, ignore_index=True)


def slopes_between_therapists(world: World) -> pd.DataFrame:
    """List how much of the variance of slopes lies between therapists, and that those of patients alone do not differ between them.

    Only models in which slopes vary between therapists give these numbers, so they are no part of `true_quantities`. The share is
    sd_t^2 / (sd_t^2 + sd_p^2), with the standard deviations of a slope between therapists and between patients of one therapist.

    Returns
    -------
    pandas.DataFrame
        Columns `KEYS` and value; standard deviations of zero, which `true_quantities` leaves out, and shares.
    """
    patients, therapists = world.patients.sd, world.therapists.sd
    rows: list[Row] = []
    for effect in (effect for effect, sd in patients.items() if sd and not effect.startswith(INTERCEPT)):
        between = therapists.get(effect, 0.0) ** 2
        outcome = ends_of(effect)[1]
        if not between:
            rows.append((outcome, effect, "sd", THERAPIST, "", 0.0))
        rows.append((outcome, effect, SLOPE_SHARE, THERAPIST, "", between / (between + patients[effect] ** 2)))
    return pd.DataFrame(rows, columns=[*KEYS, "value"])


def _horizon(*path: Cause) -> str:
    """Name the time from the first cause to the end of a path; a constant cause has none."""
    if path[0].base in (ARM, SESSION):
        return ""
    return name_horizon(delay_of(path))


def _describe(
    paths: list[Path],
    slopes: Mapping[Cause, float],
    products: Mapping[Path, float],
    level: str,
    total: float,
    builds_up: bool,
) -> Iterator[Row]:
    """Give steps, indirect, direct and total effect; effects that arrive at different sessions have no total."""
    for path in paths:
        for position, cause in enumerate(path):
            effect = name_step(position, len(path), len(paths))
            place = "overall" if cause.base == ARM and (builds_up or effect != "c_prime") else level
            yield cause.outcome, text_of((cause,)), effect, place, _horizon(cause), slopes[cause]
        if len(path) > 1:
            yield path[-1].outcome, text_of(path), "indirect", level, _horizon(*path), products[path]
    first = paths[0]
    target, text, horizon = first[-1].outcome, join_nodes(first[0].base, first[-1].outcome), _horizon(*first)
    if len(paths) > 1 and len(first) == 1:
        yield target, text, "direct", level, horizon, products[first]
    if len(paths) > 1 and len({_horizon(*path) for path in paths}) == 1:
        yield target, text, "total", level, horizon, total


def _within(linear: Linear, paths: list[Path]) -> Iterator[Row]:
    slopes = {cause: cause.effect for path in paths for cause in path}
    products = {path: linear.expect(path) for path in paths}
    yield from _describe(paths, slopes, products, "within", sum(products.values()), linear.dynamic)
    for path in (path for path in paths if len(path) > 1):
        whole, horizon = (path[-1].outcome, text_of(path)), _horizon(*path)
        yield *whole, "indirect_product", "within", horizon, prod(cause.effect for cause in path)
        if len(path) == 2 and path[0].base != ARM:
            yield *whole, COVARIANCE, "within", horizon, linear.covariance(*path)


def _between(linear: Linear, paths: list[Path]) -> Iterator[Row]:
    for unit, level in BETWEEN_LEVELS.items():
        slopes = linear.latent_slopes(unit, paths)
        if slopes is not None:
            whole = replace(paths[0][0], outcome=paths[0][-1].outcome)
            alone = linear.latent_slopes(unit, [(whole,)]) or {}
            products = {path: prod(slopes[cause] for cause in path) for path in paths}
            yield from _describe(paths, slopes, products, level, alone[whole], False)


def _accumulated(linear: Linear, paths: list[Path]) -> Iterator[Row]:
    """Give what each mediator carries when the effect of the last of 1 to 16 sessions arrives; the quickest path names it."""
    quickest: dict[str, Path] = {}
    for path in sorted(paths, key=delay_of):
        if len(path) > 1 and linear.dynamic:
            quickest.setdefault(path[-1].base, path)
    for mediator, path in quickest.items():
        ends, sessions = (path[0].base, path[-1].outcome), min(linear.world.size.sessions, _MOST_SESSIONS)
        whole, without = (linear.respond(*ends, cut, sessions + delay_of(path)) for cut in (None, mediator))
        for count, value in enumerate((whole - without)[delay_of(path) :].tolist(), start=1):
            yield ends[1], text_of(path), "accumulated", "within", name_sessions(count), value


def _by_session(linear: Linear, paths: list[Path]) -> Iterator[Row]:
    """Give the difference between the arms at each session, in all, through each mediator, and beside it."""
    ends, sessions = (paths[0][0].base, paths[0][-1].outcome), linear.world.size.sessions
    text, whole = join_nodes(*ends), linear.respond(*ends, None, sessions).tolist()
    cut = {path: linear.respond(*ends, path[1].base, sessions).tolist() for path in paths if len(path) == 2}
    for session in range(2, sessions + 1):
        when, value = name_session(session), whole[session - 1]
        for effect in ("total", "intention_to_treat"):
            yield ends[1], text, effect, "overall", when, value
        for path, without in cut.items():
            yield ends[1], text_of(path), "indirect", "overall", when, value - without[session - 1]
            if len(paths) == 2:
                yield ends[1], text, "direct", "overall", when, without[session - 1]


def _coefficient(cause: Cause) -> Row:
    level = "overall" if cause.base in (ARM, SESSION) else "within"
    return cause.outcome, cause.slope, "coefficient", level, _horizon(cause), cause.effect


def _components(linear: Linear, level: str, of: Differences) -> Iterator[Row]:
    shown = [effect for effect, sd in of.sd.items() if sd and not (linear.dynamic and effect.startswith(INTERCEPT))]
    for effect in shown:
        yield ends_of(effect)[1], effect, "sd", level, "", of.sd[effect]
    for one, other in combinations(shown, 2):
        value = of.covariance(one, other) / (of.sd[one] * of.sd[other])
        # Models list the two in the order of their equations.
        for first, second in ((one, other), (other, one)) if value else ():
            text = join_together(ends_of(first), ends_of(second))
            yield ends_of(second)[1], text, "correlation", level, "", value


def _residuals(world: World) -> Iterator[Row]:
    """Give the standard deviation of what is left of a variable, rounding included, unless answers of yes and no are part of it.

    And how it goes with that of the session before, where it lasts.
    """

    def variance(name: str) -> float:
        scale = world.variables[name].scale
        return world.variables[name].sd ** 2 + (scale.step**2 / 12 if scale else 0.0)

    for name, variable in world.variables.items():
        others = [*variable.innovations, *(c.base for c in world.causes(name) if c.base in world.variables)]
        if all(world.variables[part].chance is None for part in (name, *others)):
            news = sum(effect**2 * variance(cause) for cause, effect in variable.innovations.items())
            yield name, join_nodes("residual", name), "sd", SESSION, "", float(np.sqrt(variance(name) + news))
        if variable.lasts:
            yield (
                name,
                join_nodes("residual", name),
                "autocorrelation",
                SESSION,
                TIMES["sessions"].apart,
                variable.lasts,
            )
