"""Effect cards of several sites, read, put together, and written to a folder of their own."""

from collections.abc import Sequence
from pathlib import Path

from alliance.config import read_yaml
from alliance.report.figures.synthesis import CAPTION, draw_synthesis
from alliance.report.figures.theme import applied
from alliance.report.page.synthesis import build_synthesis_page
from alliance.report.tables.synthesis import make_pooled, make_refused, make_sites
from alliance.report.tables.word import render_docx
from alliance.results.disclosure import publish_digits
from alliance.runs.files import ORIGIN, write_bytes, write_csv, write_text
from alliance.runs.guards import RunError
from alliance.steps.figures import save_figure
from alliance.synthesis.card import parse_card
from alliance.synthesis.combine import Synthesis, combine

PAGE = "synthesis.html"
_DPI = 300


def synthesise(*, cards: Sequence[str], folder: str) -> Synthesis:
    """Put cards together and write page, figure and tables.

    Parameters
    ----------
    cards
        Files.
    folder
        Is made where it is not there; must hold nothing but an earlier synthesis.

    Raises
    ------
    ConfigError, DataError
        A card cannot be read, or cards cannot be put together.
    RunError
        The folder holds something else.
    """
    found = combine([parse_card(read_yaml(Path(card)), card) for card in cards])
    out = Path(folder)
    _check_folder(out)
    drawing = draw_synthesis(found)
    tables = {"pooled": make_pooled(found), "sites": make_sites(found), "refused": make_refused(found)}
    with applied():
        save_figure(drawing.figure, out / "forest.svg", out / "forest.png", _DPI)
    write_csv(publish_digits(drawing.values), out / "forest.csv")
    for name, table in tables.items():
        write_csv(publish_digits(table.data), out / f"{name}.csv")
        if len(table.shown):
            write_bytes(render_docx(table), out / f"{name}.docx")
    page = build_synthesis_page(found, drawing, CAPTION, (out / "forest.svg").read_bytes(), tables)
    write_text(page, out / PAGE)
    return found


def _check_folder(folder: Path) -> None:
    if (folder / ORIGIN).exists():
        raise RunError(f"{folder}/ holds the results of a run. Choose another folder: --out results/synthesis_of_sites")
    if folder.exists() and (not folder.is_dir() or (any(folder.iterdir()) and not (folder / PAGE).is_file())):
        raise RunError(
            f"{folder} holds something else, which would be mixed up with a synthesis. Choose a new folder with --out."
        )
