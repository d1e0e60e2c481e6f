"""What is said of ruptures: no more than by chance is said so, and what follows as far as its interval tells."""

from typing import Any

import pandas as pd
import pytest

from alliance.config import Config, validate_config
from alliance.facts.artefacts import ARTEFACTS
from alliance.questions import QUESTIONS, cast_of
from alliance.report.figures import load_figure
from alliance.report.prose.ruptures import tell_ruptures
from alliance.report.tables import load_table
from tests.unit.report.prose.rows import estimate, inputs, of_design

MODEL = "ruptures_of_alliance"


@pytest.fixture(scope="module")
def config() -> Config:
    settings = of_design("randomised_arms").model_dump(mode="json", by_alias=True)
    settings["variables"]["alliance"]["role"], settings["variables"]["symptoms"]["role"] = "mediator", "outcome"
    posed = QUESTIONS["ruptures"].pose(cast_of(settings["variables"], therapists=True))
    settings["variables"] |= {"seen": SEEN, **posed.measures, **OBSERVED}
    settings["models"]["specs"] |= posed.specs
    settings["models"]["fit"] += list(posed.specs)
    settings["questions"] = [*settings["questions"], "ruptures"] if settings["questions"] != "possible" else "possible"
    return validate_config(settings)


SEEN = {"label": "seen", "column": "seen", "measured": "during", "role": "rupture"}
OBSERVED = {
    f"{state}_by_observer": {
        "label": f"{state} (observers)",
        "kind": "rupture_mark",
        "of": ["alliance", "seen"],
        "detector": "observer",
        "state": state,
        "measured": "after",
    }
    for state in ("open", "repaired")
}


def told(*detectors: str) -> pd.DataFrame:
    rows = [
        {"score": "alliance", "detector": name, "limit": 3.1, "by_chance": 0.05, "usual_limit": 1.0, "usual_by_chance": 0.8, "note": ""}
        | {"repaired_by_chance": 0.7}
        for name in detectors
    ]  # fmt: skip
    rows.append({"score": "alliance", "detector": "observer", "note": ""})
    return pd.DataFrame(rows, columns=ARTEFACTS["detectors"].header)


def statistic(path: str, effect: str, *values: float, **changes: Any) -> dict[str, Any]:
    at = dict(zip(("estimate", "low", "high"), values, strict=True))
    own = {"model": MODEL, "family": "descriptive", "level": "", "horizon": "", "outcome": path.partition(",")[0]}
    return estimate(**own | {"path": path, "effect": effect} | at | changes)


def run(*, low: float = 0.03, after: tuple[float, float, float] = (0.5, -0.2, 1.2)) -> dict[str, pd.DataFrame]:
    rows = [
        statistic("open_by_sd_drop", "ruptured", 0.06, low, 0.09),
        statistic("open_by_sd_drop", "depth", 9.0, 8.0, 10.0),
        statistic("open_by_sd_drop", "repaired", 0.6, 0.4, 0.8),
        statistic("open_by_observer", "ruptured", 0.3, 0.25, 0.35),
        statistic("open_by_sd_drop, open_by_observer", "kappa", 0.04, -0.01, 0.1),
        statistic("open_by_sd_drop", "leaving", 0.05, -0.01, 0.1),
        statistic(
            "open_by_observer -> symptoms",
            "effect",
            *after,
            model="after_rupture_observer",
            level="within",
            outcome="symptoms",
        ),
    ]
    return inputs(*rows) | {"detectors": told("sd_drop")}


def test_no_more_than_by_chance_is_said_so(config: Config) -> None:
    answer = tell_ruptures(run(), config)
    assert answer is not None
    assert answer.answer.startswith("Not shown to be more than chance")
    assert "observers saw a rupture in 30% of patients" in answer.answer.lower()
    assert "stays open" in answer.answer
    assert "below 3.1 standard deviations" in answer.change


def test_more_than_by_chance_names_the_detectors(config: Config) -> None:
    answer = tell_ruptures(run(low=0.055, after=(0.7, 0.2, 1.2)), config)
    assert answer is not None
    assert "the interval lies above that for drop in standard deviations" in answer.answer
    assert "(observers) is followed by higher symptoms at the next session than" in answer.answer
    assert len(answer.rows) == 4


def test_nothing_told_is_no_answer(config: Config) -> None:
    assert tell_ruptures(inputs(estimate()) | {"detectors": told()}, config) is None


def test_tables_and_figure_show_what_is_known_and_say_what_is_not(config: Config) -> None:
    table = load_table("ruptures").make(run(), config)
    first, seen = table.shown.to_dict("records")
    assert (first["Marked by chance"], first["It marks by chance"]) == ("5%", "80%")
    assert first["Patients with a rupture"] == "6% [3%, 9%]"
    assert seen["Limit"] == seen["Marked by chance"] == "–"
    after = load_table("after_ruptures").make(run(), config).shown
    assert list(after["What follows"].str[:9]) == ["More who ", "Symptoms,"]
    drawing = load_figure("ruptures").draw(run(), config)
    assert drawing.values.loc[0, "kappa_observer"] == 0.04
    assert "6%" in drawing.alt


def test_narrow_interval_above_chance_is_told_by_numbers_that_differ(config: Config) -> None:
    made = run()
    table = made["estimates"]
    own = (table["path"] == "open_by_sd_drop") & (table["effect"] == "ruptured")
    table.loc[own, ["estimate", "low", "high"]] = [0.0512, 0.0505, 0.0519]
    answer = tell_ruptures(made, config)
    assert answer is not None
    assert (
        "5.12% of patients are marked, and 5.00% would be without any rupture; the interval lies above that"
        in answer.answer
    )
