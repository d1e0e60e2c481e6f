"""Every notebook runs from top to bottom on the example study, uses the door only, and is committed without outputs."""

import ast
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("[0-9][0-9]_*.ipynb"))


def test_there_are_notebooks() -> None:
    names = [path.stem for path in NOTEBOOKS]
    assert names == [
        "01_meeting_the_data",
        "02_within_versus_between",
        "03_one_model_instead_of_two",
        "04_components",
        "05_ruptures",
        "06_therapists",
        "07_from_posterior_to_sentence",
    ]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_runs_and_answers_one_question(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    assert "**Question:" in notebook.cells[0].source
    client = NotebookClient(
        notebook, timeout=180, kernel_name="python3", resources={"metadata": {"path": str(path.parent)}}
    )
    client.execute()
    errors = [output for cell in notebook.cells for output in cell.get("outputs", []) if output.output_type == "error"]
    assert errors == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_exercises_of_a_notebook_are_answered(path: Path) -> None:
    last = nbformat.read(path, as_version=4).cells[-1].source
    asked, _, answered = last.partition("<details><summary>Answers</summary>")
    assert asked.count("\n1. ") == answered.count("\n1. ") == 1
    assert [f"\n{number}. " in answered for number in (2, 3)] == [f"\n{number}. " in asked for number in (2, 3)]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_is_committed_without_outputs(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(cell.execution_count is None and cell.outputs == [] for cell in cells)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_knows_nothing_of_the_package_but_the_door(path: Path) -> None:
    code = "\n".join(cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code")
    imported = [
        (getattr(node, "module", None), alias.name)
        for node in ast.walk(ast.parse(code))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
        if (getattr(node, "module", None) or alias.name).split(".")[0] == "alliance"
    ]
    assert imported and set(imported) <= {("alliance", "Study"), ("alliance", "Run")}
