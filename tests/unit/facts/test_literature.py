"""Published sizes: each once, inside its own interval, and with a source that can be found."""

from pathlib import Path

from alliance.facts.literature import PUBLISHED, is_alliance

INSTRUMENTS = Path(__file__).parents[3] / "config/instruments"


def test_every_size_has_a_source_and_lies_in_its_interval() -> None:
    for size in PUBLISHED.values():
        assert size.doi.startswith("10.") or size.source.startswith("PMC")
        assert (size.low is None) == (size.high is None)
        if size.low is not None and size.high is not None:
            assert size.low < size.high
            assert size.value is None or size.low <= size.value <= size.high
        assert size.value is not None or size.low is not None


def test_what_is_published_about_the_alliance_stands_beside_the_alliance_only() -> None:
    assert is_alliance("bond", "Working alliance", None) and is_alliance("process", "SRS", "srs")
    assert not is_alliance("rumination", "rumination", None) and not is_alliance("coping", "coping", "core_10")


def test_questionnaires_of_the_alliance_are_those_that_are_built_in() -> None:
    present = {path.stem for path in INSTRUMENTS.glob("*.yaml")}
    others = {"bdi_ii", "core_10", "core_om", "gad_7", "oq_45", "phq_9"}
    assert {name for name in present if is_alliance("x", "y", name)} == present - others
