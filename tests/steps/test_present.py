"""The steps that write figures and tables: all formats, from artefacts as they lie on disk."""

import json
from pathlib import Path

import pandas as pd
import pytest

from alliance.facts.artefacts import ARTEFACTS
from alliance.report.figures import FIGURES, load_figure
from alliance.report.tables import TABLES, load_table
from alliance.runs.files import write_csv, write_parquet
from alliance.steps.figures import draw_figure
from alliance.steps.tables import write_table
from tests.artefacts import builders


@pytest.fixture(scope="module", params=["arms", "single"])
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict:
    config = {"arms": builders.arms_config, "single": builders.single_config}[request.param]()
    folder = tmp_path_factory.mktemp(request.param)
    paths = {}
    for name, table in (builders.artefacts(config) | builders.compared(config)).items():
        paths[name] = str(folder / ARTEFACTS[name].path)
        (write_parquet if paths[name].endswith("parquet") else write_csv)(table, paths[name])
    return {"paths": paths, "settings": config.model_dump(mode="json", by_alias=True), "folder": folder}


def _needs(module: object, run: dict) -> dict[str, str]:
    return {name: run["paths"][name] for name in module.NEEDS}  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", FIGURES)
def test_figure_is_written_in_every_format(run: dict, name: str, tmp_path: Path) -> None:
    files = {
        key: str(tmp_path / f"{name}.{end}")
        for key, end in (("svg", "svg"), ("png", "png"), ("values", "csv"), ("text", "json"))
    }
    draw_figure(**files, name=name, settings=run["settings"], **_needs(load_figure(name), run))
    assert Path(files["svg"]).read_text(encoding="utf-8").count("<text") > 0
    assert Path(files["png"]).read_bytes().startswith(b"\x89PNG")
    assert len(pd.read_csv(files["values"])) > 0
    words = json.loads(Path(files["text"]).read_text(encoding="utf-8"))
    assert set(words) == {"title", "caption", "alt", "number"}
    assert all(words[name] for name in ("title", "caption", "alt"))
    assert len(words["alt"]) < 500


@pytest.mark.parametrize("name", TABLES)
def test_table_is_written_in_every_format(run: dict, name: str, tmp_path: Path) -> None:
    files = {end: str(tmp_path / f"{name}.{end}") for end in ("csv", "html", "docx", "tex")} | {
        "text": str(tmp_path / f"{name}.json")
    }
    write_table(**files, name=name, settings=run["settings"], **_needs(load_table(name), run))
    assert "<caption>" in Path(files["html"]).read_text(encoding="utf-8")
    assert r"\toprule" in Path(files["tex"]).read_text(encoding="utf-8")
    assert Path(files["docx"]).read_bytes().startswith(b"PK")
    assert Path(files["csv"]).read_text(encoding="utf-8").startswith(tuple("abcdefghijklmnopqrstuvwxyz"))
    assert json.loads(Path(files["text"]).read_text(encoding="utf-8"))["caption"]


def test_empty_artefacts_of_a_run_without_findings_still_make_tables(tmp_path: Path) -> None:
    config = builders.single_config()
    empty = {"checks": builders.checks().iloc[:0], "cleaning": builders.cleaning().iloc[:0]}
    for name, table in empty.items():
        path = tmp_path / f"{name}-artefact.csv"
        write_csv(table, path)
        files = {end: str(tmp_path / f"{name}.{end}") for end in ("csv", "html", "docx", "tex")} | {
            "text": str(tmp_path / "words.json")
        }
        write_table(**files, name=name, settings=config.model_dump(mode="json", by_alias=True), **{name: str(path)})
        assert "<tbody>" in Path(files["html"]).read_text(encoding="utf-8")
