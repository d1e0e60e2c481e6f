"""What whoever opens a run's folder without knowing the workflow reads first."""

from collections.abc import Mapping
from typing import Any

from alliance.facts.licences import say_licence
from alliance.runs.files import CONFIG, CRATE, MANIFEST, PROVENANCE, WORKFLOW


def readme_of(settings: Mapping[str, Any]) -> str:
    """Return the README of a run, in Markdown.

    Parameters
    ----------
    settings
        The whole configuration, as results hold it.
    """
    run, output = settings["run"], settings["output"]
    publisher = output["publisher"]
    by = f" Published by {publisher['name']}, {publisher['address']}." if publisher else ""
    return "\n".join(
        [
            f"# {run['title']}",
            "",
            settings["study"]["description"],
            "",
            f"These are the results of the run `{run['name']}`.{by} Begin with `report.html`; `supplement.html` has all the rest.",
            "",
            f"- `{MANIFEST}` lists every file with its size and SHA-256; `alliance verify` says whether all are as they were made.",
            f"- `{CRATE}` says which job made which file, when, and from what.",
            f"- `{PROVENANCE}`, `{CONFIG}` and `{WORKFLOW}/` have versions, settings and the workflow that made them.",
            "",
            "The export that the run began with is not here.",
            "",
            "## Licence",
            "",
            say_licence(output["licence"]),
            "",
        ]
    )
