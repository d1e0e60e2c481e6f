"""The paragraph on methods says what was run and cites it, and says nothing of what was not."""

import pandas as pd
import pytest

from alliance.config import Config
from alliance.config.posing import asked_in, speakers_in
from alliance.report.prose.manuscript import Manuscript
from tests.artefacts import builders
from tests.unit.report.prose.rows import estimate

ARMS = builders.arms_config()
VERSIONS = dict.fromkeys(("python", "alliance", "pymc", "nutpie", "numba", "statsmodels", "snakemake"), "1.2")


ARTEFACTS = builders.artefacts(ARMS)
SOFTWARE = pd.DataFrame(VERSIONS.items(), columns=["name", "version"])


def manuscript(config: Config = ARMS, **changes: pd.DataFrame) -> Manuscript:
    made = ARTEFACTS if config is ARMS else builders.artefacts(config)
    return Manuscript(made | {"software": SOFTWARE} | changes, config)


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


def test_models_of_one_kind_and_method_are_told_together_under_the_numbers_of_their_questions(arms: Manuscript) -> None:
    said = " ".join(arms.sentences)
    assert "Joint multilevel models of working alliance, symptoms and alliance-helping technique" in said
    assert (
        "answered questions 1 to 3 (posterior sampled with the No-U-Turn sampler; Hoffman & Gelman, 2014; 80 patients, 620 sessions)"
    ) in said
    assert "Analyses of shares of variance answered question 4 (each equation by restricted maximum likelihood;" in said
    assert said.count("Hoffman") == 1


def test_paragraph_can_be_pasted(arms: Manuscript) -> None:
    assert len(" ".join(arms.sentences).split()) <= 370  # and half a line for each citation that a run may add


def test_paragraph_of_all_questions_stays_short_and_names_each_of_them_once() -> None:
    config = builders.arms_config(questions="possible")
    engines = {"textbook": "statsmodels MixedLM", "descriptive": "bootstrap"}
    rows = [
        estimate(
            model=name,
            n_patients=281 + place,
            engine=engines.get(config.models.specs[name].family, "maximum likelihood"),
        )
        for place, name in enumerate(speakers_in(config))
    ]
    run = Manuscript(ARTEFACTS | {"software": SOFTWARE, "estimates": pd.DataFrame(rows)}, config)
    said = " ".join(run.sentences)
    asked = asked_in(config)
    assert len(asked) > 18
    assert all(said.count(f"({place}) ") == 1 for place in range(1, len(asked) + 1))
    assert "rapport building, collaborative goal setting, flexibility" in said  # what has when and by whom in common
    assert "several outcomes" in said
    assert len(said.split()) <= 720


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
