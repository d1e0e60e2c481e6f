"""Published sizes that stand beside a study's own, each once: what was found, in whom, and by which design.

They are no targets, and no test of a study: other patients, other measures and other models give other numbers. Only sizes that were read
in the abstract of their source stand here, with the interval that stands there; a source that gives none has none here.
"""

from dataclasses import dataclass
from typing import Final, Literal

from alliance.facts.registry import Registry

# A correlation; a coefficient in standard deviations of cause and outcome; a difference of means in standard deviations; a share of one.
Measure = Literal["r", "beta", "d", "share"]


@dataclass(frozen=True)
class Published:
    """One size that was published.

    Parameters
    ----------
    name
        What it is asked for by.
    quantity
        What it is of, in words that can follow "the size of".
    measure
        What kind of number it is.
    low, high
        Ends of its 95 % interval; or, without a `value`, the smallest and the largest of several sizes. None where none was given.
    value
        The size; None where the source gives several.
    design
        Where it is from, in words that can follow "in".
    source
        Authors and year, as they are cited.
    doi
        Of the source; another identifier where `source` says which.
    """

    name: str
    quantity: str
    measure: Measure
    design: str
    source: str
    doi: str
    value: float | None = None
    low: float | None = None
    high: float | None = None


_META_2018: Final = ("Flückiger, Del Re, Wampold and Horvath (2018)", "10.1037/pst0000172")

PUBLISHED: Final = Registry(
    Published(
        "alliance_outcome",
        "the correlation of the alliance with outcome",
        "r",
        "a three-level meta-analysis of 295 studies, mostly of one rating of the alliance and the outcome at the end",
        *_META_2018,
        value=0.278,
        low=0.256,
        high=0.299,
    ),
    Published(
        "alliance_outcome_online",
        "the correlation of the alliance with outcome in therapy by internet",
        "r",
        "23 studies of the same meta-analysis",
        *_META_2018,
        value=0.275,
    ),
    # The sign is that of a benefit: more alliance, fewer symptoms at the next session.
    Published(
        "alliance_next_session",
        "the standardised effect of the alliance on symptoms at the next session, within patients and whatever its sign,",
        "beta",
        "a random-intercept cross-lagged panel model of 345 outpatients in Nairobi",
        "PMC7776120",
        "",
        low=0.16,
        high=0.21,
    ),
    Published(
        "rupture_repair_outcome",
        "the correlation of rupture-repair episodes with outcome",
        "r",
        "a meta-analysis of 3 studies with 148 patients",
        "Safran, Muran and Eubanks-Carter (2011)",
        "10.1037/a0022140",
        value=0.24,
        low=0.09,
        high=0.39,
    ),
    Published(
        "mediation_reported",
        "the share of articles on the alliance as a mediator that report mediation",
        "share",
        "a review of 37 articles",
        "Baier, Kline and Feeny (2020)",
        "10.1016/j.cpr.2020.101921",
        value=0.70,
    ),
    Published(
        "guidance_alliance",
        "the difference that guidance makes to the alliance in a web programme",
        "d",
        "a randomised trial of guided against unguided use with 302 participants",
        "doi 10.1016/j.invent.2022.100593",
        "10.1016/j.invent.2022.100593",
        low=0.42,
        high=0.66,
    ),
)


def is_alliance(name: str, label: str, instrument: str | None) -> bool:
    """Whether a variable is the alliance, so that what is published about it may stand beside: by its name, label or questionnaire."""
    return any("alliance" in text.lower() for text in (name, label)) or instrument in _INSTRUMENTS


# Questionnaires of `config/instruments` that measure the alliance.
_INSTRUMENTS: Final = ("wai", "wai_s", "wai_sr", "haq_ii", "srs", "tasc_r")
