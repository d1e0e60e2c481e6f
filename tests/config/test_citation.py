"""Those who cite the software, and those who collect descriptions of software, are told the same as those who install it."""

import importlib.util
import json
import re
import tomllib
from pathlib import Path

import yaml

from alliance.runs.provenance import about_software

REPOSITORY = Path(__file__).parents[2]
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
CITATION = yaml.safe_load((REPOSITORY / "CITATION.cff").read_text(encoding="utf-8"))


def test_citation_says_of_version_licence_and_purpose_what_the_package_says() -> None:
    assert (CITATION["version"], CITATION["license"]) == (PROJECT["version"], PROJECT["license"])
    assert CITATION["abstract"] == PROJECT["description"]
    assert {"authors", "date-released", "keywords", "message", "title", "type"} <= CITATION.keys()
    assert about_software(REPOSITORY) == CITATION


def test_project_without_its_citation_has_nothing_to_say(tmp_path: Path) -> None:
    assert about_software(tmp_path) == {}


def test_codemeta_is_what_the_script_makes_of_both() -> None:
    script = REPOSITORY / "workflow/scripts/write_codemeta.py"
    spec = importlib.util.spec_from_file_location("write_codemeta", script)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    written = json.loads((REPOSITORY / "codemeta.json").read_text(encoding="utf-8"))
    assert written == module.codemeta_of(PROJECT, CITATION), "run make codemeta"
    assert written["version"] == PROJECT["version"]
    assert [author["name"] for author in written["author"]] == [author["name"] for author in CITATION["authors"]]
    assert any(re.match(r"pymc\b", requirement) for requirement in written["softwareRequirements"])
