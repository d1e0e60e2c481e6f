"""The artefacts of a run: files that other parts read, each declared once with its path, its columns and their kinds.

Figures, tables and sections of the report ask for them by name (``NEEDS = ("panel", "estimates")``); outputs of rules, readers, writers and
what is taken from a fit follow from here. To add a table that fits fill: one entry with ``from_fit``, and a family that packs rows as a
group of that name into its container.
"""

from dataclasses import dataclass, field
from typing import Final, Literal

from alliance.facts.columns import COUNT_COLUMNS
from alliance.facts.quantity import QUANTITY_COLUMNS
from alliance.facts.registry import Registry

Kind = Literal["text", "number", "count", "truth"]
Columns = dict[str, Kind]
TEXT: Final[Kind] = "text"  # an empty cell is an empty text
NUMBER: Final[Kind] = "number"
COUNT: Final[Kind] = "count"
TRUTH: Final[Kind] = "truth"


@dataclass(frozen=True)
class Artefact:
    """One file of a run.

    Parameters
    ----------
    name
        What it is asked for by.
    path
        Below ``results/<run>/``; the ending says how it is written.
    made_by
        The rule that writes it.
    columns
        Column -> kind, in order; none where the study's own variables decide.
    from_fit
        Whether fits fill it: the group of this name in their containers holds its rows, apart from the column model.
    in_report
        Whether sentences and blocks of the report are made from it.
    """

    name: str
    path: str
    made_by: str
    columns: Columns = field(default_factory=dict)
    from_fit: bool = False
    in_report: bool = True

    @property
    def header(self) -> list[str]:
        """Its columns in order."""
        return list(self.columns)


def _columns(text: str = "", **others: Kind) -> Columns:
    """Name columns of text first, then others."""
    return dict.fromkeys(text.split(), TEXT) | others


_MODEL: Final = _columns("model family engine")
_QUANTITY: Final = dict.fromkeys(QUANTITY_COLUMNS, TEXT) | {"value": NUMBER}
_COUNTS: Final = dict.fromkeys(COUNT_COLUMNS, COUNT)
_EFFECT: Final = _columns("path effect level")
_ESTIMATE: Final = _columns(estimate=NUMBER, sd=NUMBER, low=NUMBER, high=NUMBER)
_INTERVAL: Final = _columns(interval=NUMBER, interval_kind=TEXT)


def _beside(account: str, other: str) -> Columns:
    """Columns of two accounts of the same estimates; `sd` is the standard error of the first, in which `change` is counted."""
    numbers: Columns = dict.fromkeys((account, "sd", other, f"sd_{other}", "change"), NUMBER)
    return _columns("model outcome path effect level horizon") | _COUNTS | numbers


# What two runs are compared by, and what of each stands beside the other's.
_COMPARED: Final = {name: kind for name, kind in _QUANTITY.items() if name != "horizon"}
_CARRIED: Final = _columns("horizon") | _ESTIMATE | _INTERVAL | _COUNTS | _columns("flag")

