"""Parts of the report that are neither figures nor tables of the run: where its results come from.

Each function in `BLOCKS` takes the content of the report and returns tables of plain text, or none if there is nothing to show.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd
import yaml

from alliance.config import Config
from alliance.report.numbers import format_count
from alliance.report.prose.passage import Inputs
from alliance.report.tables.table import Table

# What reading the results of a run rests on; the whole list of packages is folded away below it.
_MAIN_PACKAGES = (
    "python",
    "platform",
    "alliance",
    "numpy",
    "pandas",
    "scipy",
    "statsmodels",
    "pymc",
    "arviz",
    "numba",
    "snakemake",
)


@dataclass(frozen=True)
class Block:
    """A table, or a text that is shown as it is.

    Parameters
    ----------
    folded
        Whether the reader has to open it.
    name
        For links, where others have the same caption.
    """

    caption: str
    table: Table | None = None
    text: str = ""
    folded: bool = False
    name: str = ""


@dataclass(frozen=True)
class Output:
    """A figure or table of this run and how it is made again."""

    kind: str
    name: str
    title: str
    command: str
    module: str
    needs: tuple[str, ...]
    number: str = ""

    @property
    def called(self) -> str:
        """What sentences call it: ``Table S3``."""
        return f"{self.kind} {self.number}".strip()


@dataclass(frozen=True)
class Material:
    """What blocks are made from."""

    config: Config
    inputs: Inputs
    provenance: Mapping[str, Any] = field(default_factory=dict)
    outputs: Sequence[Output] = ()
    command: str = "snakemake --cores 2"


def tabulate(
    caption: str,
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    code: Sequence[str] = (),
    *,
    folded: bool = False,
) -> Block:
    """Return a block with a table of text; `code` names the columns that hold code."""
    cells = pd.DataFrame(list(rows), columns=list(columns), dtype=object)
    return Block(caption, Table(cells, cells, caption, code=tuple(code)), folded=folded)


def make_commands(material: Material) -> list[Block]:
    """List the command that makes each figure and table again, what it is made from, and by which module."""
    whole = [("The whole run and this report", material.command, "workflow/Snakefile")]
    made = [
        (f"{output.called}: {output.title}", output.command, ", ".join(output.needs), output.module)
        for output in material.outputs
    ]
    once = ("Result", "Command", "Made by")
    blocks = [tabulate("One command, given in the project's folder", once, whole, once[1:])]
    if made:
        each = ("Result", "Command", "Made from", "Made by")
        blocks.append(tabulate("Commands for single figures and tables", each, made, each[1:], folded=True))
    return blocks


def make_inputs(material: Material) -> list[Block]:
    """List the files that were read, with size and hash."""
    files = material.provenance.get("inputs", [])
    rows = [(str(item["file"]), format_count(item["bytes"]), str(item["sha256"])) for item in files]
    columns = ("File", "Bytes", "SHA-256")
    return [tabulate("Files that were read", columns, rows, ("File", "SHA-256"))] if rows else []


def make_code(material: Material) -> list[Block]:
    """List configuration files, seed and state of the code."""
    if not material.provenance:
        return []
    code = material.provenance.get("code", {})
    rows = [("seed of all random numbers", str(material.config.run.seed))]
    rows += [("configuration", str(item)) for item in material.provenance.get("configuration", [])]
    rows += [(str(key).replace("_", " "), str(value)) for key, value in code.items() if key != "fingerprints"]
    if "recorded" in material.provenance:
        rows.append(("recorded", str(material.provenance["recorded"])))
    blocks = [tabulate("Code and seed", ("What", "Value"), rows, ("Value",))]
    prints = [(str(step), str(value)) for step, value in code.get("fingerprints", {}).items()]
    if prints:
        columns = ("Step or model", "Fingerprint")
        blocks.append(
            tabulate("Fingerprints of the code behind each step and model", columns, prints, columns, folded=True)
        )
    return blocks


def make_software(material: Material) -> list[Block]:
    """List the versions of the main packages, and of all packages folded away."""
    versions = {str(name): str(version) for name, version in material.provenance.get("software", {}).items()}
    if not versions:
        return []
    main = [(name, versions[name]) for name in _MAIN_PACKAGES if name in versions]
    every = list(versions.items())
    return [
        tabulate("Main software", ("Package", "Version"), main, ("Version",)),
        tabulate("All installed packages", ("Package", "Version"), every, ("Version",), folded=True),
    ]


def make_configuration(material: Material) -> list[Block]:
    """Show the whole merged configuration."""
    settings = material.config.model_dump(mode="json", by_alias=True)
    text = yaml.safe_dump(settings, sort_keys=False, allow_unicode=True, width=100)
    return [Block("The whole merged configuration", text=text, folded=True)]


BLOCKS: dict[str, Callable[[Material], list[Block]]] = {
    "commands": make_commands,
    "inputs": make_inputs,
    "code": make_code,
    "software": make_software,
    "configuration": make_configuration,
}
