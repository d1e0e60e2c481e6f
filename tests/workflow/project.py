"""A copy of the project in a temporary folder, small enough for the tests to run it whole."""

import csv
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from alliance.likelihood import compiling

REPOSITORY = Path(__file__).parents[2]
PATIENTS = 60  # of the example study: enough for every model to be estimated, few enough for seconds

# Scores are taken as they are: a second fit for true scores, which has tests of its own, takes most of the time of a small run.
AS_RECORDED = {"variables": {name: {"reliability": None} for name in ("alliance", "symptoms")}}
# One model of each family and analysis, few draws; the interval thresholds stay, so estimates are flagged, not refused.
NOTE = "Anna Meierhofer calls at night"
EXCLUDED = "C0932"  # of the example study
OUTSIDE = "patients of Dr Secret"  # a folder outside the project, which holds a part of the export
SMOKE = f"""\
run: {{name: smoke}}
cleaning: {{exclude: {{patients: [{EXCLUDED}]}}}}
variables: {{alliance: {{reliability: null}}, symptoms: {{reliability: null}}}}
models: {{fit: [variance, alliance_predicts_symptoms, arm_jointly]}}
sampling: {{chains: 2, draws: 50, tune: 50}}
inference: {{monte_carlo_draws: 1000}}
output: {{figures: [missingness, forest], tables: [sample, effects], figure_dpi: 72}}
"""


class Project:
    """A copied project, and how its workflow is called."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.results = root / "results"

    def snakemake(self, *arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Call snakemake in the copy and wait for it."""
        return subprocess.run(
            self.command(*arguments), cwd=cwd or self.root, env=self.environment(), capture_output=True, text=True, timeout=600,
            check=False,
        )  # fmt: skip

    def command(self, *arguments: str) -> list[str]:
        """Return the words of a snakemake call."""
        return [sys.executable, "-m", "snakemake", "--snakefile", str(self.root / "workflow/Snakefile"), *arguments]

    def environment(self) -> dict[str, str]:
        """Return the environment of a call: nothing of this test run, no profile but the one beside the copy's Snakefile."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("COV_", "PYTEST_", "MAKE"))}
        return {name: value for name, value in kept.items() if name not in ("PYTHONPATH", "SNAKEMAKE_PROFILE")}

    def write(self, path: str, text: str) -> Path:
        """Write a file of the project."""
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
        return target

    def replace(self, path: str, old: str, new: str) -> None:
        """Change one place in a file of the project."""
        text = (self.root / path).read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {path}"
        self.write(path, text.replace(old, new))


def copy_project(root: Path) -> Project:
    """Copy what a run needs, with the example study cut to its first patients.

    What is compiled already comes along: modules, which Python checks by size and time, and the likelihood, which lies under the
    fingerprint of its sources. Compiling it in each copy would take most of a minute.
    """
    # Names that go on after .pyc are those of modules that somebody is writing at this moment.
    left_out = shutil.ignore_patterns("likelihood-*", "raw", "*.pyc.*")
    for folder in ("src", "workflow", "config", "data"):
        shutil.copytree(REPOSITORY / folder, root / folder, ignore=left_out)
    likelihood = Path(compiling._folder())
    beside = root / "src/alliance/likelihood/__pycache__"
    beside.mkdir(exist_ok=True)
    (beside / likelihood.name).symlink_to(likelihood)
    shutil.copy(REPOSITORY / "environment.yml", root)
    _keep_first_patients(root / "data/example")
    return Project(root)


def _keep_first_patients(folder: Path) -> None:
    with open(folder / "patients.csv", encoding="utf-8", newline="") as stream:
        ids = [row["client_id"] for row in csv.DictReader(stream)][:PATIENTS]
    kept = {_plain_id(name) for name in ids}
    for name in ("patients.csv", "sessions.csv"):
        with open(folder / name, encoding="utf-8", newline="") as stream:
            header, *rows = list(csv.reader(stream))
        place = header.index("client_id")
        with open(folder / name, "w", encoding="utf-8", newline="") as stream:
            csv.writer(stream, lineterminator="\n").writerows(
                [header, *(row for row in rows if _plain_id(row[place]) in kept)]
            )


def _plain_id(name: str) -> str:
    """Return an id as the cleaning rules compare it."""
    return re.sub(r"(?<!\d)0+(?=\d)", "", name.strip().casefold())


def planned_rules(output: str) -> set[str]:
    """Return the rules that a dry run says it would run."""
    words = [line.split() for line in output.splitlines()]
    named = {line[1].rstrip(":") for line in words if len(line) == 2 and line[0] in ("rule", "localrule")}
    return named - {"all"}
