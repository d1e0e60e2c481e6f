"""Tables of a synthesis: all quantities together, site by site, and what was not put together."""

import pandas as pd

from alliance.report.accounts import account_of
from alliance.report.labels import capitalised_name, label_effect, label_level
from alliance.report.numbers import format_count, format_estimates, format_interval, format_shares
from alliance.report.tables.table import Table
from alliance.synthesis.combine import Synthesis, cautions_of
from alliance.synthesis.names import PREDICTION, name_path, name_quantity, name_unit

_MARK = " †"


def make_pooled(found: Synthesis) -> Table:
    """Return one row per quantity and unit: the mean, how far sites differ, and where another site is expected."""
    rows = found.pooled.to_dict("records")
    means, spreads = format_estimates(
        [account_of(row) for row in rows], [(row["tau"], row["tau_low"], row["tau_high"]) for row in rows]
    )
    shown = pd.DataFrame(
        {
            "Path": [name_path(row, found.labels) for row in rows],
            "Quantity": [capitalised_name(label_effect(row["effect"])) for row in rows],
            "Level": [capitalised_name(label_level(row["level"])) for row in rows],
            "When": [capitalised_name(row["horizon"]) for row in rows],
            "Unit": [capitalised_name(row["unit"]) for row in rows],
            "Sites, patients": [f"{row['sites']}, {format_count(row['n_patients'])}" for row in rows],
            "Mean [interval]": [
                text + (_MARK if row["cautions"] else "") for text, row in zip(means, rows, strict=True)
            ],
            "SD between sites": spreads,
            "I²": format_shares([(row["share"],) for row in rows])[0],
            "Another site": [
                format_interval(row["predicted_low"], row["predicted_high"]) if row["sites"] > 2 else "" for row in rows
            ],
        }
    )
    cautions: dict[str, list[str]] = {}
    for row in rows:
        for caution in cautions_of(row):
            cautions.setdefault(caution, []).append(f"{name_path(row, found.labels)}, {label_effect(row['effect'])}")
    everywhere = [caution for caution, concerned in cautions.items() if len(concerned) == len(rows)]
    notes = [
        "Random-effects meta-analysis, restricted maximum likelihood. Mean: interval of Hartung and Knapp (t, one degree of freedom fewer "
        "than sites), never narrower than with one common effect. SD between sites: interval from Q. Another site: prediction interval "
        f"(t, two degrees of freedom fewer than sites). {PREDICTION}",
        *(f"† All: {caution}." for caution in everywhere),
        *(
            f"† {'; '.join(dict.fromkeys(concerned))}: {caution}."
            for caution, concerned in cautions.items()
            if caution not in everywhere
        ),
    ]
    return Table(found.pooled, shown, "What the sites say together", notes)


def make_sites(found: Synthesis) -> Table:
    """Return one row per site and quantity, with its weight and its N."""
    rows = found.sites.to_dict("records")
    (estimates,) = format_estimates([account_of(row) for row in rows])
    shown = pd.DataFrame(
        {
            "Quantity": [f"{name_quantity(row, found.labels)}: {name_unit(row, found.labels)}" for row in rows],
            "Site": [row["site"] for row in rows],
            "Estimate [interval]": [
                text + (_MARK if row["flags"] else "") for text, row in zip(estimates, rows, strict=True)
            ],
            "Weight": format_shares([(row["weight"],) for row in rows])[0],
            "Patients": [format_count(row["n_patients"]) for row in rows],
            "Sessions": [format_count(row["n_sessions"]) for row in rows],
        }
    )
    flags = sorted({flag for row in rows for flag in filter(None, row["flags"].split("; "))})
    notes = [
        "Intervals are normal ones from each site's standard error.",
        *([f"† Flagged by the site: {', '.join(flags)}."] if flags else []),
    ]
    return Table(found.sites, shown, "Site by site", notes, group="Quantity", own=("Site",))


def make_refused(found: Synthesis) -> Table:
    """Return what was not put together, and why."""
    rows = found.refused.to_dict("records")
    shown = pd.DataFrame(
        {
            "Path": [name_path(row, found.labels) for row in rows],
            "Quantity": [capitalised_name(label_effect(row["effect"])) for row in rows],
            "Level": [capitalised_name(label_level(row["level"])) for row in rows],
            "Unit": [capitalised_name(row["unit"]) for row in rows],
            "Why not": [row["reason"][:1].upper() + row["reason"][1:] for row in rows],
        }
    )
    return Table(found.refused, shown, "What was not put together")
