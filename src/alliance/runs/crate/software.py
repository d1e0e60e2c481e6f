"""The workflow with its steps, the tool behind each, and the software they use."""

from collections.abc import Mapping, Sequence
from typing import Final

from alliance.runs.crate.entities import (
    BIOSCHEMAS,
    Entity,
    Job,
    Package,
    Told,
    author_id,
    describe_file,
    refer,
    rules_of,
)
from alliance.runs.files import SNAKEFILE

ENGINE: Final = "#engine"
_SNAKEMAKE: Final = "https://w3id.org/workflowhub/workflow-ro-crate#snakemake"


def describe_workflow(
    told: Told, inputs: Sequence[str], outputs: Sequence[str], parts: Mapping[str, set[str]]
) -> list[Entity]:
    """Describe the workflow and its steps; the file itself is among the files."""
    steps: list[Entity] = [
        {
            "@id": f"#step/{rule}",
            "@type": "HowToStep",
            "name": rule,
            "position": str(position),
            "workExample": {"@id": f"#{rule}"},
        }
        for position, rule in enumerate(rules_of(told), 1)
    ]
    own = told.software[0]
    return [
        next(describe_file(row, parts) for row in told.files if row["file"] == SNAKEFILE)
        | {
            "@type": ["File", "SoftwareSourceCode", "ComputationalWorkflow", "HowTo"],
            "name": f"The workflow of {own.name}, as it was run",
            "description": "The main file of the workflow; its rules stand in the files it includes.",
            "version": own.version,
            "url": own.address or SNAKEFILE,
            "license": refer(entity["@id"] for entity in _code_licence(told)),
            "author": refer(map(author_id, told.authors)),
            "conformsTo": {"@id": f"{BIOSCHEMAS}ComputationalWorkflow/1.0-RELEASE"},
            "programmingLanguage": {"@id": _SNAKEMAKE},
            "hasPart": refer(f"#{rule}" for rule in rules_of(told)),
            "step": refer(step["@id"] for step in steps),
            "input": refer([*inputs, "#run/input/seed"]),
            "output": refer(outputs),
        },
        *_code_licence(told),
        *steps,
        {
            "@id": "#seed",
            "@type": "PropertyValue",
            "name": "run.seed",
            "value": str(told.seed),
            "exampleOfWork": {"@id": "#run/input/seed"},
        },
    ]


def _code_licence(told: Told) -> list[Entity]:
    name = told.code_licence
    about = f"The software, not its results, is under {name}."
    return (
        [{"@id": f"https://spdx.org/licenses/{name}", "@type": "CreativeWork", "name": name, "description": about}]
        if name
        else []
    )


def describe_software(told: Told) -> list[Entity]:
    """Describe what ran the jobs: language and engine of the workflow, this package and those it uses, with their versions."""
    engine = next(package for package in told.software if package.name == "snakemake")
    return [
        {
            "@id": _SNAKEMAKE,
            "@type": "ComputerLanguage",
            "name": "Snakemake",
            "alternateName": "Snakefile",
            "url": "https://snakemake.readthedocs.io",
            "identifier": "https://doi.org/10.12688/f1000research.29032.2",
            "version": engine.version,
        },
        {
            "@id": ENGINE,
            "@type": "SoftwareApplication",
            "name": "Snakemake",
            "url": "https://snakemake.readthedocs.io",
            "softwareVersion": engine.version,
        },
        *(
            {
                "@id": _package_id(package),
                "@type": "SoftwareApplication",
                "name": package.name,
                "softwareVersion": package.version,
                "url": package.address or (SNAKEFILE if package is told.software[0] else ""),
                "softwareRequirements": refer(map(_package_id, told.software[1:])) if not number else [],
            }
            for number, package in enumerate(told.software)
        ),
    ]


def _package_id(package: Package) -> str:
    return f"#package/{package.name}"


def describe_tool(rule: str, told: Told, jobs: Sequence[Job]) -> Entity:
    """Describe a rule as the tool that its jobs ran: what it does, what it takes and what it gives."""
    does, declared = told.rules[rule]
    return {
        "@id": f"#{rule}",
        "@type": "SoftwareApplication",
        "name": rule,
        "description": does,
        "softwareVersion": told.software[0].version,
        "url": declared,
        "softwareRequirements": refer([_package_id(told.software[0])]),
        "input": refer(parameter for job in jobs for _, parameter in job.given()),
        "output": refer(parameter for job in jobs for _, parameter in job.made()),
    }
