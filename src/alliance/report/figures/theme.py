"""The one look of all figures: sizes of a journal column, colours that survive greyscale, text that stays text."""

import textwrap
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import matplotlib as mpl
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.category import StrCategoryFormatter
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.text import Text
from matplotlib.ticker import FixedFormatter, Formatter, FuncFormatter

from alliance.report.figures.drawing import Drawing
from alliance.report.words import Speech

_MM_PER_INCH = 25.4
SINGLE, DOUBLE = 85 / _MM_PER_INCH, 175 / _MM_PER_INCH  # column widths of journals, in inches
POINTS = 72  # to the inch
PAGE = 9.6  # inches that a printed page holds
_MOST_MODELS = 4  # of one path, side by side
TEXT, SMALL = 8.0, 7.0  # points at print size; nothing is smaller than SMALL
LINE = 1.25 * SMALL  # points from one line of small text to the next

# Dark to light, so that they stay apart in grey; blue against orange stays apart for all common kinds of colour blindness. The first three
# are colours of marks, and stand out from white paper by 3 to 1 or more; the last one is for areas behind them.
NAVY, BLUE, ORANGE, PALE = "#12355B", "#2B6CA3", "#CF7F0E", "#CBD5DE"
INK, MUTED, RULE = "#1A1A1A", "#595959", "#B8BEC4"
SERIES = (NAVY, ORANGE, BLUE)
MARKERS = ("o", "s", "^")
LINES: tuple[Any, ...] = ("-", "--", ":")
LEVEL_COLOURS = {
    "within": BLUE,
    "between_patient": NAVY,
    "between_therapist": ORANGE,
    "overall": NAVY,
    "session": BLUE,
    "patient": NAVY,
    "therapist": ORANGE,
}
LEVEL_MARKERS = {"within": "o", "between_patient": "s", "between_therapist": "^", "overall": "D"}
LEVEL_GLYPHS = {"within": "●", "between_patient": "■", "between_therapist": "▲", "overall": "◆"}
LEVEL_LINES = {"within": "-", "between_patient": "--", "between_therapist": ":", "overall": "-."}
LEVEL_HATCHES = {"session": "", "patient": "", "therapist": "///"}
# Behind text inside axes, so that no line runs through it.
CLEAR: dict[str, Any] = {"facecolor": "white", "edgecolor": "none", "pad": 0.8}
FLAG = "†"  # follows every estimate whose diagnostics found something

_RC: dict[Any, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": TEXT,
    "axes.titlesize": TEXT,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": TEXT,
    "axes.labelcolor": INK,
    "axes.edgecolor": MUTED,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.unicode_minus": True,
    "axes.formatter.useoffset": False,
    "xtick.labelsize": SMALL,
    "ytick.labelsize": SMALL,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.major.size": 2.5,
    "ytick.major.size": 2.5,
    "legend.fontsize": SMALL,
    "legend.frameon": False,
    "lines.linewidth": 1.4,
    "lines.markersize": 4,
    "patch.linewidth": 0.6,
    "hatch.linewidth": 0.5,
    "text.color": INK,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "text.parse_math": False,  # a label with two dollar signs is a label, no formula
    "svg.fonttype": "none",
    "svg.hashsalt": "alliance",  # element ids of the SVG would otherwise differ from run to run
    "path.simplify": True,
}


@contextmanager
def applied() -> Iterator[None]:
    """Apply the theme to everything drawn or saved inside the block."""
    with mpl.rc_context(), sns.axes_style("ticks"):
        mpl.rcParams.update(_RC)
        yield


def new_figure(
    width: float, height: float, rows: int = 1, columns: int = 1, **options: Any
) -> tuple[Figure, list[Axes]]:
    """Return a figure of `width` x `height` inches with its axes in reading order.

    The figure belongs to no window system, so nothing has to be closed.
    """
    figure = Figure(
        figsize=(width, height), layout=ConstrainedLayoutEngine(w_pad=0.04, h_pad=0.04, wspace=0.03, hspace=0.03)
    )
    axes = figure.subplots(rows, columns, squeeze=False, **options)
    return figure, list(axes.ravel())


def new_canvas(width: float, height: float) -> tuple[Figure, Axes]:
    """Return a figure for diagrams: one pair of invisible axes whose units are points, from the lower left corner.

    Parameters
    ----------
    width, height
        Size in points (72 to the inch), so that text of a known size can be placed without measuring.
    """
    figure = Figure(figsize=(width / POINTS, height / POINTS))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_xlim(0, width)
    axes.set_ylim(0, height)
    axes.set_axis_off()
    return figure, axes


