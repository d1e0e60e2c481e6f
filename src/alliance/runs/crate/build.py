"""The description as a whole: head, licence, formal parameters, actions and files."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from alliance.facts.formats import format_of
from alliance.facts.licences import LICENCES, say_licence
from alliance.runs.crate.entities import (
    BIOSCHEMAS,
    Entity,
    Job,
    Organisation,
    Told,
    author_id,
    compact,
    describe_file,
    describe_organisation,
    place_of,
    refer,
    rules_of,
)
from alliance.runs.crate.software import ENGINE, describe_software, describe_tool, describe_workflow
from alliance.runs.files import CRATE, MANIFEST, ORIGIN, SNAKEFILE
from alliance.runs.history import Use

_PROFILES: Final = {
    "https://w3id.org/ro/wfrun/process/0.5": "Process Run Crate",
    "https://w3id.org/ro/wfrun/workflow/0.5": "Workflow Run Crate",
    "https://w3id.org/ro/wfrun/provenance/0.5": "Provenance Run Crate",
    "https://w3id.org/workflowhub/workflow-ro-crate/1.0": "Workflow RO-Crate",
}
_RO_CRATE: Final = "https://w3id.org/ro/crate/1.1"
_CONTEXT: Final = [f"{_RO_CRATE}/context", {"sha256": "https://w3id.org/ro/terms/workflow-run#sha256"}]
_DONE: Final = "http://schema.org/CompletedActionStatus"
_NOT_NAMED: Final = Organisation("Those who ran this analysis (not named here)")
_RUN: Final = "#run"
_LICENCE: Final = "#licence"


def build_crate(told: Told) -> Entity:
    """Return the description of a run as JSON-LD, one flat list of entities that refer to each other."""
    written = max(done.ended for done in told.jobs)
    parts: dict[str, set[str]] = {}  # file -> formal parameters that it is an example of
    jobs = [Job(done, f"#job/{number}/{done.rule}") for number, done in enumerate(told.jobs, 1)]
    for job in jobs:
        for use, parameter in (*job.given(), *job.made()):
            parts.setdefault(place_of(use), set()).add(parameter)
    read = {place_of(use) for done in told.jobs[:-1] for use in done.read}
    made = {place_of(use) for done in told.jobs for use in done.wrote}
    uses = {place_of(use): use for done in told.jobs for use in (*done.read, *done.wrote)}
    begins = [use for place, use in uses.items() if not use.file and place not in made]
    ends = [use for place, use in uses.items() if use.file and place in made - read]
    for kind, found in (("input", begins), ("output", ends)):
        for use in found:
            parts[place_of(use)].add(f"#run/{kind}/{use.role}")
    graph = [
        *_head(told, jobs, written),
        *_licence(told.licence),
        *describe_workflow(
            told, [f"#run/input/{use.role}" for use in begins], [f"#run/output/{use.role}" for use in ends], parts
        ),
        *describe_software(told),
        *(describe_tool(rule, told, [job for job in jobs if job.done.rule == rule]) for rule in rules_of(told)),
        *_parameters(parts),
        *_actions(told, jobs, begins, ends),
        *_files(told, uses, parts),
    ]
    return {"@context": _CONTEXT, "@graph": [compact(entity) for entity in graph]}


def _head(told: Told, jobs: Sequence[Job], written: str) -> list[Entity]:
    """Describe the description, the run as a whole, the profiles, and who is behind it."""
    recorded = {ORIGIN} | {file for done in told.jobs for file in done.files}
    lost = [row["file"] for row in told.files if row["file"] not in recorded]
    said = [
        told.description,
        f"Results of the run '{told.name}'. Jobs were done in one or several calls: what still held was not made again.",
        f"The job that made {len(lost)} of the files is not on record." if lost else "",
    ]
    return [
        {
            "@id": CRATE,
            "@type": "CreativeWork",
            "about": {"@id": "./"},
            "conformsTo": refer([_RO_CRATE, "https://w3id.org/workflowhub/workflow-ro-crate/1.0"]),
        },
        {
            "@id": "./",
            "@type": "Dataset",
            "name": told.title,
            "description": " ".join(part for part in said if part),
            "datePublished": written,
            "license": {"@id": _licence_id(told.licence)},
            "author": {"@id": _analysts(told)},
            "publisher": {"@id": _analysts(told)} if told.publisher else "",
            "conformsTo": refer(_PROFILES),
            "hasPart": refer([*(row["file"] for row in told.files), MANIFEST]),
            "mainEntity": {"@id": SNAKEFILE},
            "mentions": refer([_RUN, *(job.action for job in jobs)]),
        },
        *(
            {"@id": address, "@type": "CreativeWork", "name": name, "version": address.rsplit("/", 1)[1]}
            for address, name in _PROFILES.items()
        ),
        describe_organisation(_analysts(told), told.publisher or _NOT_NAMED),
        *(describe_organisation(author_id(author), author) for author in told.authors if author != told.publisher),
    ]


def _analysts(told: Told) -> str:
    return told.publisher.address if told.publisher else "#analysts"


def _licence_id(licence: str | None) -> str:
    return LICENCES[licence].address if licence else _LICENCE


def _licence(licence: str | None) -> list[Entity]:
    said = {"@id": _licence_id(licence), "@type": "CreativeWork", "description": say_licence(licence)}
    found = LICENCES[licence] if licence else None
    return [said | ({"name": found.title, "identifier": found.name} if found else {"name": "No licence declared"})]


def _parameters(parts: Mapping[str, set[str]]) -> list[Entity]:
    """Describe the formal parameters of the rules and of the run, each with the files that stand for it."""
    examples: dict[str, list[str]] = {"#run/input/seed": ["#seed"]}
    for place, parameters in parts.items():
        for parameter in sorted(parameters):
            examples.setdefault(parameter, []).append(place)
    return [
        {
            "@id": parameter,
            "@type": "FormalParameter",
            "name": parameter.rsplit("/", 1)[1],
            "additionalType": "Integer" if places == ["#seed"] else "File",
            "conformsTo": {"@id": f"{BIOSCHEMAS}FormalParameter/1.0-RELEASE"},
            "workExample": refer(places),
        }
        for parameter, places in examples.items()
    ]


def _actions(told: Told, jobs: Sequence[Job], begins: Sequence[Use], ends: Sequence[Use]) -> list[Entity]:
    """Describe what was done: the run, its organisation, and every job with the step that asked for it."""
    agent = {"agent": {"@id": _analysts(told)}}
    began, ended = min(done.began for done in told.jobs), max(done.ended for done in told.jobs)
    controls = [f"#control/{job.action[1:]}" for job in jobs]
    actions: list[Entity] = [
        {
            "@id": _RUN,
            "@type": "CreateAction",
            "name": f"Run '{told.name}'",
            "description": "From the export of a study to its report.",
            "instrument": {"@id": SNAKEFILE},
            "object": refer([*map(place_of, begins), "#seed"]),
            "result": refer(map(place_of, ends)),
        },
        {
            "@id": "#organisation",
            "@type": "OrganizeAction",
            "name": "Snakemake lays out the jobs and has them done",
            "instrument": {"@id": ENGINE},
            "object": refer(controls),
            "result": {"@id": _RUN},
        },
    ]
    actions = [entity | agent | {"startTime": began, "endTime": ended, "actionStatus": _DONE} for entity in actions]
    for job, control in zip(jobs, controls, strict=True):
        rule, about = job.done.rule, ", ".join(job.done.files)
        actions += [
            {
                "@id": control,
                "@type": "ControlAction",
                "name": f"{rule}: {about}",
                "instrument": {"@id": f"#step/{rule}"},
                "object": {"@id": job.action},
                "actionStatus": _DONE,
            },
            {
                "@id": job.action,
                "@type": "CreateAction",
                "name": f"{rule}: {about}",
                "description": " ".join([told.rules[rule][0], *_taken(job, told)]).strip(),
                "instrument": {"@id": f"#{rule}"},
                "startTime": job.done.began,
                "endTime": job.done.ended,
                "object": refer(place_of(use) for use in job.done.read),
                "result": refer(place_of(use) for use in job.done.wrote),
                "actionStatus": _DONE,
                **agent,
            },
        ]
    return actions


def _taken(job: Job, told: Told) -> list[str]:
    """Say from which run a job took its files instead of making them."""
    runs = sorted({told.taken[file] for file in job.done.files if file in told.taken})
    return [f"Taken from run '{run}', which made it from the same data, settings and code." for run in runs]


def _files(told: Told, uses: Mapping[str, Use], parts: Mapping[str, set[str]]) -> list[Entity]:
    """Describe the files of the run, and those it was given, each with what it is an example of."""
    rows: list[Mapping[str, Any]] = [*told.files, {"file": MANIFEST}]
    entities = [describe_file(row, parts) | {"@type": "File"} for row in rows if row["file"] != SNAKEFILE]
    for place, use in uses.items():
        if not use.file:
            entities.append(
                {
                    "@id": place,
                    "@type": "File",
                    "name": told.known.get(use.sha256, use.role),
                    "description": "Not in this folder: told by the part it plays and by what it holds.",
                    "encodingFormat": format_of(use.ending),
                    "contentSize": str(use.bytes),
                    "sha256": use.sha256,
                    "exampleOfWork": refer(sorted(parts[place])),
                }
            )
    return entities
