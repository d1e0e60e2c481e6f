"""Cards of several sites, from files to a folder of their own."""

from pathlib import Path

import pytest
import yaml

from alliance.cli import main
from alliance.runs.files import write_text
from tests.unit.synthesis.cards import site


def cards(folder: Path) -> list[str]:
    paths = []
    for name, shift in {"north": -1.0, "south": 0.5, "east": 1.0}.items():
        path, card = folder / f"{name}.yaml", site(name, shift)
        card = card.model_copy(update={"quantities": [one for one in card.quantities if one.question == "first"]})
        write_text(yaml.safe_dump(card.model_dump(mode="json"), sort_keys=False), path)
        paths.append(str(path))
    return paths


def test_command_writes_page_figure_and_tables_and_says_where(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    write_text("an earlier synthesis, which this one may replace", out / "synthesis.html")
    main(["synthesise", *cards(tmp_path), "--out", str(out)])
    assert f"{out}/synthesis.html" in capsys.readouterr().out
    assert {path.name for path in out.iterdir()} >= {
        "synthesis.html",
        "forest.svg",
        "forest.png",
        "forest.csv",
        "pooled.csv",
        "sites.csv",
    }
    page = (out / "synthesis.html").read_text(encoding="utf-8")
    assert "What 3 sites say together" in page and "<script" not in page and "http" not in page.split("</head>")[1]


def test_folder_with_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.docx").write_text("x", encoding="utf-8")
    with pytest.raises(SystemExit, match="holds something else"):
        main(["synthesise", *cards(tmp_path), "--out", str(tmp_path / "mine")])
    (tmp_path / "run.yaml").write_text("x", encoding="utf-8")
    with pytest.raises(SystemExit, match="holds the results of a run"):
        main(["synthesise", *cards(tmp_path), "--out", str(tmp_path)])


def test_missing_card_is_named(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"nobody\.yaml does not exist"):
        main(["synthesise", *cards(tmp_path)[:1], str(tmp_path / "nobody.yaml")])
