"""A report with hardly anything to report, and one with a known truth."""

from pathlib import Path

import pandas as pd
import pytest

from alliance.facts.artefacts import ARTEFACTS
from alliance.runs.artefacts import read_artefact
from alliance.runs.files import write_csv
from alliance.steps.compare import compare_truth
from alliance.steps.report import write_report
from tests.artefacts import builders


def test_run_without_estimates_figures_and_provenance_still_has_a_report(tmp_path: Path) -> None:
    paths = {"estimates": ARTEFACTS["estimates"].header, "flow": ARTEFACTS["flow"].header}
    for name, columns in paths.items():
        write_csv(pd.DataFrame(columns=columns), tmp_path / f"{name}.csv")
    report, headline = tmp_path / "report.html", tmp_path / "headline.txt"
    supplement = tmp_path / "supplement.html"
    write_report(
        figures=[],
        tables=[],
        settings=builders.single_config().model_dump(mode="json", by_alias=True),
        report=str(report),
        supplement=str(supplement),
        text=str(tmp_path / "report.md"),
        numbers=str(tmp_path / "numbers.yaml"),
        references=str(tmp_path / "references.bib"),
        answers_word=str(tmp_path / "answers.docx"),
        answers_latex=str(tmp_path / "answers.tex"),
        headline=str(headline),
        **{name: str(tmp_path / f"{name}.csv") for name in paths},
    )

    assert "No fitted model gave an estimate" in report.read_text(encoding="utf-8")
    assert "No estimates came from" in supplement.read_text(encoding="utf-8")
    assert headline.read_text(encoding="utf-8").startswith("No fitted model gave an estimate")


def test_known_truth_is_read_from_its_file(tmp_path: Path) -> None:
    config = builders.arms_config()
    estimates = builders.estimates(config)
    write_csv(estimates, tmp_path / "estimates.csv")
    write_csv(builders.corrected(config, estimates), tmp_path / "corrected.csv")
    row = estimates[(estimates["model"] == "technique_by_steps") & (estimates["effect"] == "a")].iloc[0]
    keys = ("outcome", "path", "effect", "level", "horizon")
    lines = [f"{'- ' if key == 'outcome' else '  '}{key}: {row[key]}" for key in keys] + [f"  value: {row['estimate']}"]
    known = tmp_path / "truth.yaml"
    known.write_text("quantities:\n" + "\n".join(lines) + "\n", encoding="utf-8")
    compare_truth(
        estimates=str(tmp_path / "estimates.csv"),
        corrected=str(tmp_path / "corrected.csv"),
        known=str(known),
        truth=str(tmp_path / "truth.csv"),
        settings=config.model_dump(mode="json", by_alias=True),
    )

    found = read_artefact(tmp_path / "truth.csv", "truth")
    assert found["truth"].tolist() == pytest.approx([row["estimate"]] * len(found))
    assert found.loc[found["model"] == "technique_by_steps", "holds"].all()
