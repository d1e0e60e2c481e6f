"""ARCHITECTURE.md lists what there is, and nothing else.

Under each of the headings ``## Modules``, ``## Rules``, ``## Figures`` and ``## Tables`` stands a table whose first column
holds one name in backticks: ``| `alliance.runs.files` | what it is for |``.
"""

import ast
import re

import pytest

from alliance.report.figures import FIGURES
from alliance.report.tables import TABLES
from alliance.steps import STEPS
from tests.architecture.project import REPOSITORY, committed_texts, modules

LIMIT = 400  # lines of a module


def rules() -> set[str]:
    """Return the rules that run a step."""
    texts = [path.read_text(encoding="utf-8") for path in (REPOSITORY / "workflow").rglob("*.smk")]
    return set(re.findall(r"^rule (\w+):", "\n".join(texts), flags=re.MULTILINE))


def listed_under(heading: str) -> list[str]:
    text = (REPOSITORY / "ARCHITECTURE.md").read_text(encoding="utf-8")
    _, _, after = text.partition(f"\n## {heading}\n")
    section = re.split(r"^## ", after, maxsplit=1, flags=re.MULTILINE)[0]
    return re.findall(r"^\| *`([^`]+)` *\|", section, flags=re.MULTILINE)


def purpose_of(name: str) -> str:
    """Return the first sentence of a module's docstring, for a row that is to be added."""
    path = modules().get(name)
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) if path else None
    return (text or "").split("\n\n")[0].replace("\n", " ")


@pytest.mark.parametrize(
    ("heading", "present"),
    [
        ("Rules", rules()),
        ("Figures", set(FIGURES)),
        ("Tables", set(TABLES)),
    ],
)
def test_inventory_is_true(heading: str, present: set[str]) -> None:
    listed = listed_under(heading)
    rows = "\n".join(f"| `{name}` | {purpose_of(name)} |" for name in sorted(present - set(listed)))
    assert not rows, f"missing under ## {heading}:\n{rows}"
    assert sorted(set(listed) - present) == [], f"listed under ## {heading}, but not there"
    assert len(listed) == len(set(listed)), f"named twice under ## {heading}"


def test_each_rule_is_one_step_and_each_step_one_rule() -> None:
    assert rules() == set(STEPS)
    for step, module in STEPS.items():
        names = {
            node.name
            for node in ast.parse(modules()[module].read_text(encoding="utf-8")).body
            if isinstance(node, ast.FunctionDef)
        }
        assert step in names, f"{module} has no function {step}"


@pytest.mark.parametrize("registry", [FIGURES, TABLES], ids=["figures", "tables"])
def test_registries_name_modules_that_exist(registry: dict[str, str]) -> None:
    assert [module for module in registry.values() if module not in modules()] == []


@pytest.mark.parametrize("module", modules())
def test_modules_are_short_and_say_what_they_are_for(module: str) -> None:
    text = modules()[module].read_text(encoding="utf-8")
    assert len(text.splitlines()) < LIMIT
    assert ast.get_docstring(ast.parse(text)), "a module begins with what it is for"


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
    found = [f"{name}: {match.group()}" for name, text in committed_texts() if (match := re.search(pattern, text))]
    assert found == [], f"{what} has no place in a committed file"


def test_results_hold_only_a_readme_in_git() -> None:
    assert [name for name, _ in committed_texts() if name.startswith("results/")] == ["results/README.md"]
