"""A synthesis of several sites as a page of its own, in the style of the report."""

import base64
from collections.abc import Mapping

from markupsafe import Markup

from alliance.report.figures.drawing import Drawing, shorten
from alliance.report.numbers import format_count
from alliance.report.page.fill import fill_template
from alliance.report.prose.synthesis import describe_synthesis
from alliance.report.tables.render import render_html
from alliance.report.tables.table import Table
from alliance.synthesis.combine import Synthesis


def build_synthesis_page(
    found: Synthesis, drawing: Drawing, caption: str, svg: bytes, tables: Mapping[str, Table]
) -> str:
    """Return the page (HTML), self-contained and without scripts.

    Parameters
    ----------
    caption
        Of the figure, whose drawing is `svg`.
    """
    sites = list(dict.fromkeys(found.sites["site"]))
    return fill_template(
        "synthesis.html.j2",
        {
            "title": f"What {len(sites)} sites say together",
            "facts": [
                ("Sites", ", ".join(sites)),
                ("Quantities", format_count(len(found.pooled))),
                ("Not put together", format_count(len(found.refused))),
            ],
            "passages": describe_synthesis(found),
            "image": f"data:image/svg+xml;base64,{base64.b64encode(svg).decode('ascii')}",
            "figure": drawing,
            "alt": shorten(drawing.alt),
            "caption": caption,
            "tables": [(table, render_html(table, name)) for name, table in tables.items() if len(table.shown)],
        },
        {"trusted": Markup},
    )
