"""Write codemeta.json from what pyproject.toml and CITATION.cff say: `write_codemeta.py PROJECT CITATION TARGET`. Run by make codemeta."""

import json
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml


def codemeta_of(project: Mapping[str, Any], citation: Mapping[str, Any]) -> dict[str, Any]:
    """Return the description of the software as CodeMeta 3.0.

    Parameters
    ----------
    project, citation
        The table ``project`` of pyproject.toml, and CITATION.cff.
    """
    said = {
        "@context": "https://w3id.org/codemeta/3.0",
        "@type": "SoftwareSourceCode",
        "name": citation["title"],
        "identifier": project["name"],
        "description": project["description"],
        "version": project["version"],
        "license": f"https://spdx.org/licenses/{project['license']}",
        "author": [_author(author) for author in citation["authors"]],
        "datePublished": str(citation["date-released"]),
        "keywords": citation["keywords"],
        "programmingLanguage": "Python",
        "runtimePlatform": f"Python {project['requires-python']}",
        "softwareRequirements": project["dependencies"],
        "codeRepository": citation.get("repository-code"),
        "readme": project["readme"],
    }
    return {key: value for key, value in said.items() if value is not None}


def _author(author: Mapping[str, str]) -> dict[str, str]:
    if "name" in author:
        return {"@type": "Organization", "name": author["name"]}
    person = {"givenName": author["given-names"], "familyName": author["family-names"], "@id": author.get("orcid")}
    return {"@type": "Person"} | {key: value for key, value in person.items() if value is not None}


if __name__ == "__main__":
    project, citation, target = map(Path, sys.argv[1:])
    described = codemeta_of(
        tomllib.loads(project.read_text(encoding="utf-8"))["project"],
        yaml.safe_load(citation.read_text(encoding="utf-8")),
    )
    target.write_text(json.dumps(described, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
