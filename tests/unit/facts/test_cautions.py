"""Cautions: verdicts follow from what is declared, and every declaration is used and can be read."""

import ast
import re
from collections.abc import Iterator

import pandas as pd
import pytest

from alliance.config.schema import Inference
from alliance.facts.cautions import CAUTIONS, Caution
from alliance.facts.marks import Mark
from alliance.facts.registry import Registry
from alliance.report.prose.quality import describe_diagnostics
from alliance.report.tables.cautions import make as make_cautions
from alliance.report.tables.diagnostics import make as make_diagnostics
from alliance.results.diagnostics import row_of
from alliance.results.estimates import flag_of
from tests.architecture.project import modules
from tests.artefacts import builders


def declared(name: str = "toy", **changes: object) -> Caution:
    return Caution(
        **{"name": name, "title": "toy", "meaning": "A toy.", "concerns": "all", "passes": "at most"} | changes
    )


@pytest.mark.parametrize(
    ("passes", "expected"),
    [
        ("at most", [True, True, False]),
        ("at least", [False, True, True]),
        ("above", [False, False, True]),
        ("always", [True, True, True]),
        ("never", [False, False, False]),
    ],
)
def test_verdict_follows_from_value_and_threshold(passes: str, expected: list[bool], monkeypatch) -> None:
    monkeypatch.setitem(CAUTIONS, "toy", declared(passes=passes, threshold=2.0))

    assert [Mark("toy", "x", value).passed for value in (1.0, 2.0, 3.0)] == expected


def test_value_that_could_not_be_computed_does_not_pass(monkeypatch) -> None:
    for passes in ("at most", "at least", "above"):
        monkeypatch.setitem(CAUTIONS, "toy", declared(passes=passes, threshold=2.0))
        assert not Mark("toy", "x").passed


def test_threshold_of_a_setting_comes_with_the_mark(monkeypatch) -> None:
    monkeypatch.setitem(CAUTIONS, "toy", declared(setting="rhat_max"))

    assert Mark("toy", "x", 1.1, limit=1.2).passed and not Mark("toy", "x", 1.3, limit=1.2).passed
    assert not Mark("toy", "x", 1.1).passed  # the fit forgot it


def test_fit_that_judges_has_to_say_so(monkeypatch) -> None:
    monkeypatch.setitem(CAUTIONS, "toy", declared(passes="by the fit"))

    assert Mark("toy", "x", verdict=True).passed
    with pytest.raises(ValueError, match="the fit has to say it"):
        _ = Mark("toy", "x").passed


def test_unknown_caution_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(KeyError, match="Did you mean 'few_patients'"):
        Mark("few_patient", "x")


def test_name_can_be_declared_once_only() -> None:
    with pytest.raises(ValueError, match="'toy' is declared twice"):
        Registry(declared(), declared())


@pytest.mark.parametrize("caution", CAUTIONS.values(), ids=list(CAUTIONS))
def test_declaration_can_be_read(caution: Caution) -> None:
    assert re.fullmatch(r"[a-z_]+", caution.name)
    assert caution.meaning.endswith(".") and caution.meaning[0].isupper()
    assert not caution.concerns.endswith(".")
    assert not caution.setting or caution.setting in Inference.model_fields
    # The words stand in reports of every design, so they claim neither a cause nor that anything is mediated.
    assert not re.search(
        r"mediat|\bcaus(?:es?|ed|al|ally)\b|\beffects?\b", f"{caution.meaning} {caution.concerns}", re.IGNORECASE
    )
    compared = caution.passes in ("at most", "at least", "above")
    assert not compared or caution.setting or caution.threshold == caution.threshold


def test_declared_caution_reaches_flags_tables_and_sentences(monkeypatch: pytest.MonkeyPatch) -> None:
    toy = declared(title="full moon", meaning="The moon was full.", passes="at most", threshold=0.5, unit="moons")
    monkeypatch.setitem(CAUTIONS, "toy", toy)
    config = builders.arms_config()
    mark = Mark("toy", "the night", 0.75, "twice as bright", outcomes=("y",))
    table = pd.DataFrame([{"model": config.models.fit[0], **row_of(mark)}])
    quantity = {"outcome": "y", "path": "x -> y", "effect": "effect", "level": "within"}

    assert flag_of(quantity, 0, [mark]) == "full moon"
    shown = make_diagnostics({"diagnostics": table}, config).shown.loc[0]
    assert (shown["Diagnostic"], shown["Verdict"], shown["Remark"]) == ("Full moon", "† flagged", "Twice as bright")
    listed = make_cautions({"diagnostics": table}, config).shown.iloc[-1]
    assert (listed["Meaning"], listed["Verdict"]) == ("The moon was full.", "Passes with 0.5 or less (moons)")
    assert listed["In this run"] == "† 1 of 1 flagged"
    said = "".join(
        str(sentence)
        for passage in describe_diagnostics({"diagnostics": table}, config)
        for sentence in passage.sentences
    )
    assert "Full moon: The moon was full. Passes with 0.5 or less (moons)." in said
    assert "the night (0.75: twice as bright)" in said


def test_caution_about_a_share_is_read_in_percent_wherever_it_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    toy = declared(title="full moon", passes="at most", threshold=0.05, unit="share of nights")
    monkeypatch.setitem(CAUTIONS, "toy", toy)
    config = builders.arms_config()
    table = pd.DataFrame([{"model": config.models.fit[0], **row_of(Mark("toy", "the night", 0.0517, outcomes=("y",)))}])

    shown = make_diagnostics({"diagnostics": table}, config).shown.loc[0]
    assert (shown["Value"], shown["Threshold"]) == ("5.2%", "5.0%")
    assert make_cautions({"diagnostics": table}, config).shown["Verdict"].iloc[-1] == (
        "Passes with 5% or less (share of nights)"
    )
    (point,) = describe_diagnostics({"diagnostics": table}, config)[1].sentences
    assert "Passes with 5% or less (share of nights). Seen in" in str(point) and "the night (5.17%)" in str(point)


def test_every_caution_is_reported_somewhere() -> None:
    said = set(_strings())
    spelled = {f"few_{unit}" for unit in ("patients", "therapists")} | {
        "bulk_ess",
        "tail_ess",
    }  # put together from parts
    assert set(CAUTIONS) - said - spelled == set()


def _strings() -> Iterator[str]:
    """Give every string constant of the package outside the declarations."""
    for name, path in modules().items():
        if not name.startswith("alliance.facts."):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    yield node.value
