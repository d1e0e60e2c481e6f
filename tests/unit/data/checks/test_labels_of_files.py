"""What a statistics file says of its codes: labels that run against the key stop the run, and what is advised scores them rightly."""

from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

from alliance.data.checks import CHECKS
from alliance.data.checks.finding import Finding
from alliance.data.export.mapping import measures_of, type_table
from alliance.data.export.tables import Export
from tests.unit.data.checks.study import VARIABLES, clean_frames, export_of

WORDS = ["not at all", "several days", "more than half the days", "nearly every day"]
SEVEN = ["never", "rarely", "occasionally", "sometimes", "often", "very often", "always"]
KEYED = (4, 10)


def labelled(
    frame: pd.DataFrame, labels: dict[str, dict[object, str]], variables: dict[str, Any] = VARIABLES
) -> Export:
    export = export_of({"sessions": frame}, variables=variables)
    table = export.tables["sessions"]
    measures = measures_of("sessions", export.variables, export.instruments)
    typed = type_table(replace(table.raw, labels=labels), table.source, measures, export.cleaning)
    return replace(export, tables={"sessions": typed})


def told(export: Export) -> list[Finding]:
    return CHECKS["labels_against_key"](export)


def scores(export: Export, name: str) -> pd.DataFrame:
    return export.tables["sessions"].values.filter(like=f"{name}__")


def phq(words: list[str]) -> dict[str, dict[object, str]]:
    return {f"phq_{item}": {float(code): word for code, word in enumerate(words)} for item in range(1, 10)}


def wai(turned: tuple[int, ...]) -> dict[str, dict[object, str]]:
    return {
        f"wai_{item}": {
            float(code): word for code, word in enumerate(SEVEN[::-1] if item in turned else SEVEN, start=1)
        }
        for item in range(1, 13)
    }


def test_codes_that_fall_along_their_labels_stop_and_the_labels_in_order_turn_them_round() -> None:
    frame = clean_frames()["sessions"]
    turned = frame.copy()
    items = [f"phq_{item}" for item in range(1, 10)]
    turned[items] = (3 - turned[items].astype(int)).astype("str")
    (found,) = told(labelled(turned, phq(WORDS[::-1])))
    assert found.severity == "error"
    assert found.count == 9
    assert "variables.symptoms.answers" in found.remedy
    followed = {**VARIABLES, "symptoms": {**VARIABLES["symptoms"], "answers": WORDS}}
    export = labelled(turned, phq(WORDS[::-1]), followed)
    assert not told(export)
    pd.testing.assert_frame_equal(scores(export, "symptoms"), scores(labelled(frame, {}), "symptoms"))


def test_labels_that_rise_with_their_codes_are_nothing_to_tell() -> None:
    assert not told(labelled(clean_frames()["sessions"], phq(WORDS) | wai(())))
    assert not told(labelled(clean_frames()["sessions"], phq(["a", "b", "c", "d"])))


def test_items_that_a_file_calls_nominal_are_no_groups() -> None:
    labels = phq(WORDS)
    export = labelled(clean_frames()["sessions"], labels)
    raw = replace(export.tables["sessions"].raw, levels=dict.fromkeys(labels, "nominal"))
    table = replace(export.tables["sessions"], raw=raw)
    assert not CHECKS["measure_level"](replace(export, tables={"sessions": table}))


@pytest.mark.parametrize(("stored", "turned", "advised"), [(False, KEYED, "true"), (True, (), "false")])
def test_labels_say_whether_reversed_items_were_turned_round(
    stored: bool, turned: tuple[int, ...], advised: str
) -> None:
    bond = {**VARIABLES["bond"], "stored_reversed": stored}
    (found,) = told(labelled(clean_frames()["sessions"], wai(turned), {**VARIABLES, "bond": bond}))
    assert f"variables.bond.stored_reversed: {advised}" in found.remedy
    bond["stored_reversed"] = not stored
    assert not told(labelled(clean_frames()["sessions"], wai(turned), {**VARIABLES, "bond": bond}))


def test_reversed_items_without_labels_say_nothing_of_those_with_labels() -> None:
    labels = {name: said for name, said in wai(KEYED).items() if name != f"wai_{KEYED[0]}"}
    bond = {**VARIABLES["bond"], "stored_reversed": True}
    assert not told(labelled(clean_frames()["sessions"], labels, {**VARIABLES, "bond": bond}))
    (found,) = told(labelled(clean_frames()["sessions"], labels))
    assert "variables.bond.stored_reversed: true" in found.remedy
    assert f"(first: column wai_{KEYED[1]})" in found.message


def versions(export: Export) -> list[Finding]:
    return CHECKS["two_versions"](export)


def by_site(spoil: Any) -> pd.DataFrame:
    frames = [clean_frames(seed)["sessions"].assign(client=lambda f, s=seed: f["client"] + f"s{s}") for seed in (1, 2)]
    frame = pd.concat(frames, ignore_index=True)
    frame["place"] = ["north" if int(text[1:4]) % 2 else "south" for text in frame["client"]]
    items = [f"wai_{item}" for item in range(1, 13)]
    frame.loc[frame["place"] == "south", items] = spoil(frame.loc[frame["place"] == "south", items].astype(int)).astype(
        "str"
    )
    return frame


def test_rows_whose_answers_stop_in_a_heap_before_those_of_the_others_may_be_another_version() -> None:
    (found,) = versions(export_of({"sessions": by_site(lambda answers: answers.clip(upper=5))}))
    assert (found.severity, found.column) == ("warning", "place")
    assert "run from 1 to 5, those of the other rows from 1 to 7" in found.message
    assert "data.sessions.where: {place: ...}" in found.remedy


def test_rows_whose_answers_thin_out_are_no_version() -> None:
    assert not versions(export_of({"sessions": by_site(lambda answers: answers)}))
    better = by_site(lambda answers: (answers * 0.6).astype(int).clip(lower=1))
    assert not versions(export_of({"sessions": better}))
