"""The diagram of each mediation model, with the estimate of every arrow."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.offsetbox import AnnotationBbox, HPacker, TextArea, VPacker
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from alliance.config import Config
from alliance.facts.analyses import PATH
from alliance.facts.columns import records
from alliance.facts.effects import EFFECTS
from alliance.facts.quantity import ends_of, is_at_session, nodes_of
from alliance.models.diagram import Edge, paths_of
from alliance.report.figures import theme
from alliance.report.figures.drawing import Drawing
from alliance.report.figures.intervals import level_handles
from alliance.report.labels import capitalised_name, label_level, label_level_of, label_model, label_of
from alliance.report.numbers import format_estimate, format_percent
from alliance.report.propensity import bare_name_in, is_propensity

TITLE = "Path diagrams"
CAPTION = (
    "Arrows from the first variable to the outcome, with the estimate of each at every level the model has, in the measures' "
    "own units. Solid: within the same session; dashed: from an earlier session. What else an equation adjusts for is in the "
    "table of coefficients."
)
NEEDS = ("estimates",)
_ADDED_UP = (
    "Indirect at a session: what has added up by then. Arrows are single steps, so the one from the first variable to the outcome is no "
    "part of the same sum; the direct effect up to that session is in the table of paths."
)
_BEHIND = (
    "What is constant within patients has no effect within them: the signs of its indirect path say by way of which changes or differences "
    "it runs, those of its direct one beside which."
)
_WIDTH = theme.DOUBLE * theme.POINTS
_BOX = (104.0, 26.0)  # points
_TITLE, _GAP, _LEGEND = 15.0, 6.0, 20.0  # points
_INSET = 40.0  # points between the margin and the outer boxes


@dataclass(frozen=True)
class _Panel:
    """One model: its arrows, where its boxes stand (centre, in points from its lower left corner), and its height."""

    model: str
    edges: list[Edge]
    places: dict[str, tuple[float, float]]
    height: float
    indirect: str  # its indirect path if it has only one


def draw(inputs: Mapping[str, pd.DataFrame], config: Config) -> Drawing:
    """Draw one diagram per fitted path model; models with a mediator first, those of a single arrow only if no model has one."""
    estimates = inputs["estimates"]
    panels = _panels(config, estimates)
    if not panels:
        return theme.draw_unavailable("None of the fitted models is a path model, so there is no diagram to draw.")
    values = pd.concat([_values_of(panel, estimates) for panel in panels], ignore_index=True)
    if values.empty:
        return theme.draw_unavailable("The fitted models report no estimates of single paths.")
    panels, others = theme.fill_page(panels, lambda panel: panel.height / theme.POINTS, _LEGEND / theme.POINTS)
    values = values[values["model"].isin([panel.model for panel in panels])].reset_index(drop=True)
    height = sum(panel.height for panel in panels) + _LEGEND
    with theme.applied():
        figure, axes = theme.new_canvas(_WIDTH, height)
        handles = level_handles(sorted(set(values["level"]), key=list(theme.LEVEL_GLYPHS).index), lines=False)
        axes.legend(handles=handles, loc="upper left", ncols=len(handles), borderaxespad=0.4)
        top = height - _LEGEND
        for panel in panels:
            top -= panel.height
            _draw_panel(axes, panel, top, values[values["model"] == panel.model], config)
    left_out = ", ".join(f"“{label_model(panel.model, config)}”" for panel in others)
    notes = [
        f"Intervals: {format_percent(config.inference.interval)}.",
        _describe_units(panels, config),
        _ADDED_UP if any(map(is_at_session, values["horizon"])) else "",
        _BEHIND if any(_is_behind(row, config) for row in records(values)) else "",
        f"No room on the page for {left_out}: see the table of paths." if others else "",
        theme.note_of_flags(list(values["flag"])),
    ]
    return Drawing(figure, values, _describe(values, config), " ".join(note for note in notes if note))


def _is_behind(row: Any, config: Config) -> bool:
    return EFFECTS[row.effect].splits and label_level_of(row._asdict(), config) != label_level(row.level)


def _describe_units(panels: list[_Panel], config: Config) -> str:
    """Say in which unit propensities are that the panels show; nothing where there is none."""
    shown = {
        label_of(node, config) for panel in panels for node in panel.places if is_propensity(node, panel.model, config)
    }
    if not shown:
        return ""
    return (
        f"The unit of a propensity (for {', '.join(sorted(shown))}) is the standard deviation by which sessions differ when all that its "
        "equation knows is equal."
    )


def _panels(config: Config, estimates: pd.DataFrame) -> list[_Panel]:
    mediated: list[_Panel] = []
    single: list[_Panel] = []
    for name in config.models.fit:
        spec = config.models.specs[name]
        if spec.analysis != PATH or spec.effects is None:
            continue
        paths = paths_of(name, spec, config.variables)
        levels = _most_levels(estimates, name)
        chains = [[path.edges[0].source, *(edge.outcome for edge in path.edges)] for path in paths]
        places, height = place_nodes(chains, levels)
        longer = [path.text for path in paths if len(path.edges) > 1]
        edges = list(dict.fromkeys(edge for path in paths for edge in path.edges))
        panel = _Panel(name, edges, places, height, longer[0] if len(longer) == 1 else "")
        (mediated if longer else single).append(panel)
    return mediated or single


def _most_levels(estimates: pd.DataFrame, model: str) -> int:
    counts = estimates[estimates["model"] == model].groupby(["path", "effect"])["level"].nunique()
    return int(counts.max()) if len(counts) else 1


def place_nodes(chains: list[list[str]], levels: int) -> tuple[dict[str, tuple[float, float]], float]:
    """Return the centre of each node's box and the height of the diagram, in points.

    The cause stands left, the outcome right, mediators between them and above; a node's column is its longest distance
    from the cause, and mediators of one column are stacked.

    Parameters
    ----------
    chains
        Nodes of each path from the cause to the outcome.
    levels
        Lines of numbers that each arrow carries.
    """
    source, target = chains[0][0], chains[0][-1]
    depth = {node: max(chain.index(node) for chain in chains if node in chain) for chain in chains for node in chain}
    deepest = depth[target]
    below = _GAP + max(levels * theme.LINE - _BOX[1] / 2, 0)  # the numbers of the direct arrow hang below it
    bottom = below + _BOX[1] / 2
    left, right = _INSET + _BOX[0] / 2, _WIDTH - _INSET - _BOX[0] / 2
    places = {source: (left, bottom), target: (right, bottom)}
    columns = {
        layer: [node for node in depth if depth[node] == layer and node not in places] for layer in range(1, deepest)
    }
    floors = max((len(nodes) for nodes in columns.values()), default=0)
    floor = _BOX[1] + (levels + 1) * theme.LINE + 2 * _GAP
    for layer, nodes in columns.items():
        for position, node in enumerate(nodes):
            places[node] = (left + (right - left) * layer / deepest, bottom + floor * (len(nodes) - position))
    return places, bottom + floor * floors + _BOX[1] / 2 + _TITLE


def _values_of(panel: _Panel, estimates: pd.DataFrame) -> pd.DataFrame:
    """Return the estimates of the panel's arrows: of each arrow the first effect that the model reports of it."""
    arrows = EFFECTS.names(lambda effect: effect.arrow)
    rows = estimates[(estimates["model"] == panel.model) & estimates["effect"].isin(arrows)]
    found = []
    for edge in panel.edges:
        of_edge = rows[rows["path"] == edge.text]
        if of_edge.empty:
            continue
        first = min(of_edge["effect"], key=arrows.index)
        found.append(of_edge[of_edge["effect"] == first].assign(lagged=edge.lagged))
    if panel.indirect:
        whole = estimates[
            (estimates["model"] == panel.model)
            & (estimates["path"] == panel.indirect)
            & (estimates["effect"] == "indirect")
        ]
        found.append(whole.assign(lagged=False))
    columns = ["model", "path", "effect", "level", "horizon", "estimate", "low", "high", "flag", "lagged"]
    return pd.concat(found)[columns].drop_duplicates(["path", "level"]) if found else pd.DataFrame(columns=columns)


