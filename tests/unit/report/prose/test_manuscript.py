"""The paragraph on methods says what was run and cites it, and says nothing of what was not."""

import pandas as pd
import pytest

from alliance.config import Config
from alliance.report.prose.manuscript import Manuscript
from tests.artefacts import builders

ARMS = builders.arms_config()
VERSIONS = dict.fromkeys(("python", "alliance", "pymc", "nutpie", "numba", "statsmodels", "snakemake"), "1.2")


def manuscript(config: Config = ARMS, **changes: pd.DataFrame) -> Manuscript:
    software = pd.DataFrame(VERSIONS.items(), columns=["name", "version"])
    return Manuscript(builders.artefacts(config) | {"software": software} | changes, config)


@pytest.fixture(scope="module")
def arms() -> Manuscript:
    return manuscript()


def test_paragraph_has_sample_design_measures_models_and_software(arms: Manuscript) -> None:
    said = " ".join(arms.sentences)
    assert said.startswith("We analysed ")
    assert "Patients were assigned at random (treatment arm)." in said
    assert "WAI-SR, Hatcher & Gillaspy, 2006" in said and "ω = ." in said
    assert "(1) Does treatment arm reach symptoms through working alliance?" in said
    assert "statsmodels 1.2 (Seabold & Perktold, 2010)" in said and "Snakemake 1.2" in said


def test_what_is_cited_is_listed_and_nothing_else(arms: Manuscript) -> None:
    said, listed = " ".join(arms.sentences), arms.references
    assert listed == sorted(listed, key=str.casefold)
    for reference in listed:
        family, year = reference.partition(",")[0], reference.partition("(")[2][:4]
        assert f"{family}" in said and year in said, reference
    assert arms.bibtex.count("@") == len(listed)
    assert "@misc{waisr," in arms.bibtex


def test_engines_that_did_not_run_are_not_spoken_of() -> None:
    estimates = builders.estimates(ARMS)
    separate = estimates[estimates["family"] == "textbook"]
    run = manuscript(estimates=separate)
    said = " ".join(run.sentences)
    assert "PyMC" not in said and "nutpie" not in said and "No-U-Turn" not in said and "R-hat" not in said
    assert not any("Hoffman" in reference or "Vehtari" in reference for reference in run.references)


def test_run_without_recorded_versions_names_no_software() -> None:
    software = pd.DataFrame(columns=["name", "version"])
    assert "Analyses were run with" not in " ".join(manuscript(software=software).sentences)


def test_methods_of_a_single_group_claim_no_cause() -> None:
    said = " ".join(manuscript(builders.single_config()).sentences)
    assert "nothing was assigned at random" in said
    assert "effect" not in said and "mediat" not in said