ARTEFACTS: Final = Registry(
    Artefact(
        "checks",
        "data/checks.csv",
        "check_data",
        _columns("severity rule table")
        | {"row": COUNT, "column": TEXT, "value": TEXT, "count": COUNT}
        | _columns("message remedy"),
    ),
    # What each variable was understood to be, and its distribution before cleaning, within the rules of privacy.
    Artefact(
        "codebook",
        "data/codebook.csv",
        "write_codebook",
        _columns("variable label table role measured rater kind unit", low=NUMBER, high=NUMBER)
        | _columns("columns", n=COUNT, missing=COUNT, missing_share=NUMBER, mean=NUMBER, sd=NUMBER)
        | _columns("shares in_file note"),
    ),
    Artefact(
        "cleaning",
        "data/cleaning.csv",
        "clean_data",
        _columns("rule table setting", rows=COUNT, cells=COUNT) | _columns("meaning"),
    ),
    Artefact("sessions", "data/sessions.parquet", "clean_data", in_report=False),
    Artefact("patients", "data/patients.parquet", "clean_data", in_report=False),
    Artefact("therapists", "data/therapists.parquet", "clean_data", in_report=False),
    Artefact("scores", "data/scores.parquet", "score_measures", in_report=False),
    Artefact(
        "reliability",
        "data/reliability.csv",
        "score_measures",
        _columns("variable scale instrument", n_items=COUNT, n_patients=COUNT, n_sessions=COUNT)
        | dict.fromkeys(("mean", "sd", "alpha", "omega_within", "omega_between"), NUMBER)
        # Standard errors of the logits of omega, where models correct for it.
        | dict.fromkeys(("omega_within_error", "omega_between_error"), NUMBER)
        | {"prorated": COUNT, "missing": COUNT}
        | dict.fromkeys(("lowest", "highest"), NUMBER)  # possible scores, where they are known
        | {"note": TEXT},
    ),
    # What scores of questionnaires mean, in their units: `case_rule` and `case_value` tell a case, a change of `change_value` is reliable.
    Artefact(
        "meanings",
        "data/meanings.csv",
        "score_measures",
        _columns("variable scale instrument citation higher_is case_rule", case_value=NUMBER)
        | _columns("case_source", change_value=NUMBER, change_level=NUMBER)
        | _columns("change_source"),
    ),
    # How ruptures are told from the course of a score: what is marked, the limit (of patients with the median number of sessions) and the
    # limit in use, and whom they mark by chance alone.
    Artefact(
        "detectors",
        "data/detectors.csv",
        "score_measures",
        _columns("score detector", n_patients=COUNT, n_sessions=COUNT, marked_patients=COUNT, marked_sessions=COUNT)
        | dict.fromkeys(("ruptures", "ruptured_patients", "repaired", "unrepaired", "unknown"), COUNT)
        | dict.fromkeys(("depth", "length", "limit", "limit_low", "limit_high", "by_chance"), NUMBER)
        | dict.fromkeys(("repaired_by_chance", "usual_limit", "usual_by_chance"), NUMBER)
        | _columns("note"),
    ),
    Artefact("panel", "data/panel.parquet", "build_panel"),
    Artefact(
        "flow",
        "estimates/flow.csv",
        "collect_estimates",
        {"order": COUNT}
        | _columns("stage model outcome reason")
        | _COUNTS
        | {"removed_patients": COUNT, "removed_sessions": COUNT},
    ),
    Artefact(
        "estimates",
        "estimates/estimates.csv",
        "collect_estimates",
        # `without_priors`: the same quantity by restricted maximum likelihood, beside a posterior only.
        _MODEL
        | _QUANTITY
        | _ESTIMATE
        | _INTERVAL
        | {"p_direction": NUMBER, "without_priors": NUMBER}
        | _COUNTS
        | _columns("flag"),
    ),
    Artefact(
        "diagnostics",
        "estimates/diagnostics.csv",
        "collect_estimates",
        _MODEL
        | _columns("caution diagnostic subject", value=NUMBER, threshold=NUMBER, passed=TRUTH)
        | _columns("detail meaning"),
    ),
    Artefact(
        "priors",
        "estimates/priors.csv",
        "collect_estimates",
        _columns("model block parameter distribution standardised", raw_low=NUMBER, raw_high=NUMBER)
        | _columns("unit meaning"),
        from_fit=True,
    ),
    # Whether data simulated from a model look like those observed; `n_sampled`: of how many patients, where it is not all.
    Artefact(
        "predictive",
        "estimates/predictive.csv",
        "collect_estimates",
        _columns("model kind statistic outcome")
        | dict.fromkeys(("observed", "low", "median", "high", "p_value"), NUMBER)
        | {"n_sampled": COUNT},
        from_fit=True,
    ),
    # How much single patients or therapists move an effect; the most influential first, without ids. `change` is in standard errors.
    Artefact(
        "influence",
        "estimates/influence.csv",
        "collect_estimates",
        _columns("model") | _EFFECT | _columns("unit", rank=COUNT, estimate=NUMBER, without=NUMBER, change=NUMBER),
        from_fit=True,
    ),
    # Estimates with and without trends of patients, both by maximum likelihood; `change` is in the standard errors `sd` of the model.
    Artefact(
        "trends",
        "estimates/trends.csv",
        "collect_estimates",
        _beside("without", "with_trends"),
        from_fit=True,
    ),
    # Estimates with residuals that depend on the one before and with independent ones, both by maximum likelihood; `change` is in the
    # standard errors `sd` of the model.
    Artefact(
        "autocorrelation",
        "estimates/autocorrelation.csv",
        "collect_estimates",
        _beside("lasting", "independent"),
        from_fit=True,
    ),
    # Estimates as they are, and corrected for the error of scores whose reliability is declared.
    Artefact(
        "corrected",
        "estimates/corrected.csv",
        "collect_estimates",
        _columns("model outcome path effect level horizon")
        | _ESTIMATE
        | {f"{name}_corrected": kind for name, kind in _ESTIMATE.items()}
        | _INTERVAL
        | _COUNTS
        | _columns("flag"),
        from_fit=True,
    ),
    # Differences between effects of separate models, the first minus the other, see `alliance.results.contrasts`; `of` is the effect that
    # is compared, `correlation` that of the two estimates.
    Artefact(
        "contrasts",
        "estimates/contrasts.csv",
        "collect_estimates",
        _MODEL
        | _columns("model_other outcome path effect of level horizon horizon_other")
        | _ESTIMATE
        | {"correlation": NUMBER}
        | _INTERVAL
        | {"p_direction": NUMBER}
        | _COUNTS
        | _columns("flag"),
    ),
    # Whether indicators of a construct mean the same over the course: how intercepts and loadings drift, compared with all together, see
    # `alliance.models.checking.invariance.Drift`; `verdict` is one of `alliance.models.checking.drifting`.
    Artefact(
        "invariance",
        "estimates/invariance.csv",
        "collect_estimates",
        _columns("model variable indicator part", loading=NUMBER, change=NUMBER, sd=NUMBER, size=NUMBER, largest=NUMBER)
        | {"p_adjusted": NUMBER, "length": NUMBER, "n_patients": COUNT, "n_sessions": COUNT, "verdict": TEXT},
        from_fit=True,
    ),
    # How much an effect moves when a block of priors, or the likelihood, counts a little more or less; `narrowed` is its posterior spread
    # as a share of its prior spread, `threshold` what draws paired at random reach where that is more than usual, `informed` whether the
    # data are not known to say little about it.
    Artefact(
        "sensitivity",
        "estimates/sensitivity.csv",
        "collect_estimates",
        _columns("model")
        | _EFFECT
        | _columns("block component", value=NUMBER, threshold=NUMBER, narrowed=NUMBER, informed=TRUTH)
        | _columns("meaning"),
        from_fit=True,
    ),
    # Effects of single units, from the smallest to the largest, without ids; `alone` is what a unit's own data say.
    # Of many patients it is a random sample, and `order` the place among all: the last one's is their number.
    Artefact(
        "shrinkage",
        "estimates/shrinkage.csv",
        "collect_estimates",
        _columns("model unit quantity path", order=COUNT, estimate=NUMBER, low=NUMBER, high=NUMBER, alone=NUMBER),
        from_fit=True,
    ),
    # Whether slopes differ between therapists: how far twice the log-likelihood falls without a slope's differences (`effects` vary between
    # therapists with it), and how probable so large a fall is where there are none, see `alliance.models.path.slopes`.
    Artefact(
        "slopes",
        "estimates/slopes.csv",
        "collect_estimates",
        _columns("model outcome path", n_therapists=COUNT, effects=COUNT, fall=NUMBER, p_value=NUMBER),
        from_fit=True,
    ),
    # Sites of one study, each fitted alone: its estimate, its weight in the mean over sites, and what partial pooling makes of it; one
    # without estimates has a reason. `moderator` and `value` say which site it is; counts are missing where a small one could be computed.
    Artefact(
        "sites",
        "estimates/sites.csv",
        "collect_estimates",
        _columns("model outcome path effect level horizon moderator", value=NUMBER)
        | _ESTIMATE
        | dict.fromkeys(("weight", "shrunk", "shrunk_low", "shrunk_high"), NUMBER)
        | _columns("flag reason", n_patients=COUNT, n_sessions=COUNT),
        from_fit=True,
    ),
    # What these sites say together, see `alliance.inference.random_effects`; made from the group ``sites`` of a fit.
    Artefact(
        "pooled",
        "estimates/pooled.csv",
        "collect_estimates",
        _columns("model outcome path effect level horizon", sites=COUNT)
        | dict.fromkeys(("estimate", "error", "low", "high", "tau", "tau_low", "tau_high"), NUMBER)
        | dict.fromkeys(("share", "share_low", "share_high", "q", "p_value", "predicted_low", "predicted_high"), NUMBER)
        | dict.fromkeys(("common", "common_low", "common_high", "scale", "interval"), NUMBER)
        | _columns("", n_patients=COUNT, n_sessions=COUNT),
        from_fit=True,
    ),
    # Effects on a grid of values of a moderator.
    Artefact(
        "moderation",
        "estimates/moderation.csv",
        "collect_estimates",
        _columns("model")
        | _EFFECT
        | _columns("moderator", value=NUMBER, estimate=NUMBER, low=NUMBER, high=NUMBER, excludes_zero=TRUTH),
        from_fit=True,
    ),
    # What response surfaces stand on: two ratings of an outcome's session before, the ends of their scales, and the common point in tenths
    # of both ranges.
    Artefact(
        "surface",
        "estimates/surface.csv",
        "collect_estimates",
        _columns("model outcome first second", lowest_first=NUMBER, highest_first=NUMBER)
        | dict.fromkeys(("lowest_second", "highest_second", "centre"), NUMBER),
        from_fit=True,
    ),
    # What scores mean in an analysis of change: which change is reliable, at which level, what a case is, and where that comes from.
    Artefact(
        "norms",
        "estimates/norms.csv",
        "collect_estimates",
        _columns("model variable higher_is", change_value=NUMBER, change_level=NUMBER)
        | _columns("change_source case_rule", case_value=NUMBER)
        | _columns("case_source"),
        from_fit=True,
    ),
    # How well shapes of an average course fit, see `alliance.models.descriptive.shapes`; `support` is a share of all shapes.
    Artefact(
        "shapes",
        "estimates/shapes.csv",
        "collect_estimates",
        _columns("model outcome shape", log_likelihood=NUMBER, parameters=COUNT)
        | dict.fromkeys(("aic", "bic", "support"), NUMBER),
        from_fit=True,
    ),
    # Average courses of these shapes.
    Artefact(
        "courses",
        "estimates/courses.csv",
        "collect_estimates",
        _columns("model outcome shape", session=COUNT, value=NUMBER),
        from_fit=True,
    ),
    Artefact(
        "draws",
        "estimates/draws.parquet",
        "collect_estimates",
        _columns("model outcome path effect level horizon", chain=COUNT, draw=COUNT, value=NUMBER),
        in_report=False,
    ),
    # Only of a simulated study.
    Artefact(
        "truth",
        "estimates/truth.csv",
        "compare_truth",
        _columns("model")
        | _QUANTITY
        | _columns("", truth=NUMBER, estimate=NUMBER, low=NUMBER, high=NUMBER)
        | _columns("", estimate_corrected=NUMBER, low_corrected=NUMBER, high_corrected=NUMBER)
        | _INTERVAL
        | _COUNTS
        | {"holds": TRUTH, "flag": TEXT},
    ),
    # Only of a run that is compared with others; `run` is the name of the other one.
    Artefact(
        "comparison",
        "comparison/estimates.csv",
        "compare_runs",
        _columns("run model")
        | _COMPARED
        | {f"{name}_{side}": kind for side in ("base", "this") for name, kind in _CARRIED.items()}
        | {"difference": NUMBER, "shift": NUMBER, "overlap": NUMBER, "change": TEXT}
        # In what the two estimates are not of the same: see `alliance.results.sameness`.
        | {"differs": TEXT},
    ),
    Artefact("differences", "comparison/settings.csv", "compare_runs", _columns("run setting base this")),
)


def made_by(rule: str) -> list[str]:
    """Name the artefacts that one rule writes."""
    return [name for name, artefact in ARTEFACTS.items() if artefact.made_by == rule]
