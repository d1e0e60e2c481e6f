"""A model as a path diagram: which paths lead from the cause to the outcome, and what each step is called."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from alliance.config import ModelSpec, Variable
from alliance.config.timing import parse_term, varies_between_sessions
from alliance.errors import ModelError
from alliance.facts.columns import BASELINE, BETWEEN, LAG
from alliance.facts.quantity import join_nodes, name_horizon


@dataclass(frozen=True)
class Edge:
    """One arrow of the diagram: `term` in the equation of `outcome`, coming from node `source`."""

    source: str
    outcome: str
    term: str
    varies_by_patient: bool
    constant: bool  # the cause is the same at every session of a patient

    @property
    def text(self) -> str:
        """The arrow as a path of its own."""
        return join_nodes(self.source, self.outcome)

    @property
    def lagged(self) -> bool:
        """Whether the arrow leads from an earlier session to this one."""
        return self.term.endswith(LAG)

    def horizon(self, lag: int) -> str:
        """Return how much later its end is measured than its beginning; empty for a constant cause."""
        return Path((self,)).horizon(lag)


@dataclass(frozen=True)
class Path:
    """A chain of arrows from the cause to the outcome."""

    edges: tuple[Edge, ...]

    @property
    def text(self) -> str:
        """Nodes joined by arrows, e.g. ``technique -> alliance -> symptoms``."""
        return join_nodes(self.edges[0].source, *(edge.outcome for edge in self.edges))

    def horizon(self, lag: int) -> str:
        """Return how much later the end of the path is measured than its beginning; empty for a constant cause."""
        if self.edges[0].constant:
            return ""
        return name_horizon(lag * sum(edge.lagged for edge in self.edges))


def outcomes_of(paths: Sequence[Path]) -> tuple[str, ...]:
    """List the outcomes of all equations that paths run through; the one they end in comes last."""
    target = paths[0].edges[-1].outcome
    others = {edge.outcome for path in paths for edge in path.edges} - {target}
    return (*sorted(others), target)


Arrows = Mapping[str, Mapping[str, Edge]]  # source -> outcome -> arrow


def edges_of(spec: ModelSpec, variables: dict[str, Variable]) -> list[Edge]:
    """List the arrows of a diagram.

    Observed means, baseline values and a variable's own past adjust an equation; products and smooths of time change or accompany arrows.
    None of these are arrows of the diagram.
    """
    edges = []
    for outcome, equation in spec.equations.items():
        varying = equation.vary.get("patient", [])
        for name in equation.on:
            if name in spec.products or name in spec.bases:
                continue
            term = parse_term(name, variables)
            if term is None or term.suffix in (BASELINE, BETWEEN) or term.base == outcome:
                continue
            constant = not varies_between_sessions(term, variables)
            edges.append(Edge(term.base, outcome, name, name in varying, constant))
    return edges


def paths_of(name: str, spec: ModelSpec, variables: dict[str, Variable]) -> list[Path]:
    """Derive every path of a model from its cause to its outcome; the direct one comes first.

    Raises
    ------
    ModelError
        The diagram has no path between the two, or two arrows join the same nodes.
    """
    return every_path(name, spec, variables)[0]


def every_path(name: str, spec: ModelSpec, variables: dict[str, Variable]) -> list[list[Path]]:
    """Derive the paths of each pair of cause and outcome: those of ``effects`` first, then those of ``further_effects``.

    Raises
    ------
    ModelError
        The diagram has no path between a pair, or two arrows (now and lagged) join the same nodes of a path.
    """
    if spec.effects is None:
        raise ModelError(
            f"models.specs.{name}: there is no 'effects', so no path can be derived. Add effects: {{from, to}}."
        )
    arrows: dict[str, dict[str, Edge]] = {}
    twice = set()
    for edge in edges_of(spec, variables):
        if edge.outcome in arrows.setdefault(edge.source, {}):
            twice.add((edge.source, edge.outcome))
        arrows[edge.source][edge.outcome] = edge
    groups = [_paths_between(name, arrows, effects.source, effects.target) for effects in spec.every_effects()]
    for first, edge in ((paths[0].edges[0], edge) for paths in groups for path in paths for edge in path.edges):
        if (edge.source, edge.outcome) in twice:
            raise ModelError(
                f"models.specs.{name}.equations.{edge.outcome}.on: '{edge.source}' appears twice (now and lagged) on a path from "
                f"'{first.source}', so its effect is not one number. Keep one of them, or ask for effects that do not run "
                f"through it: both are among the coefficients."
            )
    return groups


def _paths_between(name: str, arrows: Arrows, source: str, target: str) -> list[Path]:
    if source == target:
        raise ModelError(
            f"models.specs.{name}: '{source}' cannot be the cause of itself. Name two different variables as from and to."
        )
    found = [Path(edges) for edges in _chains(arrows, source, target, ())]
    if not found:
        raise ModelError(
            f"models.specs.{name}.effects: no path leads from '{source}' to '{target}'. Correct the equations."
        )
    return sorted(found, key=lambda path: (len(path.edges), path.text))


def _chains(arrows: Arrows, source: str, target: str, before: tuple[Edge, ...]) -> Iterator[tuple[Edge, ...]]:
    """Give every chain of arrows that passes no node twice."""
    passed = {edge.source for edge in before}
    for outcome, edge in arrows.get(source, {}).items():
        if outcome == target:
            yield (*before, edge)
        elif outcome not in passed:
            yield from _chains(arrows, outcome, target, (*before, edge))


def reached_from(arrows: Mapping[str, Collection[str]], source: str) -> set[str]:
    """Return the nodes to which arrows (source -> outcomes) lead from a node, itself only if they lead back."""
    found: set[str] = set()
    waiting = [source]
    while waiting:
        new = set(arrows.get(waiting.pop(), ())) - found
        found |= new
        waiting += new
    return found
