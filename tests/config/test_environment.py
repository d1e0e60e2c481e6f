"""The lock, environment.yml and pyproject.toml name the same packages in the same versions."""

import os
import re
import subprocess
import sys
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


def test_every_rule_with_a_script_runs_in_that_environment() -> None:
    declared = {}
    for path in sorted((REPOSITORY / "workflow").rglob("*.smk")):
        for text in re.split(r"^rule ", path.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
            if "script:" in text or "shell:" in text:
                named = re.findall(r'^    conda:\n        "(.+)"$', text, flags=re.MULTILINE)
                declared[text.partition(":")[0]] = [(path.parent / name).resolve() for name in named]
    assert len(declared) > 15
    assert {rule: files for rule, files in declared.items() if files != [REPOSITORY / "environment.yml"]} == {}


# Answers as conda does, as far as Snakemake asks before it has an environment made, and notes from which file it is made.
CONDA = """\
#!{python}
import json, pathlib, shutil, sys
words = sys.argv[1:]
if words[:1] == ["info"]:
    print(json.dumps({{"conda_prefix": {prefix!r}, "platform": "linux-64"}}))
elif words[:1] == ["--version"]:
    print("conda 25.1.1")
elif words[:1] == ["config"]:
    print(json.dumps({{"get": {{"channel_priority": "strict"}}}}))
elif words[:2] == ["env", "create"]:
    place, file = (words[words.index(word) + 1] for word in ("--prefix", "--file"))
    pathlib.Path(place).mkdir(parents=True)
    shutil.copy(file, pathlib.Path({prefix!r}, f"made-{{pathlib.Path(place).name}}"))
elif words[:1] != ["clean"]:
    sys.exit(f"conda {{words}}")
"""


def test_snakemake_has_one_environment_made_from_that_file(tmp_path: Path) -> None:
    conda = tmp_path / "conda"
    conda.write_text(CONDA.format(python=sys.executable, prefix=str(tmp_path)), encoding="utf-8")
    conda.chmod(0o755)
    words = ["--cores", "1", "--sdm", "conda", "--conda-create-envs-only", "--conda-prefix", str(tmp_path / "made")]
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", *words], cwd=REPOSITORY, env={**kept, "PATH": f"{tmp_path}:/usr/bin:/bin"},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (made,) = tmp_path.glob("made-*")
    assert made.read_bytes() == (REPOSITORY / "environment.yml").read_bytes()
