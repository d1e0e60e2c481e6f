"""What happens over the sessions, variable by variable; see `alliance.worlds.settings` for the equation."""

from dataclasses import dataclass

import numpy as np

from alliance.facts.columns import LAG, SESSION
from alliance.facts.quantity import join_nodes
from alliance.worlds.course import Course, logistic
from alliance.worlds.people import People
from alliance.worlds.settings import ARM, INTERCEPT, Cause, First, Measure, Scale, World


@dataclass(frozen=True)
class _Run:
    """A world on its way: arrays (patient, session) that fill session by session, the unseen ones included."""

    world: World
    people: People
    values: dict[str, np.ndarray]
    surprises: dict[str, np.ndarray]
    noise: dict[str, np.ndarray]
    levels: (
        dict[str, np.ndarray] | None
    )  # distance of each patient's own levels from the centres, where slopes act on deviations from them

    def advance(self, name: str, t: int) -> None:
        """Let a variable come about at session t."""
        variable, noise = self.world.variables[name], self.noise[name][:, t]
        first = variable.first if t == 0 else None
        expected = self._expected_first(name, first) if first else self._expected(name, variable.mean, t)
        news = sum(effect * self.surprises[cause][:, t] for cause, effect in variable.innovations.items())
        if variable.chance is not None:
            happened = noise < logistic(np.log(variable.chance / (1 - variable.chance)) + expected + news)
            possible = self.values[variable.given][:, t] == 1 if variable.given else True
            self.values[name][:, t] = self.surprises[name][:, t] = happened & possible
            return
        values = expected + news + (first.sd if first else variable.sd) * noise
        if variable.scale is not None and variable.scale.acts == "recorded":
            values = on_scale(values, variable.scale)
        self.values[name][:, t] = values
        # What cannot have a value at the first session cannot surprise anybody either.
        self.surprises[name][:, t] = np.nan_to_num(values - expected)

    def _expected(self, name: str, mean: float, t: int) -> np.ndarray:
        expected = mean + self.people.deviation(join_nodes(INTERCEPT, name))
        for cause in self.world.causes(name):
            expected = expected + self._part(cause, t)
        return expected

    def _part(self, cause: Cause, t: int) -> np.ndarray:
        """Return what a cause adds: (patient,)."""
        distance = self._distance(cause, t)
        if self.levels is None:
            return self._slope(cause) * distance
        own = distance - self.levels[cause.base]
        return cause.effect * distance + self.people.deviation(cause.slope) * own

    def _expected_first(self, name: str, first: First) -> np.ndarray:
        level = self.people.deviation(join_nodes(INTERCEPT, name))
        if not first.heading:
            return first.mean + level
        own = self.world.variables[name].causes.get(f"{name}{LAG}", 0.0)
        expected = first.mean + level / (1 - own)
        for cause in self.world.causes(name):
            if not cause.lagged and cause.base in self.values:
                source = self.world.variables[cause.base]
                start = source.first.mean if source.first else self.world.centres[cause.base]
                expected = expected + self._slope(cause) * (self.values[cause.base][:, 0] - start)
        return expected

    def _slope(self, cause: Cause) -> np.ndarray:
        return cause.effect + self.people.deviation(cause.slope)

    def _distance(self, cause: Cause, t: int) -> np.ndarray | float:
        """Return a cause's distance from its centre: (patient,)."""
        seen = t - self.world.unseen
        if cause.base == SESSION:
            return float(max(seen, 0) + 1)
        if cause.base == ARM:
            return self.people.arm if seen >= self.world.variables[cause.outcome].arm_from else 0.0
        before = t - cause.lagged
        if before < 0:
            return np.nan
        return self.values[cause.base][:, before] - self.world.centres[cause.base]


def levels_of(world: World, people: People) -> dict[str, np.ndarray]:
    """Return the distance of each patient's lasting levels from the centres: d = (I - B)^-1 (mean + v - centre), B at average slopes.

    Returns
    -------
    dict
        Variable -> (patient,).
    """
    names, centres = list(world.variables), world.centres
    b = np.zeros((len(names), len(names)))
    for cause in (cause for name in names for cause in world.causes(name)):
        b[names.index(cause.outcome), names.index(cause.base)] += cause.effect
    start = [
        world.variables[name].mean - centres[name] + people.deviation(join_nodes(INTERCEPT, name)) for name in names
    ]
    return dict(zip(names, np.linalg.solve(np.eye(len(names)) - b, np.array(start)), strict=True))


def run_sessions(world: World, people: People, rng: np.random.Generator) -> Course:
    """Run every patient through all sessions; what goes unseen is decided later."""
    shape = (world.size.patients, world.size.sessions + world.unseen)
    noise = {}
    for name, variable in world.variables.items():
        people = _with_own_differences(world, people, name, variable, rng)
        noise[name] = rng.standard_normal(shape) if variable.chance is None else rng.random(shape)
        for t in range(1, shape[1] if variable.lasts else 1):
            noise[name][:, t] = (
                variable.lasts * noise[name][:, t - 1] + np.sqrt(1 - variable.lasts**2) * noise[name][:, t]
            )
    run = _Run(
        world,
        people,
        {name: np.zeros(shape) for name in noise},
        {name: np.zeros(shape) for name in noise},
        noise,
        levels_of(world, people) if world.slopes_act_on == "own_deviation" else None,
    )
    order = world.order()
    for t in range(shape[1]):
        for name in order:
            run.advance(name, t)
    for name in order:
        run.values[name][:] = on_scale(run.values[name], world.variables[name].scale)
    values, surprises = ({name: x[:, world.unseen :] for name, x in of.items()} for of in (run.values, run.surprises))
    return Course(
        values, surprises, np.ones((shape[0], world.size.sessions), dtype=bool), np.zeros(shape[0], dtype=bool)
    )


def _with_own_differences(
    world: World, people: People, name: str, variable: Measure, rng: np.random.Generator
) -> People:
    if not variable.therapist_sd and not variable.patient_sd:
        return people
    spreads = ((variable.therapist_sd, world.size.therapists), (variable.patient_sd, world.size.patients))
    therapists, patients = (rng.normal(0, sd, count) if sd else np.zeros(count) for sd, count in spreads)
    return people.with_intercepts(name, patients, therapists)


def on_scale(values: np.ndarray, scale: Scale | None) -> np.ndarray:
    """Round to the steps of a scale and keep to its ends; values without a scale are left as they are."""
    if scale is None:
        return values
    # Adding zero turns -0.0 into 0.0, which would be written with its sign.
    whole: np.ndarray = np.clip(np.rint(values / scale.step) * scale.step, scale.low, scale.high) + 0.0
    return whole
