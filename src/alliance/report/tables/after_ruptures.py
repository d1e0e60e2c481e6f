"""What follows ruptures, under each way to tell them."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from alliance.config import Config
from alliance.config.posing import cast_in, speaker_of
from alliance.facts.quantity import join_nodes
from alliance.report.labels import capitalised_name, label_effect, label_of, unit_of
from alliance.report.ruptures import NAME, following, label_detector, marks_in, statistic_of
from alliance.report.tables.marks import notes_of, write_estimates
from alliance.report.tables.table import Table

TITLE = "What follows ruptures"
NEEDS = ("estimates",)
_NOTHING = "–"
_DATA = ["detector", "what"]


def make(inputs: Mapping[str, pd.DataFrame], config: Config) -> Table:
    """Return one row per detector and consequence, with its interval and flag."""
    estimates, marks, cast = inputs["estimates"], marks_in(config), cast_in(config)
    if not marks:
        empty = pd.DataFrame(columns=["Ruptures told by", "What follows", "Estimate [interval]"])
        return Table(pd.DataFrame(columns=_DATA), empty, "What follows ruptures", ["No ruptures were asked for."])
    outcome, mediator, model = cast.one("outcome").name, cast.one("mediator").name, speaker_of(NAME, config)
    unit = unit_of(outcome, config)
    listed: list[tuple[str, str, dict[str, Any]]] = []
    for detector, states in marks.items():
        found = {
            f"{label_of(outcome, config)}, {words} ({unit})": following(estimates, states[state], outcome, config)
            for state, words in _STATES.items()
        }
        found[label_effect("leaving")] = statistic_of(estimates, model, states["open"], "leaving")
        for strategy in cast.all("strategy"):
            path = join_nodes(strategy.name, states["open"])
            words = label_effect("sooner").removesuffix("unit") + f"point of {label_of(strategy.name, config)}"
            found[words] = statistic_of(estimates, model, path, "sooner")
        listed += [(detector, words, row) for words, row in found.items() if row is not None]
    data = pd.DataFrame(
        [{"detector": detector, "what": words} | row for detector, words, row in listed],
        columns=None if listed else _DATA,
    )
    shown = pd.DataFrame(
        {
            "Ruptures told by": [capitalised_name(label_detector(detector)) for detector, _, _ in listed],
            "What follows": [capitalised_name(words) for _, words, _ in listed],
            "Estimate [interval]": write_estimates(row for _, _, row in listed),
        }
    )
    notes = [
        f"{capitalised_name(label_of(outcome, config))} at the next session, with its own past, the {label_of(mediator, config)} of the "
        "session, the number of the session and patients' averages held equal: what a rupture tells beyond a low score. A low score partly "
        "is error and rises by itself, so without that every drop would seem to be followed by improvement. Shares of those who leave hold "
        "the level of the score and the part of the course equal. Therapists address ruptures that they see, and deep ones more; "
        "differences by strategy are no effects.",
        *(notes_of(data) if len(data) else []),
    ]
    return Table(data, shown, "What follows ruptures, under each way to tell them", notes, "Ruptures told by")


_STATES = {"open": "after a session in which a rupture is open", "repaired": "after one in which it was repaired"}
