"""What was observed when: share of the patients still in treatment with a value, by variable and session."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.patches import Patch
from matplotlib.ticker import StrMethodFormatter

from alliance.config import Config
from alliance.data.panel import sessions_held
from alliance.facts.columns import ENDINGS, PATIENT, SESSION
from alliance.report.figures import theme
from alliance.report.figures.drawing import Drawing
from alliance.report.labels import find_roles, label_groups, label_of
from alliance.report.numbers import format_count, format_percent
from alliance.results.disclosure import in_multiples_of_all

TITLE = "Observed values by session"
CAPTION = (
    "Above: patients still in treatment (the last session with any value has not passed). Below: share of them with a value; a skipped "
    "session, or one without any value, counts as not observed."
)
NEEDS = ("panel",)
_SHADES = LinearSegmentedColormap.from_list("observed", ["#FFFFFF", theme.PALE, theme.BLUE, theme.NAVY])
_STEPS = (0.0, 0.25, 0.5, 0.75, 1.0)  # shares that the scale of the shades shows
_NUMBERED, _LINED = 20, 60  # sessions up to which shares are written into cells, and cells are set apart
_DARK = 0.55  # shares above it are written in white
_BARS, _DIGIT = 0.86, 0.62  # share of the figure's width that bars have; width of a digit, in heights of its letters


def draw(inputs: Mapping[str, pd.DataFrame], config: Config) -> Drawing:
    """Draw bars of the patients still in and a heat map of the share observed; small cells are suppressed."""
    panel = inputs["panel"]
    values = share_observed(panel, config)
    if values.empty:
        return theme.draw_unavailable(
            "No variable of this study is measured at sessions, or at no session are enough patients still in treatment."
        )
    counted = values.drop_duplicates(SESSION).set_index(SESSION)
    still_in, said = counted["still_in"], counted["patients"]
    variables = list(dict.fromkeys(values["variable"]))
    grid = values.pivot(index="variable", columns=SESSION, values="share").loc[variables]
    with theme.applied():
        height = 1.6 + 0.19 * len(variables) + 0.2 * (len(still_in) > _NUMBERED)
        figure, (above, below) = theme.new_figure(
            theme.DOUBLE, height, 2, 1, height_ratios=[0.9, 0.25 + 0.19 * len(variables)]
        )
        positions = np.arange(len(still_in)) + 0.5
        above.bar(positions, still_in.fillna(0), color=theme.BLUE, width=0.8)
        every = _room_for(list(said))
        beside = every > 1  # the first count, wider than its bar: not into the axis
        for place in (0, *range(math.ceil(1.5 * every) if beside else 1, len(said), every)):
            n, aside = still_in.iloc[place], place == 0 and beside
            above.annotate(
                said.iloc[place], (0.1 if aside else positions[place], 0 if np.isnan(n) else n), (0, 1),
                textcoords="offset points", ha="left" if aside else "center", va="bottom", fontsize=theme.SMALL,
            )  # fmt: skip
        above.set_xlim(0, len(still_in))
        above.set_xticks([])
        above.margins(y=0.22)
        above.set_ylabel("Patients\nstill in")
        above.yaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
        few = len(still_in) <= _NUMBERED
        sns.heatmap(
            grid, ax=below, vmin=0, vmax=1, cmap=_SHADES, cbar=False, rasterized=True,
            linewidths=0.6 if len(still_in) <= _LINED else 0, linecolor="white",
            yticklabels=[theme.wrap(label_of(name, config), 40) for name in variables], xticklabels=False,
        )  # fmt: skip
        below.hlines(range(1, len(variables)), 0, len(still_in), color="white", linewidth=0.6)
        numbers = [str(session) for session in grid.columns]
        apart = _room_for(numbers)
        below.set_xticks(positions[::apart], numbers[::apart])
        below.set_facecolor("white")
        for (row, column), share in np.ndenumerate(grid.to_numpy(dtype=float)):
            if few and not np.isnan(share):
                colour = "white" if share > _DARK else theme.INK
                below.text(
                    column + 0.5,
                    row + 0.5,
                    f"{100 * share:.0f}",
                    ha="center",
                    va="center",
                    fontsize=theme.SMALL,
                    color=colour,
                )
        below.set_xlabel("Session (numbers: per cent observed)" if few else "Session")
        below.set_ylabel("")
        below.tick_params(length=0)
        below.tick_params(axis="both", labelrotation=0)
        if not few:
            figure.legend(handles=_scale(), loc="outside lower center", ncols=len(_STEPS))
    return Drawing(figure, values, _describe(values, config), _notes(panel, config))


def share_observed(panel: pd.DataFrame, config: Config) -> pd.DataFrame:
    """Return by variable and session how many patients are still in and the share of them with a value.

    Composites are left out (their parts are shown); a category is observed if any of its columns is. Numbers of patients are multiples
    of `privacy.minimum_cell`, and so are those behind the shares: differences between sessions, and between those who are still in and
    those observed, would be counts of few. What is all of the study but so few counts as all of it. Sessions with too few patients are
    left out: the number of the last one is how long the last patient stayed.
    """
    last = panel[sessions_held(panel, config.variables)].groupby(PATIENT)[SESSION].max()
    sessions = [int(number) for number in np.sort(panel.drop_duplicates(SESSION)[[SESSION]].to_numpy().ravel())]
    least, everyone, fewest = config.privacy.minimum_cell, len(last), _fewest(panel, config)

    def rounded(n: int) -> float:
        return in_multiples_of_all(n, everyone, least)

    rows = []
    for name in _ordered_variables(config):
        columns = _columns_of(name, panel, config)
        if not columns:
            continue
        observed = panel.loc[panel[columns].notna().any(axis=1)].groupby(SESSION)[PATIENT].nunique()
        for session in sessions:
            n, seen = int((last >= session).sum()), int(observed.get(session, 0))
            if n < fewest:
                break  # later sessions have no more
            share = np.nan if 0 < seen < least else min(1.0, rounded(seen) / rounded(n))
            said = (
                f">{format_count(everyone - least)}" if least > 1 and everyone - n < least else format_count(rounded(n))
            )
            rows.append((name, session, rounded(n), round(share, 4), said))
    return pd.DataFrame(rows, columns=["variable", SESSION, "still_in", "share", "patients"])


def _scale() -> list[Patch]:
    """Return what tells the shades, where shares are not written into the cells."""
    return [
        Patch(facecolor=_SHADES(share), edgecolor=theme.RULE, linewidth=0.5, label=f"{format_percent(share)} observed")
        for share in _STEPS
    ]


def _room_for(counts: Sequence[str]) -> int:
    """Return that every n-th bar has its text, above or below it, so that no two of them touch."""
    bar = 72 * theme.DOUBLE * _BARS / len(counts)
    widest = theme.SMALL * _DIGIT * (max(map(len, counts)) + 1)
    return math.ceil(widest / bar)


def _fewest(panel: pd.DataFrame, config: Config) -> int:
    """Return how many patients a session must have: since another figure says which groups have the minimum, once more than they need."""
    groups, least = label_groups(panel, config), config.privacy.minimum_cell
    return least * (1 + (1 if groups is None else max(1, groups.nunique()))) if least > 1 else 1


def _ordered_variables(config: Config) -> list[str]:
    """Mediators and outcome first, then the others as declared."""
    first = [name for name in find_roles(config).session_scores if name in config.variables]
    declared = [
        name for name, variable in config.variables.items() if variable.table == "sessions" and not variable.is_made
    ]
    return [*(name for name in first if name in declared), *(name for name in declared if name not in first)]


def _columns_of(name: str, panel: pd.DataFrame, config: Config) -> list[str]:
    if name in panel.columns:
        return [name]
    if config.variables[name].kind != "category":
        return []
    return [column for column in panel.columns if column.startswith(f"{name}_") and not column.endswith(ENDINGS)]


def _describe(values: pd.DataFrame, config: Config) -> str:
    counted = values.drop_duplicates(SESSION).dropna(subset=["still_in"])
    if counted.empty:
        return "Heat map of observed values; every session has too few patients to be shown."
    first, last = counted.iloc[0], counted.iloc[-1]
    overall = values.groupby("variable", sort=False).apply(
        lambda part: float(np.average(part["share"].fillna(0), weights=part["still_in"].fillna(0)))
    )
    worst = str(overall.idxmin())
    return (
        f"Bars: {format_count(first['still_in'])} patients at session {int(first[SESSION])}, {format_count(last['still_in'])} still in at "
        f"session {int(last[SESSION])}. Heat map: of the patients still in, between {format_percent(overall.min())} "
        f"({label_of(worst, config)}) and {format_percent(overall.max())} have a value, over all sessions."
    )


def _notes(panel: pd.DataFrame, config: Config) -> str:
    least, fewest = config.privacy.minimum_cell, _fewest(panel, config)
    notes = [f"Counts are multiples of {least}, shares are those of such counts."] if least > 1 else []
    last = panel[sessions_held(panel, config.variables)].groupby(PATIENT)[SESSION].max()
    if (last >= panel[SESSION].max()).sum() < fewest:
        notes.append(f"Later sessions, with fewer than {fewest} patients still in, are not shown.")
    return " ".join(notes)
