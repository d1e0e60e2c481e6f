"""The lock, environment.yml and pyproject.toml name the same packages in the same versions."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

REPOSITORY = Path(__file__).parents[2]
CLUSTER = "requirements-cluster.lock"  # what only a run on a cluster needs


def locked(name: str = "requirements.lock") -> dict[str, str]:
    text = (REPOSITORY / name).read_text(encoding="utf-8")
    return dict(re.findall(r"^([A-Za-z0-9][\w.-]*)==([^\s\\;]+)", text, flags=re.MULTILINE))


def for_conda() -> tuple[dict[str, str], dict[str, str]]:
    """Return what environment.yml pins as conda packages and as pip requirements."""
    listed = yaml.safe_load((REPOSITORY / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
    conda = dict(item.split("=") for item in listed if isinstance(item, str) and "=" in item)
    (requirements,) = [item["pip"] for item in listed if isinstance(item, dict)]
    return conda, dict(requirement.split(";")[0].strip().split("==") for requirement in requirements)


def test_environment_for_conda_has_the_versions_of_the_lock() -> None:
    _, pinned = for_conda()
    assert pinned == locked()
    assert len(pinned) > 100


def test_environment_for_conda_has_the_python_of_the_project() -> None:
    conda, _ = for_conda()
    assert conda["python"] == (REPOSITORY / ".python-version").read_text(encoding="utf-8").strip()


def test_environment_for_conda_is_one_that_conda_can_read() -> None:
    content = yaml.safe_load((REPOSITORY / "environment.yml").read_text(encoding="utf-8"))
    assert set(content) == {"name", "channels", "dependencies"}
    assert all(isinstance(channel, str) for channel in content["channels"])
    packages = [item for item in content["dependencies"] if isinstance(item, str)]
    # name, name=version or name=version=build: what conda calls a match specification.
    assert all(re.fullmatch(r"[a-z0-9_.-]+(=[\w.*]+){0,2}", package) for package in packages)
    assert "pip" in packages, "conda asks for it where there are pip requirements"
    (others,) = [item for item in content["dependencies"] if not isinstance(item, str)]
    assert set(others) == {"pip"}
    assert "snakemake" in {Requirement(text).name for text in others["pip"]}, "the script of a job imports it"


def test_every_declared_dependency_is_locked() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
    declared = [
        *project["project"]["dependencies"],
        *(item for group in project["dependency-groups"].values() for item in group),
    ]
    names = {re.split(r"[<>=!~\[; ]", item)[0].lower() for item in declared}
    assert names - set(locked()) - set(locked(CLUSTER)) == set()


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-tools.lock", CLUSTER])
def test_every_package_of_a_lock_is_checked_by_hash(name: str) -> None:
    text = (REPOSITORY / name).read_text(encoding="utf-8")
    packages = re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE)[1:]
    assert packages
    assert [package.split("==")[0] for package in packages if "--hash=sha256:" not in package] == []
    assert "://" not in text