def _draw_panel(axes: Axes, panel: _Panel, bottom: float, values: pd.DataFrame, config: Config) -> None:
    axes.text(
        6, bottom + panel.height - 4, label_model(panel.model, config), fontweight="bold", fontsize=theme.TEXT, va="top"
    )
    places = {node: (x, y + bottom) for node, (x, y) in panel.places.items()}
    for node, (x, y) in places.items():
        axes.add_patch(
            FancyBboxPatch(
                (x - _BOX[0] / 2, y - _BOX[1] / 2), *_BOX, boxstyle="round,pad=0,rounding_size=3",
                facecolor="white", edgecolor=theme.NAVY, linewidth=1, zorder=3,
            )
        )  # fmt: skip
        text = theme.wrap(capitalised_name(bare_name_in(node, panel.model, config)), 24)
        axes.text(x, y, text, ha="center", va="center", fontsize=theme.SMALL, zorder=4, linespacing=1.1)
    for edge in panel.edges:
        _draw_edge(axes, edge, values[values["path"] == edge.text], places)
    whole = values[values["path"] == panel.indirect] if panel.indirect else values.iloc[:0]
    if len(whole):
        source, target = ends_of(panel.indirect)
        x = (places[source][0] + places[target][0]) / 2
        when = next((horizon for horizon in whole["horizon"] if is_at_session(horizon)), "")
        _write_levels(axes, whole, (x, places[source][1] + 4), (0.5, 0), heading=f"Indirect {when}".strip())


