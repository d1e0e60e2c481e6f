"""Instrument files: what they must say, what is refused, and that the shipped ones say what the sources say."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from alliance.config import Variable
from alliance.config.instruments import Instrument, problems_of_use, read_instrument, read_instruments
from alliance.errors import InstrumentError

FOLDER = Path(__file__).parents[3] / "config" / "instruments"
SHIPPED = sorted(FOLDER.glob("*.yaml"))

# Typed a second time from the project's list of facts: key -> items, range, reversed items.
STRUCTURE: dict[str, tuple[int, tuple[float, float], list[int]]] = {
    "wai": (36, (1, 7), [1, 3, 7, 9, 10, 11, 12, 15, 20, 27, 29, 31, 33, 34]),
    "wai_s": (12, (1, 7), [4, 10]),
    "wai_sr": (12, (1, 5), []),
    "haq_ii": (19, (1, 6), [4, 8, 11, 16, 19]),
    "srs": (4, (0, 10), []),
    "tasc_r": (12, (1, 4), [2, 5, 7, 8, 11]),
    "phq_9": (9, (0, 3), []),
    "gad_7": (7, (0, 3), []),
    "oq_45": (45, (0, 4), [1, 12, 13, 20, 21, 24, 31, 37, 43]),
    "core_om": (34, (0, 4), [3, 4, 7, 12, 19, 21, 31, 32]),
    "core_10": (10, (0, 4), [2, 3]),
    "bdi_ii": (21, (0, 3), []),
}
SUBSCALE_SIZES = {
    "wai": {"task": 12, "bond": 12, "goal": 12},
    "wai_s": {"task": 4, "bond": 4, "goal": 4},
    "wai_sr": {"task": 4, "bond": 4, "goal": 4},
    "oq_45": {"symptom_distress": 25, "interpersonal_relations": 11, "social_role": 9},
    "core_om": {"wellbeing": 4, "problems": 12, "functioning": 12, "risk": 6},
}


def declaration(**changes: Any) -> dict[str, Any]:
    """A valid instrument of six items, changed at the named keys."""
    fact = {"source": "made up", "confidence": "high", "verified": True}
    valid = {
        "key": "sample",
        "name": "Sample",
        "citation": "Nobody (2026).",
        "higher_is": "better",
        "forms": {"patient": fact},
        "items": 6,
        "range": [1, 5],
        "reversed": [2],
        "subscales": {"one": [1, 2, 3], "two": [4, 5, 6]},
        "alternatives": {"both": ["one", "two"]},
        "missing": {"rule": "prorate", "share": 0.2, "source": "made up"},
        "facts": {"structure": fact, "range": fact, "reversed": fact, "subscales": fact},
    }
    return valid | changes


def write(folder: Path, content: dict[str, Any], name: str = "sample") -> Path:
    path = folder / f"{name}.yaml"
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    return path


def variable(**changes: Any) -> Variable:
    settings = {"label": "x", "kind": "scale", "instrument": "sample", "items": "s_{item}", "measured": "after"}
    return Variable.model_validate(settings | changes)


def test_every_required_instrument_is_shipped() -> None:
    assert {path.stem for path in SHIPPED} == set(STRUCTURE)


@pytest.mark.parametrize("key", STRUCTURE)
def test_shipped_structure_agrees_with_the_list_of_facts(key: str) -> None:
    instrument = read_instrument(FOLDER / f"{key}.yaml")
    assert (instrument.items, instrument.range, instrument.reversed) == STRUCTURE[key]
    assert {name: len(items) for name, items in instrument.subscales.items()} == SUBSCALE_SIZES.get(key, {})


@pytest.mark.parametrize("key", SUBSCALE_SIZES)
def test_shipped_subscales_use_every_item_once(key: str) -> None:
    instrument = read_instrument(FOLDER / f"{key}.yaml")
    assert sorted(item for items in instrument.subscales.values() for item in items) == instrument.scales()["total"]


def test_wai_forms_differ_in_range_reversal_task_and_goal_but_share_the_bond_items() -> None:
    revised, short = read_instrument(FOLDER / "wai_sr.yaml"), read_instrument(FOLDER / "wai_s.yaml")
    assert revised.item_range(1) == (1, 5) and short.item_range(1) == (1, 7)
    assert revised.reversed != short.reversed
    assert revised.subscales["task"] != short.subscales["task"] and revised.subscales["goal"] != short.subscales["goal"]
    assert revised.subscales["bond"] == short.subscales["bond"]


@pytest.mark.parametrize("key", ["wai", "wai_s", "wai_sr"])
def test_agreement_joins_goal_and_task(key: str) -> None:
    instrument = read_instrument(FOLDER / f"{key}.yaml")
    assert set(instrument.scales()["agreement"]) == {*instrument.subscales["goal"], *instrument.subscales["task"]}


@pytest.mark.parametrize(
    ("key", "thresholds"),
    [
        ("phq_9", [5, 10, 15, 20]),
        ("gad_7", [5, 8, 10, 15]),
        ("bdi_ii", [14, 20, 29]),
        ("core_10", [11, 13]),
        ("core_om", [9.9]),
        ("srs", [36]),
    ],
)
def test_shipped_cutoffs_are_those_of_the_list_of_facts(key: str, thresholds: list[float]) -> None:
    cutoffs = read_instrument(FOLDER / f"{key}.yaml").cutoffs
    assert [cutoff.value for cutoff in cutoffs] == thresholds
    assert all(cutoff.verified and cutoff.source for cutoff in cutoffs)


def test_cutoff_whose_sources_disagree_is_kept_unverified() -> None:
    total = next(cutoff for cutoff in read_instrument(FOLDER / "oq_45.yaml").cutoffs if cutoff.scale == "total")
    assert (total.confidence, total.verified) == ("low", False)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_shipped_instruments_may_score_the_patients_form_at_once(path: Path) -> None:
    assert problems_of_use("x", variable(rater="patient"), read_instrument(path)) == []


@pytest.mark.parametrize("key", ["wai_s", "wai_sr"])
def test_therapist_short_forms_of_the_wai_are_refused_until_confirmed(key: str) -> None:
    instrument = read_instrument(FOLDER / f"{key}.yaml")
    (problem,) = map(str, problems_of_use("x", variable(rater="therapist"), instrument))
    assert "therapist" in problem and "instrument_confirmed" in problem
    assert problems_of_use("x", variable(rater="therapist", instrument_confirmed=True), instrument) == []


def test_unverified_fact_is_named_until_the_config_confirms_it(tmp_path: Path) -> None:
    facts = declaration()["facts"] | {"reversed": {"source": "hearsay", "confidence": "low", "verified": False}}
    instrument = read_instrument(write(tmp_path, declaration(facts=facts)))
    (problem,) = map(str, problems_of_use("bond", variable(), instrument))
    assert "'reversed'" in problem and "hearsay" in problem and "variables.bond.instrument_confirmed: true" in problem
    assert problems_of_use("bond", variable(instrument_confirmed=True), instrument) == []


def test_polarity_that_contradicts_the_instrument_is_refused_even_when_confirmed(tmp_path: Path) -> None:
    instrument = read_instrument(write(tmp_path, declaration()))
    problems = problems_of_use("x", variable(higher_is="worse", instrument_confirmed=True), instrument)
    assert len(problems) == 1 and "variables.x.higher_is" in problems[0].what


def test_allowed_missing_items_are_a_share_of_the_scale_rounded_down_or_set_for_it(tmp_path: Path) -> None:
    missing = {"rule": "prorate", "share": 0.2, "at_most": {"one": 2}, "source": "made up"}
    instrument = read_instrument(write(tmp_path, declaration(missing=missing)))
    # .2 * 6 = 1.2 -> 1; "one" is set to 2; .2 * 3 = .6 -> 0
    assert [instrument.allowed_missing(scale) for scale in ("total", "one", "two")] == [1, 2, 0]


def test_share_of_five_items_is_not_lost_to_rounding_error(tmp_path: Path) -> None:
    content = declaration(
        items=5, subscales={}, alternatives={}, missing={"rule": "prorate", "share": 0.2, "source": "x"}
    )
    assert read_instrument(write(tmp_path, content)).allowed_missing("total") == 1


@pytest.mark.parametrize("item", [0, 7])
def test_range_of_an_item_that_is_not_there_is_refused(tmp_path: Path, item: int) -> None:
    with pytest.raises(InstrumentError, match="items 1 to 6"):
        read_instrument(write(tmp_path, declaration())).item_range(item)


LOW = {"source": "memory", "confidence": "low", "verified": True}
OTHER = {"source": "a page", "confidence": "high", "verified": True}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"reversd": [1]}, "Did you mean 'reversed'"),
        ({"range": [5, 1]}, "from low to high"),
        ({"range": [1, "five"]}, "range.1"),
        ({"reversed": [7]}, "reversed names item 7"),
        ({"reversed": [2, 2]}, "names an item twice"),
        ({"subscales": {"one": [1, 9]}}, "subscales.one names item 9"),
        ({"subscales": {"one": [], "two": [1]}}, "subscales.one has no items"),
        ({"subscales": {"total": [1]}, "alternatives": {}}, "cannot be called 'total'"),
        ({"subscales": {"lag": [1]}, "alternatives": {}}, "cannot be called 'lag'"),
        ({"subscales": {"One": [1]}, "alternatives": {}}, "not a usable name"),
        ({"alternatives": {"both": ["one", "tow"]}}, "Did you mean 'two'"),
        ({"alternatives": {"one": ["two"]}}, "subscale of the same name"),
        ({"missing": {"rule": "guess", "source": "x"}}, "missing.rule"),
        ({"missing": {"rule": "prorate", "shar": 0.1, "source": "x"}}, "Did you mean 'share'"),
        ({"missing": {"rule": "prorate", "at_most": {"tree": 1}, "source": "x"}}, "'tree' is not a scale"),
        (
            {"missing": {"rule": "subscale_mean", "source": "x"}, "subscales": {"one": [1]}, "alternatives": {}},
            "exactly one",
        ),
        ({"facts": {"structure": OTHER, "range": OTHER}}, "reversed, subscales"),
        ({"facts": dict.fromkeys(["structure", "range", "reversed", "subscales"], LOW)}, "low confidence"),
        ({"cutoffs": [{"value": 3, "rule": "over", "meaning": "x", **OTHER}]}, "cutoffs.0.rule"),
        ({"reliable_change": [{"value": 5, **OTHER}]}, "reliable_change.0.level"),
        ({"reliable_change": [{"value": 5, "level": 0.9, "scale": "third", **OTHER}]}, "'third' is not a scale"),
        ({"forms": {}}, "forms"),
        ({"key": "other"}, "Name the file other.yaml"),
    ],
)
def test_wrong_instrument_file_is_refused_with_its_place(
    tmp_path: Path, changes: dict[str, Any], expected: str
) -> None:
    path = write(tmp_path, declaration(**changes))
    with pytest.raises(InstrumentError) as caught:
        read_instrument(path)
    assert expected in str(caught.value) and str(path) in str(caught.value)


def test_missing_key_is_named(tmp_path: Path) -> None:
    content = declaration()
    del content["items"]
    with pytest.raises(InstrumentError, match="items: this setting is missing"):
        read_instrument(write(tmp_path, content))


@pytest.mark.parametrize(
    ("text", "expected"), [("a: [", "not valid YAML"), ("", "no settings"), (None, "does not exist")]
)
def test_file_that_is_no_instrument_is_an_instrument_error(tmp_path: Path, text: str | None, expected: str) -> None:
    path = tmp_path / "sample.yaml"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    with pytest.raises(InstrumentError, match=expected):
        read_instrument(path)


def test_two_files_with_one_key_are_refused(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    paths = [write(tmp_path, declaration()), write(tmp_path / "other", declaration())]
    with pytest.raises(InstrumentError, match="Two instrument files"):
        read_instruments(paths)


def test_instruments_are_found_by_their_key() -> None:
    read = read_instruments(SHIPPED)
    assert all(isinstance(instrument, Instrument) and instrument.key == key for key, instrument in read.items())
    assert set(read) == set(STRUCTURE)
