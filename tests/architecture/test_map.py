"""The map in ARCHITECTURE.md is true, and modules, rules and committed files are as it says."""

import ast
import re
from itertools import pairwise

import pytest

from alliance.report.figures import FIGURES
from alliance.report.tables import TABLES
from alliance.steps import STEPS
from tests.architecture.project import PACKAGE, REPOSITORY, committed_texts, modules, source_of, tree_of
from tests.architecture.test_imports import LAYERS

LIMIT = 400  # lines of a module


def rules() -> set[str]:
    """Return the rules that run a step."""
    texts = [path.read_text(encoding="utf-8") for path in (REPOSITORY / "workflow").rglob("*.smk")]
    return set(re.findall(r"^rule (\w+):", "\n".join(texts), flags=re.MULTILINE))


def section(heading: str) -> str:
    text = (REPOSITORY / "ARCHITECTURE.md").read_text(encoding="utf-8")
    _, _, after = text.partition(f"\n## {heading}\n")
    return re.split(r"^## ", after, maxsplit=1, flags=re.MULTILINE)[0]


def cells(heading: str) -> list[list[str]]:
    """Return the cells of a section's table, without its two first lines."""
    lines = [line for line in section(heading).splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_every_room_has_its_row() -> None:
    rooms = {module.split(".")[1] for module in modules() if "." in module} - {"__main__"}
    listed = [name for room, *_ in cells("Rooms") for name in re.findall(r"`(\w+)`", room)]
    assert sorted(listed) == sorted(rooms)


def test_map_names_files_that_exist() -> None:
    read_first = [file.strip("`") for *_, file in cells("Rooms")]
    assert [file for file in read_first if not (PACKAGE / file).is_file()] == []
    named = re.findall(r"`([\w./]+/[\w.]+\.\w+)`", section("Where new things go"))
    assert len(named) > 15
    assert [file for file in named if not (REPOSITORY / file).is_file()] == []


def test_map_names_registries_that_exist() -> None:
    named = {name for *_, line in cells("Where new things go") for name in re.findall(r"`([A-Z_]{4,})`", line)}
    sources = "\n".join(source_of(module) for module in modules())
    assert named
    assert [name for name in sorted(named) if not re.search(rf"^{name}\b.* = ", sources, flags=re.MULTILINE)] == []


def test_directions_of_the_map_are_those_that_are_enforced() -> None:
    shown = re.search(r"```text\n(.*?)```", section("Directions"), flags=re.DOTALL)
    assert shown is not None
    packages = {"data", "report", "results", "__main__"}  # what their `__init__` says has a direction, but is no room
    enforced = [[part for part in layer if part not in packages] for layer in reversed(LAYERS)]
    assert [line.split() for line in shown[1].splitlines()] == [layer for layer in enforced if layer]


def test_each_rule_is_one_step_and_each_step_one_rule() -> None:
    assert rules() == set(STEPS)
    for step, module in STEPS.items():
        names = {node.name for node in tree_of(module).body if isinstance(node, ast.FunctionDef)}
        assert step in names, f"{module} has no function {step}"


@pytest.mark.parametrize("registry", [FIGURES, TABLES], ids=["figures", "tables"])
def test_registries_name_modules_that_exist(registry: dict[str, str]) -> None:
    assert [module for module in registry.values() if module not in modules()] == []


@pytest.mark.parametrize("module", modules())
def test_modules_are_short_and_say_what_they_are_for(module: str) -> None:
    assert len(source_of(module).splitlines()) < LIMIT
    assert ast.get_docstring(tree_of(module)), "a module begins with what it is for"


def test_each_file_of_rules_begins_with_what_it_needs_and_gives() -> None:
    for path in (REPOSITORY / "workflow").rglob("*.smk"):
        head = [line for line in path.read_text(encoding="utf-8").splitlines()[:12] if line.startswith("#")]
        assert any(line.startswith("# needs ") for line in head), path.name
        assert any(line.startswith("# gives ") for line in head), path.name


def test_only_one_script_meets_snakemake() -> None:
    users = [
        path.name
        for path in (REPOSITORY / "workflow/scripts").glob("*.py")
        if "snakemake." in path.read_text(encoding="utf-8")
    ]
    assert users == ["run_step.py"]


@pytest.mark.parametrize(
    ("what", "pattern"),
    [
        ("a note to come back to", r"\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X)\b"),
        ("a folder of one machine", r"(?<![\w.])/(?:root|home/\w+|Users/\w+|work/main)/"),
        (
            "the address of a package registry",
            r"https?://[^\s\"')]*(?:pypi\." + r"org|python" + r"hosted|anaconda\.org|registry\.)",
        ),
    ],
)
def test_no_committed_file_holds(what: str, pattern: str) -> None:
    found = [
        f"{name}: {match.group()}" for name, text in committed_texts().items() if (match := re.search(pattern, text))
    ]
    assert found == [], f"{what} has no place in a committed file"


def test_results_hold_only_a_readme_in_git() -> None:
    assert [name for name in committed_texts() if name.startswith("results/")] == ["results/README.md"]


def test_percent_signs_follow_their_number_in_what_people_read() -> None:
    """As `report.numbers.format_percent` writes them; docstrings and comments are read by nobody else."""
    apart = {module: found for module in modules() if (found := percent_signs_apart(module))}
    assert apart == {}


def percent_signs_apart(module: str) -> list[str]:
    """Return the strings of a module, but for those that stand alone, in which a blank is between a number and its percent sign."""
    nodes = list(ast.walk(tree_of(module)))
    alone = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
    texts = [node.value for node in nodes if isinstance(node, ast.Constant) and id(node) not in alone]
    after = [
        follows.value
        for node in nodes
        if isinstance(node, ast.JoinedStr)
        for before, follows in pairwise(node.values)
        if isinstance(before, ast.FormattedValue) and isinstance(follows, ast.Constant)
    ]
    strings = [text for text in texts if isinstance(text, str) and re.search(r"\d %", text)]
    return strings + [text for text in after if str(text).startswith(" %")]
