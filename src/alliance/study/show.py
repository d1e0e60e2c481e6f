"""How studies, fits and runs show themselves in a notebook and on a console."""

from collections.abc import Iterable
from html import escape

import pandas as pd

from alliance.config import ModelSpec


class Text(str):
    """Lines of text that a console and a notebook show as they are, with or without `print`."""

    def __repr__(self) -> str:
        return str(self)


def write_formula(outcome: str, spec: ModelSpec) -> str:
    """Write one equation as R does: ``alliance ~ technique + session + (1 + technique | patient) + (1 | therapist)``.

    >>> write_formula("alliance", study.specs["technique_jointly"])
    """
    equation = spec.equations[outcome]
    varying = [
        f"({' + '.join('1' if term == 'intercept' else term for term in terms)} | {unit})"
        for unit, terms in equation.vary.items()
        if terms
    ]
    return f"{outcome} ~ {' + '.join([*(equation.on or ['1']), *varying])}"


def html_page(title: str, lines: Iterable[str], *blocks: str) -> str:
    """Return a title, plain lines and finished blocks as HTML; title and lines are escaped."""
    shown = "".join(f"<div>{escape(line)}</div>" for line in lines if line)
    return f"<div><b>{escape(title)}</b>{shown}{''.join(blocks)}</div>"


def html_table(table: pd.DataFrame, decimals: int = 3) -> str:
    """Return a table as HTML, escaped."""
    return table.to_html(index=False, float_format=lambda value: f"{value:.{decimals}f}", na_rep="", border=0)
