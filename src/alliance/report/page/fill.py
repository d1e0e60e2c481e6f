"""Fill the templates of the pages: what data say is escaped, a name that nobody gave is an error, and all pages have one style."""

from collections.abc import Callable, Mapping
from importlib import resources
from typing import Any

import jinja2
from markupsafe import Markup


def read_resource(name: str) -> str:
    """Return the text of a file beside this module."""
    return resources.files("alliance.report.page").joinpath(name).read_text(encoding="utf-8")


def fill_template(name: str, values: Mapping[str, Any], filters: Mapping[str, Callable[..., Any]] | None = None) -> str:
    """Return a page (HTML).

    Parameters
    ----------
    name
        File of the template.
    values
        What it is filled with; ``style`` is added.
    filters
        Functions that the template calls.
    """
    environment = jinja2.Environment(
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        loader=jinja2.FunctionLoader(read_resource),
    )
    environment.filters |= dict(filters or {})
    return environment.get_template(name).render(values, style=Markup(read_resource("style.css")))
