"""Figures: read what one needs, draw it, write it in all its formats."""

from pathlib import Path
from typing import Any

from alliance.config import validate_config
from alliance.report.figures import load_figure
from alliance.report.figures.coordinates import in_tenths
from alliance.report.figures.drawing import shorten
from alliance.report.figures.scope import restrict_to_question
from alliance.report.figures.theme import applied, bare_values, say_figure
from alliance.report.words import Speech
from alliance.results.disclosure import publish_digits
from alliance.runs.files import replacing, write_csv, write_json
from alliance.steps.inputs import read_inputs


def draw_figure(
    *,
    svg: str,
    png: str,
    values: str,
    text: str,
    name: str,
    number: str = "",
    settings: dict[str, Any],
    **artefacts: str,
) -> None:
    """Draw one figure and write it as SVG and PNG, with the values it shows (CSV) and its words (JSON).

    Parameters
    ----------
    text
        File for title, caption and description (``title``, ``caption``, ``alt``), and the number.
    number
        Of the figure in the report (``3``) or its supplement (``S3``); empty where there is none.
    settings
        The whole merged configuration.
    artefacts
        Files by their names in `alliance.facts.artefacts`; those in ``NEEDS`` of the figure's module.
    """
    module, speech = load_figure(name), Speech(validate_config(settings))
    config = speech.config
    inputs = read_inputs(artefacts, module.NEEDS, config)
    drawing = module.draw(restrict_to_question(name, inputs, config), config)
    with applied():
        say_figure(drawing.figure, speech)
        save_figure(drawing.figure, svg, png, config.output.figure_dpi)
    write_csv(publish_digits(bare_values(drawing.values, speech)), values)
    caption = f"{module.CAPTION} {drawing.notes}".strip()
    about = {"title": module.TITLE, "caption": caption, "alt": drawing.alt}
    said = {key: speech.say(words) for key, words in about.items()}
    write_json({"number": number} | said | {"alt": shorten(said["alt"])}, text)


def save_figure(figure: Any, svg: str | Path, png: str | Path, dpi: int) -> None:
    """Write a figure in both formats, under the theme with which it was drawn."""
    # Without dates and versions of programs, so that the same figure is the same file.
    with replacing(svg) as path:
        figure.savefig(path, format="svg", dpi=dpi, metadata={"Date": None, "Creator": None})
        Path(path).write_text(in_tenths(Path(path).read_text(encoding="utf-8")), encoding="utf-8")
    figure.set_layout_engine("none")  # both formats have the same layout, and it is made once
    with replacing(png) as path:
        figure.savefig(path, format="png", dpi=dpi, metadata={"Software": None})