def fill_page[T](panels: Iterable[T], height: Callable[[T], float], beside: float = 0.0) -> tuple[list[T], list[T]]:
    """Split panels into those that a page holds and the others: one after the other, those that find no room are passed over.

    Parameters
    ----------
    height
        Of a panel, in inches; the first one is always among those that are drawn.
    beside
        What stands beside them takes of the page, in inches.
    """
    fitting: list[T] = []
    others: list[T] = []
    used = beside
    for panel in panels:
        if fitting and used + height(panel) > PAGE:
            others.append(panel)
        else:
            fitting.append(panel)
            used += height(panel)
    return fitting, others


def first_models(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the first models of each path: those of the questions that come first, beside which others stand."""
    order = rows.groupby("path", sort=False)["model"].transform(lambda models: pd.factorize(models)[0])
    return rows[order < _MOST_MODELS]


def note_of_others(others: Sequence[object], what: str) -> str:
    """Say how many panels a page does not hold, and that their numbers are there; nothing where it holds all."""
    return f"The page does not hold all: {what} of {len(others)} more in the values of this figure." if others else ""


def first_with_styles[T](curves: Sequence[tuple[str, T]]) -> list[tuple[str, T]]:
    """Return the curves of the first models that all differ in colour, line and marker; of a model all are shown or none.

    Parameters
    ----------
    curves
        Model and what is drawn of it, in their order.
    """
    sizes = Counter(model for model, _ in curves)
    kept: set[str] = set()
    for model in sizes:
        if kept and sum(sizes[one] for one in kept) + sizes[model] > len(SERIES):
            break
        kept.add(model)
    return [(model, curve) for model, curve in curves if model in kept]


def wrap(text: str, width: int) -> str:
    """Break a label into lines of at most `width` characters, between words."""
    return "\n".join(textwrap.wrap(text, width, break_long_words=False)) or text


def draw_unavailable(reason: str) -> Drawing:
    """Return a figure that says in words why there is nothing to draw; better than empty axes."""
    with applied():
        figure, (axes,) = new_figure(SINGLE, 0.9)
        axes.set_axis_off()
        axes.text(
            0.5, 0.5, wrap(reason, 48), ha="center", va="center", fontsize=TEXT, color=INK, transform=axes.transAxes
        )
    return Drawing(figure, pd.DataFrame({"not_available": [reason]}), f"Not available: {reason}")


def mark_flags(texts: Sequence[str], flags: Sequence[str]) -> list[str]:
    """Append the sign of a flag to the texts whose estimate carries one."""
    return [f"{text} {FLAG}" if flag else text for text, flag in zip(texts, flags, strict=True)]


def note_of_flags(flags: Sequence[str]) -> str:
    """Return the footnote that explains the sign, or an empty string if nothing is flagged."""
    found = sorted({part.strip() for flag in flags if flag for part in str(flag).split(";")})
    return f"{FLAG} Flagged by the diagnostics: {', '.join(found)}." if found else ""


def say_figure(figure: Any, speech: Speech) -> None:
    """Put the study's words in place of this project's in all texts of a figure, those beside ticks among them."""
    if speech.silent:
        return
    for text in figure.findobj(Text):
        text.set_text(speech.say(text.get_text()))
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            for level, set_formatter in (("major", axis.set_major_formatter), ("minor", axis.set_minor_formatter)):
                inner = getattr(axis, f"get_{level}_formatter")()
                if isinstance(inner, FuncFormatter | FixedFormatter | StrCategoryFormatter):
                    set_formatter(_Said(inner, speech))


class _Said(Formatter):
    """Writes ticks as another formatter does, in the words of a study."""

    def __init__(self, inner: Formatter, speech: Speech) -> None:
        self._inner, self._speech = inner, speech

    def __call__(self, x: float, pos: int | None = None) -> str:
        return self._speech.say(str(self._inner(x, pos)))


def bare_values(values: pd.DataFrame, speech: Speech) -> pd.DataFrame:
    """Return the values of a figure without what shields the words of labels."""
    texts = [column for column in values.columns if values[column].dtype.kind not in "biufcmM"]
    if speech.silent or not texts:
        return values
    return values.assign(**{c: [speech.bare(v) if isinstance(v, str) else v for v in values[c]] for c in texts})
