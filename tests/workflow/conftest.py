"""Runs that several tests look at: made once, in a copy of the project."""

import shutil

import pytest

from tests.workflow.project import NOTE, OUTSIDE, SMOKE, Project, copy_project


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A copy of the project, nothing run yet; tests that change a file in it put it back."""
    return copy_project(tmp_path_factory.mktemp("refusals") / "project")


@pytest.fixture(scope="session")
def smoke(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A copy of the project with the small run `smoke` finished."""
    project = copy_project(tmp_path_factory.mktemp("smoke") / "project")
    outside = tmp_path_factory.mktemp(OUTSIDE) / "therapists.csv"
    shutil.copy(project.root / "data/example/therapists.csv", outside)
    project.write("config/smoke.yaml", f"{SMOKE}data: {{therapists: {{path: '{outside}'}}}}\n")
    for name in ("sessions", "patients"):  # notes are part of many exports, and nobody maps them
        path = project.root / f"data/example/{name}.csv"
        header, *rows = path.read_text(encoding="utf-8").splitlines()
        project.write(
            f"data/example/{name}.csv", "\n".join([f"{header},notes", *(f"{row},{NOTE}" for row in rows), ""])
        )
    done = project.snakemake("--cores", "2", "--configfile", "config/smoke.yaml")
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return project
