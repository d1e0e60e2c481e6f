"""What the description of a run is made of: what a run tells, its jobs, and how entities refer to each other."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from alliance.facts.formats import format_of
from alliance.runs.files import README
from alliance.runs.history import Done, Use

Entity = dict[str, Any]

_TOUCHED: Final = "Somebody marked this file as up to date; it was not made again since."
BIOSCHEMAS: Final = "https://bioschemas.org/profiles/"


@dataclass(frozen=True)
class Package:
    """A program that jobs use, with its version and its page."""

    name: str
    version: str
    address: str = ""


@dataclass(frozen=True)
class Organisation:
    """Who is behind something, with their page where they declare one."""

    name: str
    address: str = ""


@dataclass(frozen=True)
class Told:
    """What a run tells about itself.

    Parameters
    ----------
    name, title, description
        Of the run and its study.
    licence
        SPDX name of the licence of the results; None where nobody declared one.
    seed
        Of all random numbers.
    files
        Rows of the manifest: file, bytes, sha256, status.
    jobs
        What made them, the job that writes this description last.
    rules
        Rule -> what it does, and the file of the workflow that declares it.
    known
        Hash -> what a file outside the run's folder is, where more can be said than the part it plays.
    taken
        File -> the run from which it was copied instead of being computed again.
    software
        What the jobs use, this package first, Snakemake among them.
    publisher
        The institution that ran the analysis; None where none is declared.
    authors, code_licence
        Of this package.
    """

    name: str
    title: str
    description: str
    licence: str | None
    seed: int
    files: Sequence[Mapping[str, Any]]
    jobs: Sequence[Done]
    rules: Mapping[str, tuple[str, str]]
    known: Mapping[str, str] = field(default_factory=dict)
    taken: Mapping[str, str] = field(default_factory=dict)
    software: Sequence[Package] = ()
    publisher: Organisation | None = None
    authors: Sequence[Organisation] = ()
    code_licence: str = ""


@dataclass(frozen=True)
class Job:
    """A job and the name of its action."""

    done: Done
    action: str

    def given(self) -> list[tuple[Use, str]]:
        """Return what it read, each with its formal parameter."""
        return [(use, f"#{self.done.rule}/input/{use.role}") for use in self.done.read]

    def made(self) -> list[tuple[Use, str]]:
        """Return what it wrote, each with its formal parameter."""
        return [(use, f"#{self.done.rule}/output/{use.role}") for use in self.done.wrote]


def place_of(use: Use) -> str:
    """Return the identifier of a file: its name in the run's folder, else its role and what it holds."""
    return use.file or f"#given/{use.role}/{use.sha256 or 'absent'}"


def rules_of(told: Told) -> list[str]:
    """Name the rules that had jobs, in the order in which they first began."""
    return list(dict.fromkeys(done.rule for done in told.jobs))


def refer(places: Iterable[str]) -> list[Entity]:
    """Point to entities by their names, each once."""
    return [{"@id": place} for place in dict.fromkeys(places)]


def compact(entity: Entity) -> Entity:
    """Leave out what is empty; a list of one is written as that one."""
    short = {}
    for key, value in entity.items():
        if isinstance(value, list) and len(value) == 1:
            value = value[0]
        if value not in ("", [], None):
            short[key] = value
    return short


def author_id(author: Organisation) -> str:
    """Return the identifier of an author: the address that is declared, else the name."""
    return author.address or f"#author-{author.name.replace(' ', '-')}"


def describe_organisation(place: str, who: Organisation) -> Entity:
    """Say what is declared of those who answer for something: name and address."""
    return {"@id": place, "@type": "Organization", "name": who.name, "url": who.address}


def describe_file(row: Mapping[str, Any], parts: Mapping[str, set[str]]) -> Entity:
    """Say what is known of a file of the run: its name, kind, size and content."""
    return {
        "@id": row["file"],
        "name": row["file"],
        "description": _TOUCHED if row.get("status") == "touched" else "",
        "about": {"@id": "./"} if row["file"] == README else "",
        "encodingFormat": format_of(row["file"]),
        "contentSize": str(row.get("bytes", "")),
        "sha256": row.get("sha256", ""),
        "exampleOfWork": refer(sorted(parts.get(row["file"], ()))),
    }