def _draw_edge(axes: Axes, edge: Edge, part: pd.DataFrame, places: Mapping[str, tuple[float, float]]) -> None:
    (x0, y0), (x1, y1) = places[edge.source], places[edge.outcome]
    start, end = _on_border(x0, y0, x1, y1), _on_border(x1, y1, x0, y0)
    axes.add_patch(
        FancyArrowPatch(
            start, end, arrowstyle="-|>", mutation_scale=8, linewidth=1.2, color=theme.NAVY, linestyle="--" if edge.lagged else "-",
            shrinkA=1, shrinkB=1, zorder=2,
        )
    )  # fmt: skip
    x, y = (start[0] + end[0]) / 2, (start[1] + end[1]) / 2
    if abs(y1 - y0) < 1:
        _write_levels(axes, part, (x, y - 4), (0.5, 1))
    elif y1 > y0:
        _write_levels(axes, part, (x - 5, y + 1), (1, 0))
    else:
        _write_levels(axes, part, (x + 5, y + 1), (0, 0))


def _write_levels(
    axes: Axes, part: pd.DataFrame, place: tuple[float, float], alignment: tuple[float, float], heading: str = ""
) -> None:
    """Write one line per level, each led by the level's marker; `alignment` is the corner that stands at `place`."""
    properties = {"fontsize": theme.SMALL}
    lines: list[Any] = [TextArea(heading, textprops=properties | {"fontweight": "bold"})] if heading else []
    for row in records(part):
        glyph = TextArea(
            theme.LEVEL_GLYPHS.get(row.level, "●"),
            textprops=properties | {"color": theme.LEVEL_COLOURS.get(row.level, theme.NAVY)},
        )
        (text,) = theme.mark_flags([format_estimate(row.estimate, row.low, row.high)], [row.flag])
        lines.append(HPacker(children=[glyph, TextArea(text, textprops=properties)], pad=0, sep=3, align="baseline"))
    if not lines:
        lines = [TextArea("not reported", textprops=properties)]
    block = VPacker(children=lines, pad=0, sep=1.5, align="left")
    axes.add_artist(AnnotationBbox(block, place, box_alignment=alignment, frameon=False, pad=0, zorder=5))


def _on_border(x0: float, y0: float, x1: float, y1: float) -> tuple[float, float]:
    """Return where the line from the centre of a box towards another point leaves the box."""
    dx, dy = x1 - x0, y1 - y0
    share = min(_BOX[0] / 2 / abs(dx) if dx else float("inf"), _BOX[1] / 2 / abs(dy) if dy else float("inf"))
    return x0 + share * dx, y0 + share * dy


def _describe(values: pd.DataFrame, config: Config) -> str:
    parts = []
    for model, rows in values.groupby("model", sort=False):
        arrows = [
            f"{' to '.join(bare_name_in(node, str(model), config) for node in nodes_of(row.path))} {label_level_of(row._asdict(), config)} "
            f"{format_estimate(row.estimate, row.low, row.high)}{' (flagged)' if row.flag else ''}"
            for row in records(rows)
        ]
        parts.append(f"{label_model(str(model), config)}: {'; '.join(arrows)}")
    return "Path diagrams with estimates. " + ". ".join(parts) + "."
