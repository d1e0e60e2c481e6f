"""A finished run of the example study as it lies on disk, from made-up artefacts."""

import shutil
from pathlib import Path

import yaml

from alliance.facts.artefacts import ARTEFACTS
from alliance.runs.files import write_csv, write_parquet, write_text
from alliance.runs.plan import plain
from tests.artefacts import builders

ROOT = Path(__file__).parents[2]


def write_run(root: Path, name: str = "main") -> Path:
    """Write a project's configuration and the results of one run, and return their folder."""
    shutil.copytree(ROOT / "config", root / "config", ignore=shutil.ignore_patterns("local*"), dirs_exist_ok=True)
    config, folder = builders.arms_config(), root / "results" / name
    for artefact, table in builders.artefacts(config).items():
        write = write_parquet if ARTEFACTS[artefact].path.endswith(".parquet") else write_csv
        write(table, folder / ARTEFACTS[artefact].path)
    write_text(yaml.safe_dump(plain(config), sort_keys=False), folder / "config.yaml")
    write_text(yaml.safe_dump({"configuration": ["config/config.yaml"]}), folder / "provenance.yaml")
    write_text("The headline.\n", folder / "headline.txt")
    write_csv(builders.estimates(config).head(3), folder / "tables/effects.csv")
    return folder
