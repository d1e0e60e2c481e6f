"""Parts of the report that are neither figures nor tables of the run: models, settings, comparison, truth, provenance.

Each function in `BLOCKS` takes the content of the report and returns tables of plain text, or none if there is nothing to
show; the report escapes every cell.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

import pandas as pd
import yaml

from alliance.config import Config, Equation
from alliance.report.labels import label_effect, label_level, label_model, label_of, label_quantity
from alliance.report.numbers import common_decimals, format_count, format_number, format_percent
from alliance.report.prose.passage import Inputs, rows_of, table_of

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
class Grid:
    """A small table of text.

    Parameters
    ----------
    caption
        What it shows.
    columns
        Headings; the first column names its rows.
    rows
        Cells as text.
    numeric
        Positions of the columns that hold numbers and are set to the right.
    code
        Positions of the columns that hold code.
    folded
        Whether the reader has to open it.
    grouped
        Whether rows with the same first cell are put together under it; the second column then names them.
    """

    caption: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    numeric: tuple[int, ...] = ()
    code: tuple[int, ...] = ()
    folded: bool = False
    grouped: bool = False

    def groups(self) -> list[tuple[str, list[tuple[str, ...]]]]:
        """Return the rows under their common first cell, or all of them as one group without a name."""
        if not self.grouped:
            return [("", list(self.rows))]
        return [(name, list(rows)) for name, rows in groupby(self.rows, key=lambda row: row[0])]


@dataclass(frozen=True)
class Listing:
    """Text that is shown as it is, folded away."""

    caption: str
    text: str


@dataclass(frozen=True)
class Output:
    """A figure or table of this run and how it is made again."""

    kind: str
    name: str
    title: str
    command: str
    module: str
    needs: tuple[str, ...]


@dataclass(frozen=True)
class Material:
    """What blocks are made from."""

    config: Config
    inputs: Inputs
    provenance: Mapping[str, Any] = field(default_factory=dict)
    outputs: Sequence[Output] = ()
    command: str = "snakemake --cores 2"


Block = Grid | Listing


def make_models(material: Material) -> list[Block]:
    """List each model with its equations, its method and how many rows each equation could use."""
    config = material.config
    flow = table_of(material.inputs, "flow")
    rows = []
    for name in config.models.fit:
        spec = config.models.specs[name]
        engines = {row["engine"] for row in rows_of(table_of(material.inputs, "estimates"), model=name)}
        method = ", ".join([f"family {spec.family}", *sorted(engines)])
        used = {row["outcome"]: row for row in rows_of(flow, model=name, stage="analysed")}
        if spec.analysis == "variance":
            lines = [(variable, "shares of variance", "") for variable in spec.variables]
        else:
            lines = [
                (outcome, _terms(equation, config), _varying(equation, config))
                for outcome, equation in spec.equations.items()
            ]
        for outcome, predictors, varying in lines:
            row = used.get(outcome)
            counts = (format_count(row["n_patients"]), format_count(row["n_sessions"])) if row else ("", "")
            rows.append(
                (f"{label_model(name, config)}; {method}", label_of(outcome, config), predictors, varying, *counts)
            )
    columns = ("Model", "Outcome", "Predictors", "Varies between", "Patients", "Sessions")
    return [Grid("Equations of the models", columns, rows, numeric=(4, 5), grouped=True)]


def make_differences(material: Material) -> list[Block]:
    """List the settings in which this run differs from the one it is compared with."""
    if "differences" not in material.inputs:
        return []
    base = material.config.run.compare_to or "other run"
    rows = [(row["setting"], row["base"], row["this"]) for row in rows_of(material.inputs["differences"])]
    return [Grid("Settings that differ", ("Setting", f"Run “{base}”", "This run"), rows, code=(0, 1, 2))]


def make_comparison(material: Material) -> list[Block]:
    """List the estimates of both runs side by side, with intervals, N and flags."""
    config = material.config
    base = config.run.compare_to or "other run"
    rows = []
    for row in rows_of(table_of(material.inputs, "comparison")):
        rows.append(
            (
                label_model(row["model"], config),
                _quantity(row, config),
                _side(row, "base"),
                _side(row, "this"),
                _difference(row),
                format_percent(row["overlap"]),
                row["change"],
            )
        )
    columns = ("Model", "Estimate of", f"Run “{base}”", "This run", "Difference", "Overlap", "Change")
    return (
        [
            Grid(
                "Estimates side by side: interval, patients/sessions/therapists, flag",
                columns,
                rows,
                numeric=(4, 5),
                grouped=True,
            )
        ]
        if rows
        else []
    )


def make_truth(material: Material) -> list[Block]:
    """List estimates next to the known truth of a simulated study."""
    config = material.config
    rows = []
    for row in rows_of(table_of(material.inputs, "truth")):
        digits = common_decimals([row["truth"], row["estimate"], row["low"], row["high"]], row["high"] - row["low"])
        truth, estimate, low, high = (format_number(row[name], digits) for name in ("truth", "estimate", "low", "high"))
        size = _size(row["n_patients"], row["n_sessions"], row["n_therapists"])
        rows.append(
            (
                label_model(row["model"], config),
                _quantity(row, config),
                truth,
                estimate,
                f"{low} to {high}",
                size,
                "yes" if str(row["holds"]).lower() == "true" else "no",
                _flag(row["flag"]),
            )
        )
    columns = (
        "Model",
        "Estimate of",
        "Truth",
        "Estimate",
        "Interval",
        "Patients / sessions / therapists",
        "Interval holds the truth",
        "Flag",
    )
    return [Grid("Truth and estimates", columns, rows, numeric=(2, 3, 4), grouped=True)] if rows else []


def make_commands(material: Material) -> list[Block]:
    """List the command that makes each figure and table again, what it is made from, and by which module."""
    whole = [("The whole run and this report", material.command, "workflow/Snakefile")]
    made = [
        (f"{output.kind}: {output.title}", output.command, ", ".join(output.needs), output.module)
        for output in material.outputs
    ]
    blocks: list[Block] = [
        Grid("One command, given in the project's folder", ("Result", "Command", "Made by"), whole, code=(1, 2))
    ]
    if made:
        columns = ("Result", "Command", "Made from", "Made by")
        blocks.append(Grid("Commands for single figures and tables", columns, made, code=(1, 2, 3), folded=True))
    return blocks


def make_inputs(material: Material) -> list[Block]:
    """List the files that were read, with size and hash."""
    files = material.provenance.get("inputs", [])
    rows = [(str(item["file"]), format_count(item["bytes"]), str(item["sha256"])) for item in files]
    return [Grid("Files that were read", ("File", "Bytes", "SHA-256"), rows, numeric=(1,), code=(0, 2))] if rows else []


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
    blocks: list[Block] = [Grid("Code and seed", ("What", "Value"), rows, code=(1,))]
    prints = [(str(step), str(value)) for step, value in code.get("fingerprints", {}).items()]
    if prints:
        blocks.append(
            Grid(
                "Fingerprints of the code behind each step and model",
                ("Step or model", "Fingerprint"),
                prints,
                code=(0, 1),
                folded=True,
            )
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
        Grid("Main software", ("Package", "Version"), main, code=(1,)),
        Grid("All installed packages", ("Package", "Version"), every, code=(1,), folded=True),
    ]


def make_configuration(material: Material) -> list[Block]:
    """Show the whole merged configuration."""
    settings = material.config.model_dump(mode="json", by_alias=True)
    return [
        Listing(
            "The whole merged configuration", yaml.safe_dump(settings, sort_keys=False, allow_unicode=True, width=100)
        )
    ]


BLOCKS: dict[str, Callable[[Material], list[Block]]] = {
    "models": make_models,
    "differences": make_differences,
    "comparison": make_comparison,
    "truth": make_truth,
    "commands": make_commands,
    "inputs": make_inputs,
    "code": make_code,
    "software": make_software,
    "configuration": make_configuration,
}


def _terms(equation: Equation, config: Config) -> str:
    return "; ".join(label_of(name, config) for name in equation.on)


def _varying(equation: Equation, config: Config) -> str:
    parts = []
    for level, names in equation.vary.items():
        shown = [name if name == "intercept" else label_of(name, config) for name in names]
        if shown:
            parts.append(f"{level}s: {', '.join(shown)}")
    return "; ".join(parts)


def _quantity(row: Mapping[str, Any], config: Config) -> str:
    where = ", ".join(filter(None, [label_level(row["level"]), _horizon(row)]))
    return f"{label_effect(row['effect'])}: {label_quantity(row, config)} ({where})"


def _horizon(row: Mapping[str, Any]) -> str:
    if "horizon" in row:
        return str(row["horizon"])
    sides = [row[key] for key in ("horizon_base", "horizon_this") if isinstance(row[key], str) and row[key]]
    return " / ".join(dict.fromkeys(sides))


def _side(row: Mapping[str, Any], side: str) -> str:
    if pd.isna(row[f"estimate_{side}"]):
        return "not estimated"
    estimate, low, high = (row[f"{name}_{side}"] for name in ("estimate", "low", "high"))
    digits = common_decimals([estimate, low, high], high - low)
    size = _size(*(row[f"n_{unit}_{side}"] for unit in ("patients", "sessions", "therapists")))
    flag = _flag(row[f"flag_{side}"])
    shown = f"{format_number(estimate, digits)} ({format_number(low, digits)} to {format_number(high, digits)}; {size})"
    return f"{shown} [flagged: {flag}]" if flag else shown


def _difference(row: Mapping[str, Any]) -> str:
    if pd.isna(row["difference"]):
        return ""
    return format_number(row["difference"], common_decimals([row["difference"]], row["high_base"] - row["low_base"]))


def _size(patients: float, sessions: float, therapists: float) -> str:
    counts = [format_count(patients), format_count(sessions)]
    return " / ".join([*counts, format_count(therapists)] if therapists else counts)


def _flag(flag: object) -> str:
    return flag if isinstance(flag, str) else ""
