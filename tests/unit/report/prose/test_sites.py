"""What is said and shown of the sites of one study: the mean, how far they differ, and how little a few tell of that."""

from typing import Any

import pandas as pd
import pytest

from alliance.facts.artefacts import ARTEFACTS
from alliance.inference.random_effects import pool, shrink
from alliance.report.figures.sites import draw
from alliance.report.prose.groups import tell_populations
from alliance.report.prose.sites import describe_sites, tell_pooled
from alliance.report.tables.sites import make
from tests.artefacts.builders import arms_config
from tests.unit.report.prose.rows import inputs, said

CONFIG = arms_config(questions=["populations"])
MODEL = "path_of_each_clinic"
WAYS = {"a": "technique -> alliance", "indirect": "technique -> alliance -> symptoms"}
SITES = [("clinic_south", 0.0), ("clinic_south", 1.0), ("clinic_east", 1.0)]


def found(*estimates: float, left: str = "") -> dict[str, pd.DataFrame]:
    """Return artefacts of sites with these estimates and errors of 0.1, and maybe one that is left out."""
    sites: list[dict[str, Any]] = []
    pooled: list[dict[str, Any]] = []
    together = pool(estimates, [0.1] * len(estimates))
    shrunk = shrink(estimates, [0.1] * len(estimates), together)
    for effect, path in WAYS.items():
        about = {
            "model": MODEL,
            "outcome": path.split(" -> ")[-1],
            "path": path,
            "effect": effect,
            "level": "within",
            "horizon": "",
        }
        size = {"n_patients": 100, "n_sessions": 900}
        numbers = {name: getattr(together, name) for name in ARTEFACTS["pooled"].header if hasattr(together, name)}
        pooled.append(about | numbers | {"interval": 0.95, "n_patients": 300, "n_sessions": 2700})
        for (column, value), estimate, one, weight in zip(SITES, estimates, shrunk, together.weights, strict=False):
            own = {"estimate": estimate, "sd": 0.1, "low": estimate - 0.196, "high": estimate + 0.196, "weight": weight}
            drawn = {"shrunk": one.estimate, "shrunk_low": one.low, "shrunk_high": one.high, "flag": "", "reason": ""}
            sites.append(about | size | own | drawn | {"moderator": column, "value": value})
    if left:
        sites.append(
            {
                "model": MODEL,
                "moderator": "clinic_east",
                "value": 1.0,
                "reason": left,
                "flag": "",
                "path": "",
                "effect": "",
            }
        )
    frames = {"sites": sites, "pooled": pooled}
    return inputs() | {name: pd.DataFrame(rows, columns=ARTEFACTS[name].header) for name, rows in frames.items()}


def test_few_sites_are_said_to_tell_next_to_nothing_of_how_far_they_differ() -> None:
    told = said(describe_sites(found(0.1, 0.2, 0.6), CONFIG))
    assert "3 sites say next to nothing about how far sites differ" in told
    assert "on average over 3 sites (95% interval)" in told and "At another site like these it is expected" in told
    assert "fitted to each clinic alone" in told


def test_two_sites_predict_no_third_and_who_is_left_out_is_named_with_the_reason() -> None:
    told = said(describe_sites(found(0.1, 0.2, left="it has fewer than 5 patients"), CONFIG))
    assert "Two sites do not tell what to expect of a third." in told
    assert "Without estimates of their own: clinic: east (it has fewer than 5 patients)." in told


def test_the_answer_holds_the_mean_of_the_longest_path_beside_what_groups_say() -> None:
    path = WAYS["indirect"]
    about = {
        "model": "path_by_clinic",
        "path": path,
        "outcome": "symptoms",
        "level": "within",
        "horizon": "next session",
    }
    size = {
        "n_patients": 300,
        "n_sessions": 2700,
        "n_therapists": 20,
        "flag": "",
        "interval": 0.95,
        "interval_kind": "confidence",
    }
    numbers = {"estimate": 0.1, "low": -0.1, "high": 0.3, "moderator": "clinic_south"} | about | size
    groups = [numbers | {"effect": "conditional", "value": value} for value in (0.0, 1.0)]
    groups.append(numbers | {"effect": "index", "value": float("nan")})
    told = tell_populations(found(0.1, 0.2, 0.6) | {"estimates": pd.DataFrame(groups)}, CONFIG)
    assert told is not None
    assert "With each clinic fitted alone, the mean over them is 0.30 [" in told.answer
    assert ", and 3 sites tell next to nothing of how far such sites differ." in told.answer


def test_sites_that_agree_by_chance_are_not_said_to_have_a_known_spread_of_zero() -> None:
    told = tell_pooled(found(0.2, 0.2, 0.2), CONFIG)
    assert "they agree more closely than their own errors let expect, and 3 sites tell next to nothing" in told
    assert "standard deviation" not in told


def test_table_and_figure_hold_each_site_twice_then_the_mean_and_another_site() -> None:
    artefacts = found(0.1, 0.2, 0.6)
    table = make(artefacts, CONFIG)
    first = table.shown[table.shown["Quantity"] == table.shown["Quantity"].iloc[0]]
    assert list(first["Site"]) == [
        "clinic: north",
        "clinic: south",
        "clinic: east",
        "Mean over sites",
        "SD between sites",
        "Another site",
    ]
    assert first["Alone [interval]"].iloc[0] == "0.10 [−0.10, 0.30]"
    drawing = draw(artefacts, CONFIG)
    rows = drawing.values[drawing.values["effect"] == "indirect"]
    assert len(rows) == 2 * 3 + 2
    own, drawn = rows["estimate"].iloc[4], rows["estimate"].iloc[5]
    assert own == pytest.approx(0.6) and 0.3 < drawn < 0.6  # towards the mean of .3
