"""The profiles for clusters: settings that Snakemake knows, rules that exist, and one cluster asked for what the other is asked for."""

import re
from typing import Any

import pytest
import yaml
from snakemake.cli import get_argument_parser
from snakemake.resources import Resources

from tests.workflow.project import REPOSITORY

PROFILES = REPOSITORY / "workflow/profiles"
CLUSTERS = ("slurm", "kubernetes")


def profile(name: str) -> dict[str, Any]:
    read = yaml.safe_load((PROFILES / name / "config.yaml").read_text(encoding="utf-8"))
    assert isinstance(read, dict)
    return read


def rules() -> set[str]:
    """Return the rules that make something."""
    texts = [path.read_text(encoding="utf-8") for path in (REPOSITORY / "workflow/rules").glob("*.smk")]
    return set(re.findall(r"^rule (\w+):", "\n".join(texts), flags=re.MULTILINE))


@pytest.mark.parametrize("name", ["default", *CLUSTERS])
def test_every_setting_is_one_of_snakemake_or_of_the_plugin(name: str) -> None:
    known = {word for action in get_argument_parser()._actions for word in action.option_strings}
    settings = profile(name)
    own = f"{settings.get('executor')}-"  # as plug-ins call theirs; they are not part of this environment
    assert {f"--{key}" for key in settings if not key.startswith(own)} - known == set()


@pytest.mark.parametrize("name", CLUSTERS)
def test_every_rule_has_its_time_or_travels_with_others(name: str) -> None:
    settings = profile(name)
    assert set(settings["groups"]) | set(settings["set-resources"]) == rules()
    assert set(settings["groups"].values()) == {"prepare", "show"}
    for asked in (settings["default-resources"], *settings["set-resources"].values()):
        read = Resources.parse([f"{key}={value}" for key, value in asked.items()], allow_expressions=False)
        assert set(read) == {"runtime"}


def test_kubernetes_is_asked_for_what_slurm_is_asked_for() -> None:
    slurm, kubernetes = profile("slurm"), profile("kubernetes")
    assert slurm["executor"] == "slurm"
    assert kubernetes["executor"] == "kubernetes"
    assert {key: kubernetes[key] for key in slurm if key != "executor"} == {
        key: slurm[key] for key in slurm if key != "executor"
    }
    apart = set(kubernetes) - set(slurm)
    assert apart == {
        "envvars",
        "kubernetes-namespace",
        "kubernetes-persistent-volumes",
        "default-storage-provider",
        "default-storage-prefix",
        "precommand",
    }
    (volume,) = kubernetes["kubernetes-persistent-volumes"]
    assert volume.partition(":")[2] == kubernetes["default-storage-prefix"]
    assert kubernetes["precommand"].split() == ["cd", kubernetes["default-storage-prefix"]]
