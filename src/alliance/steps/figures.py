"""Figures: read what one needs, draw it, write it in all its formats."""

from typing import Any

from alliance.config import validate_config
from alliance.report.figures import load_figure
from alliance.report.figures.theme import applied
from alliance.runs.artefacts import read_artefact
from alliance.runs.files import replacing, write_csv, write_json


def draw_figure(
    *, svg: str, png: str, values: str, text: str, name: str, settings: dict[str, Any], **artefacts: str
) -> None:
    """Draw one figure and write it as SVG and PNG, with the values it shows (CSV) and its words (JSON).

    Parameters
    ----------
    text
        File for title, caption and description (``title``, ``caption``, ``alt``).
    settings
        The whole merged configuration.
    artefacts
        Files by their names in `alliance.facts.artefacts`; those in ``NEEDS`` of the figure's module.
    """
    module, config = load_figure(name), validate_config(settings)
    drawing = module.draw({need: read_artefact(artefacts[need], need) for need in module.NEEDS}, config)
    with applied():
        # Without dates and versions of programs, so that the same figure is the same file.
        with replacing(svg) as path:
            drawing.figure.savefig(
                path, format="svg", dpi=config.output.figure_dpi, metadata={"Date": None, "Creator": None}
            )
        drawing.figure.set_layout_engine("none")  # both formats have the same layout, and it is made once
        with replacing(png) as path:
            drawing.figure.savefig(path, format="png", dpi=config.output.figure_dpi, metadata={"Software": None})
    write_csv(drawing.values, values)
    caption = f"{module.CAPTION} {drawing.notes}".strip()
    write_json({"title": module.TITLE, "caption": caption, "alt": drawing.alt}, text)
