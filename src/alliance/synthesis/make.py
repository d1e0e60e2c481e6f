"""From the tables of a run to its effect card."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final

import pandas as pd

from alliance.config import Config, ModelSpec, Variable
from alliance.config.answers import answers_of
from alliance.config.groups import tell_group
from alliance.config.posing import asked_in, cast_in, speaker_of
from alliance.config.timing import Term, parse_term
from alliance.facts.columns import BASELINE, FLAG_SEPARATOR, PATIENT
from alliance.facts.effects import EFFECT_LEVELS, EFFECTS
from alliance.facts.quantity import ends_of, join_nodes, nodes_of, split_contrast
from alliance.facts.roles import ROLES
from alliance.report.labels import label_of
from alliance.results.disclosure import publish_digits
from alliance.results.standardised import Ratio, within_ratio
from alliance.synthesis.card import FORMAT, Card, Fitted, Measure, Quantity, Standardised, Study

_DIGITS: Final = 3  # of a standard error
_LETTERS: Final = 16  # of a fingerprint
_SETTINGS: Final = ("panel", "priors", "sampling", "inference")  # beside the models: what estimates depend on


def make_card(estimates: pd.DataFrame, panel: pd.DataFrame, config: Config, software: Mapping[str, str]) -> Card:
    """Return the card of a run: the main quantities of the models that answer questions.

    Parameters
    ----------
    estimates, panel
        Artefacts of the run.
    software
        Name -> version.
    """
    parts = _Parts(config)
    quantities, nodes = [], dict[str, str]()
    answers = [(one.question, one.model) for one in answers_of(config) if one.question]
    asked = [(question, speaker_of(question, config)) for question in asked_in(config)]
    for question, model in dict.fromkeys([*answers, *asked]):
        rows = estimates[
            (estimates["model"] == model)
            & (
                estimates["effect"].isin(EFFECTS.names(lambda effect: effect.central))
                & estimates["level"].isin(EFFECT_LEVELS)
                | estimates["effect"].isin(EFFECTS.names(lambda effect: effect.correlates))
            )
            & (estimates["moderator"].fillna("") == "")
            & (estimates["n_patients"] >= config.privacy.minimum_cell)
            & (estimates["sd"] > 0)
            & estimates["estimate"].notna()
        ]
        for exact, row in zip(rows.to_dict("records"), publish_digits(rows).to_dict("records"), strict=True):
            if len(split_contrast(str(row["path"]))) == 1:
                quantities.append(_quantity(question, exact, row, panel, parts))
                nodes |= {parts.name(node): node for node in nodes_of(str(row["path"]))}
    return Card(
        format=FORMAT,
        site=config.run.name,
        software=dict(software),
        settings=_fingerprint(config.model_dump(mode="json", include={*_SETTINGS})),
        study=Study(
            design=config.study.design,
            randomised=[parts.name(name) for name in config.study.randomised],
            lag=config.panel.lag,
            max_gap_days=config.panel.max_gap_days,
        ),
        measures={name: parts.measure(node) for name, node in nodes.items()},
        quantities=quantities,
    )


class _Parts:
    """The variables of a study under the names that sites share: the parts they play."""

    def __init__(self, config: Config) -> None:
        self.config = config
        cast = cast_in(config)
        alone = [player for player in cast.players if ROLES[player.role].alone]
        self._names = (
            {player.name: f"{player.role} {player.name}" for player in cast.players}
            | {name: player.role for player in alone for name in (player.name, player.variable) if name}
            | {cast.one(role).name: role for role in ROLES.names(lambda role: role.leads) if cast.all(role)}
        )

    def name(self, term: str) -> str:
        """Return a term with the part that its variable plays in place of the variable's name, e.g. ``mediator_lag``.

        Where several can play a part the variable's own name follows, but for the first where most questions ask about it. A variable
        that plays none keeps its name.
        """
        parsed = parse_term(term, self.config.variables)
        if parsed is None or parsed.variable is None:
            return term
        known = parsed.base if parsed.base in self._names else parsed.variable  # a group of a category plays for itself
        return term.replace(known, self._names.get(known, known), 1)

    def path(self, path: str) -> str:
        """Return a path of shared names."""
        return join_nodes(*(self.name(node) for node in nodes_of(path)))

    def measure(self, node: str) -> Measure:
        """Say what a node of a path was measured with."""
        parsed, variable = parse_term(node, self.config.variables), _variable_of(node, self.config)
        if parsed is None or variable is None:  # time, counted alike everywhere
            return Measure(label=node, kind="number")
        return Measure(
            label=label_of(parsed.base, self.config),
            part=parsed.part,
            kind=variable.kind,
            instrument=variable.instrument,
            metric=variable.metric,
            range=variable.range,
            levels=_levels_of(variable, parsed),
            higher_is=variable.higher_is,
            rater=variable.rater,
            measured=variable.measured,
        )


def _quantity(
    question: str, exact: Mapping[Any, Any], row: Mapping[Any, Any], panel: pd.DataFrame, parts: _Parts
) -> Quantity:
    """Return one estimate as it may leave the house; `exact` has all its digits."""
    config = parts.config
    spec = config.models.specs[str(row["model"])]
    ratio = standardising(panel, *ends_of(str(row["path"])), config) if row["level"] in ("within", "overall") else None
    therapists = int(row["n_therapists"])
    return Quantity(
        question=question,
        path=parts.path(str(row["path"])),
        effect=str(row["effect"]),
        level=str(row["level"]),
        horizon=str(row["horizon"]),
        estimate=float(row["estimate"]),
        sd=_short(float(exact["sd"])),
        interval_kind=str(row["interval_kind"]),
        standardised=None if ratio is None else _standardised(exact, ratio),
        correlation=EFFECTS[str(row["effect"])].correlates,
        n_patients=int(row["n_patients"]),
        n_sessions=int(row["n_sessions"]),
        n_therapists=None if 0 < therapists < config.privacy.minimum_cell else therapists,
        model=Fitted(
            family=spec.family,
            engine=str(row["engine"]),
            adjusts_for=_adjusts_for(spec, str(row["outcome"]), parts),
            fingerprint=_fingerprint(_shared(spec, parts)),
        ),
        flags=[flag for flag in str(row["flag"]).split(FLAG_SEPARATOR) if flag],
    )


def _levels_of(variable: Variable, term: Term | None) -> dict[str, float] | None:
    """Return what the numbers of a category mean, also in the column of one of its groups."""
    if tell_group(variable, term, 1.0):
        return {tell_group(variable, term, number): number for number in (0.0, 1.0)}
    return variable.levels


def _variable_of(node: str, config: Config) -> Variable | None:
    parsed = parse_term(node, config.variables)
    return None if parsed is None or parsed.variable is None else config.variables[parsed.variable]


def standardising(panel: pd.DataFrame, cause: str, outcome: str, config: Config) -> Ratio | None:
    """Return how an effect becomes one in standard deviations.

    Within patients those of cause and outcome; for two treatments the outcome's between patients at the start (Glass's delta with all
    patients), taken as known. None for other causes, whose standard deviations are nobody's in particular.
    """
    of_cause, of_outcome = _variable_of(cause, config), _variable_of(outcome, config)
    if of_cause is None or of_outcome is None or of_cause.answered or of_outcome.answered:
        return None  # time has no standard deviation, and a propensity has one of its own
    if all(one.table == "sessions" for one in (of_cause, of_outcome)):
        return within_ratio(panel, cause, outcome) if {cause, outcome} <= set(panel.columns) else None
    levels = _levels_of(of_cause, parse_term(cause, config.variables)) or {}
    two = set(levels.values()) == {0.0, 1.0}
    start = f"{outcome}{BASELINE}"
    if not two or start not in panel.columns:
        return None
    spread = float(panel.groupby(PATIENT)[start].first().std(ddof=1))
    return Ratio(1 / spread, 0.0) if spread > 0 else None


def _standardised(row: Mapping[Any, Any], ratio: Ratio) -> Standardised:
    estimate, sd, _, _ = ratio.standardise(*(float(row[name]) for name in ("estimate", "sd", "low", "high")))
    rounded = publish_digits(pd.DataFrame({"estimate": [estimate], "sd": [sd]}))
    return Standardised(estimate=float(rounded["estimate"].iloc[0]), sd=_short(sd))


def _adjusts_for(spec: ModelSpec, outcome: str, parts: _Parts) -> list[str]:
    equation = spec.equations.get(outcome)
    return [] if equation is None else sorted(parts.name(term) for term in equation.on)


def _shared(spec: ModelSpec, parts: _Parts) -> dict[str, Any]:
    """Return a model's equations and what varies in them, under the names that sites share; not how deep it was explored."""
    return {
        parts.name(outcome): {
            "on": sorted(parts.name(term) for term in equation.on),
            "vary": {unit: sorted(parts.name(term) for term in terms) for unit, terms in equation.vary.items()},
        }
        for outcome, equation in sorted(spec.equations.items())
    }


def _fingerprint(content: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()[:_LETTERS]


def _short(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}")
