"""Small, realistic artefacts for tests of everything that comes after the fits: figures, tables, sentences, report.

Every frame has the columns of `alliance.facts.artefacts` and belongs to one of two studies: `arms_config` (the example study:
two arms, therapists, clinics) and `single_config` (one group, no therapists, rumination as the process variable).
Numbers are drawn with a fixed seed; they look like results but no model was fitted.
"""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from alliance.config import Config, merge_with_base
from alliance.config.declared import ModelSpec
from alliance.config.instruments import read_instruments
from alliance.config.load import read_yaml, validate_config
from alliance.config.schema import Data, Variable
from alliance.data.scoring.meanings import describe_meanings
from alliance.facts.artefacts import ARTEFACTS
from alliance.facts.columns import BASELINE, BETWEEN, BETWEEN_THERAPIST, LAG, WITHIN
from alliance.facts.families import FAMILIES
from alliance.facts.marks import Mark
from alliance.facts.quantity import QUANTITY_COLUMNS
from alliance.models.diagram import paths_of
from alliance.models.rows import count_rows, select_rows
from alliance.report.codebook.describe import as_codebook
from alliance.results.comparison import compare_runs, compare_with_truth
from alliance.results.diagnostics import row_of

ROOT = Path(__file__).parents[2]
LABELS_OF_CATEGORIES = {
    "delivery": ["in_person", "video", "text"],
    "rupture": ["none", "repaired", "unrepaired"],
    "clinic": ["north", "south", "west"],
    "gender": ["woman", "man", "other"],
    "background": ["majority", "minority"],
    "orientation": ["cbt", "psychodynamic", "systemic"],
}
SUBSCALES = {"alliance": ["task", "bond", "goal"]}
DRAWN_EFFECTS = ("indirect", "total", "c_prime", "a", "b")
CHAINS, DRAWS = 4, 250


def _made_once[**P, R](make: Callable[P, R]) -> Callable[P, R]:
    """Make what the same arguments give once, and hand out copies: hundreds of tests ask for the same study.

    Arguments are told apart by how they are shown, so none of them may be a table.
    """
    made: dict[str, R] = {}

    @wraps(make)
    def give(*args: P.args, **kwargs: P.kwargs) -> R:
        key = repr((args, sorted(kwargs.items())))
        if key not in made:
            made[key] = make(*args, **kwargs)
        return deepcopy(made[key])

    return give


@_made_once
def arms_config(**changes: Any) -> Config:
    """Return the main configuration of the project with every model it declares; `changes` replace whole sections."""
    asked = {key: changes.pop(key) for key in ("questions",) if key in changes}
    settings = merge_with_base(read_yaml(ROOT / "config" / "config.yaml"), [asked])
    settings["models"]["fit"] = list(dict.fromkeys([*settings["models"]["fit"], *settings["models"]["specs"]]))
    return validate_config(settings | changes)


@_made_once
def single_config(**changes: Any) -> Config:
    """Return a single-group study without therapists: does rumination carry change in symptoms?"""
    settings = read_yaml(ROOT / "config" / "config.yaml")
    vary = {"patient": ["intercept", "rumination_lag"]}
    settings |= {
        "run": {"name": "single", "title": "Does rumination predict later symptoms?", "seed": 1},
        "study": {"description": "One group of patients in therapy.", "design": "single_group"},
        "data": {"sessions": {"path": "data.csv", "keys": {"patient": "id", "session": "session"}}},
        "questions": [],
        "variables": {
            "rumination": {
                "label": "rumination",
                "column": "rq",
                "measured": "before",
                "range": [9, 63],
                "higher_is": "worse",
            },
            "symptoms": {
                "label": "depression",
                "column": "bdi",
                "measured": "before",
                "range": [0, 63],
                "higher_is": "worse",
            },
        },
        "models": {
            "fit": ["variance", "forward", "backward"],
            "specs": {
                "variance": {
                    "label": "Variance",
                    "family": "textbook",
                    "analysis": "variance",
                    "variables": ["rumination", "symptoms"],
                },
                "forward": {
                    "label": "Rumination predicts later depression",
                    "family": "textbook",
                    "equations": {"symptoms": {"on": ["rumination_lag", "symptoms_lag", "session"], "vary": vary}},
                    "effects": {"from": "rumination", "to": "symptoms"},
                },
                "backward": {
                    "label": "Depression predicts later rumination",
                    "family": "textbook",
                    "direction": "reverse",
                    "equations": {
                        "rumination": {
                            "on": ["symptoms_lag", "rumination_lag", "session"],
                            "vary": {"patient": ["intercept"]},
                        }
                    },
                    "effects": {"from": "symptoms", "to": "rumination"},
                },
            },
        },
    }
    return validate_config(settings | changes)


@dataclass(frozen=True)
class Measured:
    """What the data of a study follow from, whatever its models are."""

    variables: dict[str, Variable]
    data: Data


def sessions(config: Config, *, patients: int = 80, last_session: int = 10, seed: int = 7) -> pd.DataFrame:
    """Scores of one row per patient and session, with skipped sessions, blank values and dropout."""
    return _sessions(Measured(config.variables, config.data), patients, last_session, seed)


@_made_once
def _sessions(config: Measured, patients: int, last_session: int, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    has_therapists = _has_therapists(config)
    blocks = []
    for i in range(patients):
        last = last_session if rng.random() > 0.35 else int(rng.integers(1, last_session + 1))
        numbers = np.arange(1, last + 1)
        numbers = numbers[(rng.random(last) > 0.06) | (numbers == 1)]
        block = {
            "patient": f"P{i + 1:03d}",
            "therapist": f"T{i % 8 + 1:02d}" if has_therapists else pd.NA,
            "session": numbers,
            "days": 7.0 * (numbers - 1),
            "weeks": 1.0 * (numbers - 1),
        }
        trait = rng.normal()
        for position, (name, variable) in enumerate(config.variables.items()):
            if variable.table != "sessions":
                continue
            block |= _session_scores(rng, name, variable, numbers, trait if position % 2 else -trait)
        blocks.append(pd.DataFrame(block))
    scores = pd.concat(blocks, ignore_index=True)
    scores["therapist"] = scores["therapist"].astype("string").astype(object)
    return scores


def _session_scores(
    rng: np.random.Generator, name: str, variable: Any, numbers: np.ndarray, trait: float
) -> dict[str, np.ndarray]:
    blank = rng.random(len(numbers)) < 0.07
    if variable.kind == "category":
        labels = LABELS_OF_CATEGORIES.get(name, [variable.reference or "no", "yes"])
        drawn = rng.choice(labels, size=len(numbers), p=[0.7, *[0.3 / (len(labels) - 1)] * (len(labels) - 1)])
        return {
            f"{name}_{label}": np.where(blank, np.nan, (drawn == label).astype(float))
            for label in labels
            if label != variable.reference
        }
    low, high = variable.range or ((12, 60) if name == "alliance" else (0, 27))
    trend = (0.01 if variable.higher_is == "better" else -0.025) * (numbers - 1)
    level = 0.55 + 0.12 * trait + trend + rng.normal(0, 0.1, len(numbers))
    values = np.where(blank, np.nan, low + (high - low) * np.clip(level, 0, 1))
    columns = {name: np.round(values, 1)}
    return columns | {f"{name}_{part}": np.round(values / 3, 1) for part in SUBSCALES.get(name, [])}


def panel(config: Config, *, patients: int = 80, last_session: int = 10, seed: int = 7) -> pd.DataFrame:
    """Return the panel of `sessions`, with lags, means, deviations, baseline values and the patients' own columns."""
    return _panel(Measured(config.variables, config.data), patients, last_session, seed)


@_made_once
def _panel(config: Measured, patients: int, last_session: int, seed: int) -> pd.DataFrame:
    frame = _sessions(config, patients, last_session, seed)
    scored = [name for name in frame.columns if name not in ("patient", "therapist", "session", "days", "weeks")]
    derived: dict[str, pd.Series] = {}
    for name in scored:
        by_patient = frame.groupby("patient")[name]
        follows = frame.groupby("patient")["session"].diff() == 1
        derived[name + LAG] = by_patient.shift(1).where(follows)
        derived[name + BETWEEN] = by_patient.transform("mean")
        derived[name + WITHIN] = frame[name] - derived[name + BETWEEN]
        therapist = frame["therapist"].map(frame.groupby("therapist")[name].mean().to_dict())
        derived[name + BETWEEN_THERAPIST] = pd.to_numeric(therapist)
        derived[name + BASELINE] = by_patient.transform("first")
    frame = pd.concat([frame, pd.DataFrame(derived)], axis=1)
    own = _in_numbers(patients_table(config, frame["patient"].unique(), seed=seed), config).drop(columns="therapist")
    frame = frame.merge(own, on="patient", how="left")
    if _has_therapists(config):
        frame = frame.merge(_in_numbers(therapists_table(config, seed=seed), config), on="therapist", how="left")
    return frame


def patients_table(config: Config | Measured, codes: Any, *, seed: int = 7) -> pd.DataFrame:
    """One row per patient: code, therapist and the patient-level variables, categories as labels."""
    frame = _unit_table(config, "patients", "patient", codes, seed)
    known = [f"T{i % 8 + 1:02d}" if _has_therapists(config) else pd.NA for i in range(len(frame))]
    frame.insert(1, "therapist", pd.array(known, dtype="string").astype(object))
    return frame


def therapists_table(config: Config | Measured, *, seed: int = 7) -> pd.DataFrame:
    """One row per therapist: code and the therapist-level variables, categories as labels; empty without therapists."""
    return _unit_table(
        config, "therapists", "therapist", [f"T{i:02d}" for i in range(1, 9)] if _has_therapists(config) else [], seed
    )


def _unit_table(config: Config | Measured, table: str, key: str, codes: Any, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed + 1)
    columns: dict[str, Any] = {key: list(codes)}
    n = len(columns[key])
    for name, variable in config.variables.items():
        if variable.table != table:
            continue
        if variable.kind != "category":
            low, high = variable.range or (0, 10)
            columns[name] = np.round(rng.normal((low + high) / 2, (high - low) / 8, n), 1)
            columns[name][rng.random(n) < 0.05] = np.nan
        elif variable.levels:
            columns[name] = [list(variable.levels)[i % len(variable.levels)] for i in range(n)]
        else:
            labels = LABELS_OF_CATEGORIES.get(name, [variable.reference, "other"])
            weights = np.linspace(3, 1, len(labels))
            columns[name] = rng.choice(labels, n, p=weights / weights.sum()).astype(object)
    return pd.DataFrame(columns)


def _in_numbers(frame: pd.DataFrame, config: Config | Measured) -> pd.DataFrame:
    """Categories as the panel carries them: numbers of their levels, or one column per label beside the reference."""
    columns: dict[str, Any] = {}
    for name in frame.columns:
        variable = config.variables.get(name)
        if variable is None or variable.kind != "category":
            columns[name] = frame[name]
        elif variable.levels:
            columns[name] = frame[name].map(variable.levels).astype(float)
        else:
            labels = [label for label in sorted(frame[name].dropna().unique()) if label != variable.reference]
            columns |= {f"{name}_{label}": (frame[name] == label).astype(float) for label in labels}
    return pd.DataFrame(columns)


def _has_therapists(config: Config | Measured) -> bool:
    sources = [config.data.sessions, config.data.patients, config.data.therapists]
    return any(source is not None and "therapist" in source.keys for source in sources)


def flow(config: Config, frame: pd.DataFrame) -> pd.DataFrame:
    """Return the patient flow from an export with 3 more patients and 40 more sessions down to each equation."""
    n = count_rows(frame)
    more = {**n, "n_patients": n["n_patients"] + 3, "n_sessions": n["n_sessions"] + 40}
    middle = {**n, "n_patients": n["n_patients"] + 3, "n_sessions": n["n_sessions"] + 12}
    head = [
        _flow_row(0, "In the export", "rows with a patient and a session number", more, (0, 0)),
        _flow_row(1, "Left out on purpose", "patients named under cleaning.exclude", more, (0, 0)),
        _flow_row(2, "Identical rows", "repetitions of the same row", middle, (0, 28)),
        _flow_row(
            3, "Without a patient or therapist record", "the patient or therapist is in no other table", n, (3, 12)
        ),
        _flow_row(4, "Analysed sessions", "what scoring and models start from", n, (0, 0)),
    ]
    rows = [pd.DataFrame(head, columns=ARTEFACTS["flow"].header)]
    for name in config.models.fit:
        rows.append(select_rows(frame, name, config.models.specs[name])[1])
    return pd.concat(rows, ignore_index=True)


def _flow_row(order: int, stage: str, reason: str, counts: dict[str, int], removed: tuple[int, int]) -> dict[str, Any]:
    return {
        "order": order,
        "stage": stage,
        "model": "",
        "outcome": "",
        "reason": reason,
        **counts,
        "removed_patients": removed[0],
        "removed_sessions": removed[1],
    }


def estimates(config: Config, *, seed: int = 7) -> pd.DataFrame:
    """Return estimates of every fitted model; one indirect effect, the last, carries a flag."""
    rng = np.random.default_rng(seed)
    rows: list[dict[str, Any]] = []
    for name in config.models.fit:
        spec = config.models.specs[name]
        head = {"model": name, "family": spec.family, "engine": _engine(spec)}
        kind = "credible" if _is_bayesian(spec) else "Monte Carlo confidence"
        quantities = _shares(config, spec) if spec.analysis == "variance" else []
        if spec.analysis == "path":
            quantities = _path_quantities(config, name, spec)
        if spec.family == "multilevel_path":
            quantities += _joint_quantities(config, name, spec)
        for quantity, value, sd in quantities:
            jitter = 0.0 if spec.analysis == "variance" else rng.normal(0, sd / 3)
            rows.append(head | quantity | _summary(value + jitter, sd) | {"interval_kind": kind})
    frame = pd.DataFrame(rows).assign(
        n_patients=80, n_sessions=620, n_therapists=8 if _has_therapists(config) else 0, flag=""
    )
    flagged = frame.index[frame["effect"].isin(["indirect", "effect"])][-1:]
    frame.loc[flagged, "flag"] = "boundary variance"
    return frame[ARTEFACTS["estimates"].header]


def _is_bayesian(spec: ModelSpec) -> bool:
    return FAMILIES[spec.family].joint and getattr(spec, "depth", "nuts") != "ml"


def _engine(spec: ModelSpec) -> str:
    if spec.family == "textbook":
        return "statsmodels MixedLM"
    return "NUTS (nutpie)" if _is_bayesian(spec) else "restricted maximum likelihood"


def _summary(value: float, sd: float) -> dict[str, float]:
    below = 0.5 * (1 + np.tanh(0.8 * value / sd))
    return {
        "estimate": value,
        "sd": sd,
        "low": value - 1.96 * sd,
        "high": value + 1.96 * sd,
        "interval": 0.95,
        "p_direction": float(max(below, 1 - below)),
        "without_priors": np.nan,
    }


def _shares(config: Config, spec: ModelSpec) -> list[tuple[dict[str, Any], float, float]]:
    shares = (
        {"session": 0.45, "patient": 0.5, "therapist": 0.05}
        if _has_therapists(config)
        else {"session": 0.4, "patient": 0.6}
    )
    return [
        (_quantity(variable, "", effect, level), share * scale, 0.02 * scale)
        for variable in spec.variables
        for effect, scale in (("icc", 1.0), ("variance", 30.0))
        for level, share in shares.items()
    ]


def _path_quantities(config: Config, name: str, spec: ModelSpec) -> list[tuple[dict[str, Any], float, float]]:
    assert spec.effects is not None
    found: list[tuple[dict[str, Any], float, float]] = []
    target = spec.effects.target
    for outcome, equation in spec.equations.items():
        for i, term in enumerate(equation.on):
            found.append((_quantity(outcome, f"{term} -> {outcome}", "coefficient", "within"), 0.2 * (-1) ** i, 0.04))
    paths = paths_of(name, spec, config.variables)
    mediated = [path for path in paths if len(path.edges) > 1]
    cause = config.variables.get(spec.effects.source)
    constant = cause is not None and cause.table != "sessions"
    levels = ["overall"] if constant else ["within", "between_patient"]
    if not constant and any(equation.vary.get("therapist") for equation in spec.equations.values()):
        levels.append("between_therapist")
    for path in paths:
        horizon = path.horizon(config.panel.lag)
        if len(path.edges) == 1:
            names = ["c_prime", "direct"] if mediated else ["effect"]
            found += [
                (
                    _quantity(target, path.text, effect, level, horizon),
                    -0.14 - 0.2 * (level != "within"),
                    0.03 + 0.05 * i,
                )
                for i, level in enumerate(levels)
                for effect in names
            ]
            continue
        steps = [
            (edge.outcome, f"{edge.source} -> {edge.outcome}", step)
            for edge, step in zip(path.edges, "ab", strict=False)
        ]
        for i, level in enumerate(levels):
            for outcome, text, step in steps:
                value = 0.9 if step == "a" else -0.12
                step_level = "within" if constant and step == "b" else level
                found.append(
                    (
                        _quantity(outcome, text, step, step_level, horizon),
                        value,
                        (0.15 if step == "a" else 0.025) * (1 + i),
                    )
                )
            for effect, value in (("indirect", -0.11), ("indirect_product", -0.1)):
                found.append((_quantity(target, path.text, effect, level, horizon), value, 0.03 * (1 + i)))
        if constant:
            found.append((_quantity(target, path.text, "indirect", "between_patient", horizon), -0.4, 0.2))
        else:
            found.append((_quantity(target, path.text, "cov_ab", "within", horizon), -0.01, 0.01))
        found.append(
            (_quantity(target, f"{spec.effects.source} -> {target}", "total", levels[0], horizon), -0.25, 0.05)
        )
    return found


def _mediated_text(config: Config, name: str, spec: ModelSpec) -> str:
    if spec.analysis == "variance":
        return ""
    texts = [path.text for path in paths_of(name, spec, config.variables) if len(path.edges) > 1]
    return texts[0] if texts else ""


def _moderator_of(spec: ModelSpec) -> str:
    return next((factors[1] for factors in spec.products.values()), "") if len(spec.equations) > 1 else ""


def _joint_quantities(config: Config, name: str, spec: ModelSpec) -> list[tuple[dict[str, Any], float, float]]:
    """What joint models report beside the steps: a share of the total, what accumulates, and values of the moderator."""
    text = _mediated_text(config, name, spec)
    if not text or spec.effects is None:
        return []
    target = spec.effects.target
    found = [(_quantity(target, text, "proportion", "within", "next session"), 0.38, 0.06)]
    found += [
        (
            _quantity(target, text, "accumulated", "within", f"after {n} session{'s' if n > 1 else ''}"),
            -0.39 * (1 - 0.6**n),
            0.05,
        )
        for n in range(1, 11)
    ]
    moderator = _moderator_of(spec)
    if moderator:
        at = [
            (
                _quantity(target, text, "conditional", "within") | {"moderator": moderator, "value": float(value)},
                -0.2 + 0.05 * value,
                0.03,
            )
            for value in (0, 1)
        ]
        found += [*at, (_quantity(target, text, "index", "within") | {"moderator": moderator}, 0.05, 0.02)]
    return found


def _quantity(outcome: str, path: str, effect: str, level: str, horizon: str = "") -> dict[str, Any]:
    return dict(zip(QUANTITY_COLUMNS, (outcome, path, effect, level, horizon, "", np.nan), strict=True))


def draws(table: pd.DataFrame, *, seed: int = 7) -> pd.DataFrame:
    """Return draws of the effects that have a density figure, normal around the estimates."""
    rng = np.random.default_rng(seed)
    wanted = table[table["effect"].isin(DRAWN_EFFECTS)]
    keys = ["model", "outcome", "path", "effect", "level", "horizon"]
    blocks = []
    for _, row in wanted.iterrows():
        chains = CHAINS if row["interval_kind"] == "credible" else 1
        n = chains * DRAWS
        block = {key: [row[key]] * n for key in keys}
        block |= {"chain": np.repeat(np.arange(chains), DRAWS), "draw": np.tile(np.arange(DRAWS), chains)}
        blocks.append(pd.DataFrame(block | {"value": rng.normal(row["estimate"], row["sd"], n)}))
    columns = [*keys, "chain", "draw", "value"]
    return pd.concat(blocks, ignore_index=True)[columns] if blocks else pd.DataFrame(columns=columns)


def diagnostics(config: Config) -> pd.DataFrame:
    """Return two diagnostics per model; the last model fails one of them."""
    rows = []
    for name in config.models.fit:
        spec = config.models.specs[name]
        failed = name == config.models.fit[-1]
        head = {"model": name, "family": spec.family, "engine": _engine(spec)}
        if _is_bayesian(spec):
            rows.append(head | row_of(Mark("rhat", "all parameters", 1.004, limit=1.01)))
        else:
            rows.append(head | row_of(Mark("convergence", "all equations", verdict=True)))
        rows.append(head | row_of(Mark("boundary_sd", "patient slope", 1e-9 if failed else 0.3, "hardly any")))
    return pd.DataFrame(rows, columns=ARTEFACTS["diagnostics"].header)


def priors(config: Config) -> pd.DataFrame:
    """Return the priors of the Bayesian models, in standardised and in raw units."""
    rows = [
        {
            "model": name,
            "block": "slope",
            "parameter": f"{predictor} -> {outcome}",
            "distribution": f"Normal(0, {config.priors.slope_sd})",
            "standardised": f"Normal(0, {config.priors.slope_sd})",
            "raw_low": -4.1,
            "raw_high": 4.1,
            "unit": f"points of {outcome} per unit of {predictor}",
            "meaning": "Effects beyond one standard deviation are thought unlikely.",
        }
        for name in config.models.fit
        if _is_bayesian(config.models.specs[name])
        for outcome, equation in config.models.specs[name].equations.items()
        for predictor in equation.on[:3]
    ]
    return pd.DataFrame(rows, columns=ARTEFACTS["priors"].header)


def predictive(config: Config) -> pd.DataFrame:
    """Return posterior predictive checks of the Bayesian models."""
    rows = [
        {
            "model": name,
            "kind": "posterior",
            "statistic": "within-patient correlation",
            "outcome": outcome,
            "observed": -0.21,
            "low": -0.27,
            "median": -0.2,
            "high": -0.13,
            "p_value": 0.44,
        }
        for name in config.models.fit
        if _is_bayesian(config.models.specs[name])
        for outcome in config.models.specs[name].equations
    ]
    return pd.DataFrame(rows, columns=ARTEFACTS["predictive"].header)


def _asked(config: Config, key: str) -> list[tuple[str, str]]:
    """Name the models that were asked for something, each with its path."""
    specs = config.models.specs
    return [
        (name, _mediated_text(config, name, specs[name]))
        for name in config.models.fit
        if getattr(specs[name], key, False)
    ]


def trends(config: Config, table: pd.DataFrame) -> pd.DataFrame:
    """Return what trends of patients do to the paths of joint models and to an outcome's own past."""
    rows = [
        row
        | {"without": row["estimate"], "with_trends": row["estimate"] + change * row["sd"]}
        | {"sd_with_trends": row["sd"], "change": change}
        for name, _ in _asked(config, "trends")
        for row in table[(table["model"] == name) & table["effect"].isin(["b", "indirect", "effect"])].to_dict("records")
        for change in [-0.8 if row["effect"] == "b" else 0.1]
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=ARTEFACTS["trends"].header)


def autocorrelation(config: Config, table: pd.DataFrame) -> pd.DataFrame:
    """Return what independent residuals do to the answers of the models whose residuals last."""
    rows = [
        row
        | {"lasting": row["estimate"], "independent": row["estimate"] + 0.4 * row["sd"]}
        | {"sd_independent": 0.8 * row["sd"], "change": 0.4}
        for name, _ in _asked(config, "autocorrelation")
        for row in table[(table["model"] == name) & table["effect"].isin(["indirect", "effect", "intention_to_treat"])].to_dict("records")
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=ARTEFACTS["autocorrelation"].header)


def influence(config: Config, table: pd.DataFrame) -> pd.DataFrame:
    """Return what leaving out one patient or therapist does to the indirect paths of the models that were asked."""
    whole = table[table["effect"] == "indirect"]
    rows = [
        {
            "model": name, "path": text, "effect": "indirect", "level": level, "unit": unit, "rank": rank,
            "estimate": full, "without": full + change * sd, "change": change,
        }
        for name, text in _asked(config, "influence")
        for level in ("within", "between_patient")
        for row in whole[(whole["model"] == name) & (whole["level"] == level)].to_dict("records")
        for full, sd in [(row["estimate"], row["sd"])]
        for unit, most in (("patient", 0.45), ("therapist", 0.9))
        for rank in range(1, 13)
        for change in [most * (-1) ** rank / rank**0.4]
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=ARTEFACTS["influence"].header)


def sensitivity(config: Config) -> pd.DataFrame:
    """Return how far the steps of the Bayesian models follow their priors; one block matters for one of them."""
    rows = []
    for name in config.models.fit:
        spec = config.models.specs[name]
        text = _mediated_text(config, name, spec) if _is_bayesian(spec) else ""
        for effect, path in (("a", text.rpartition(" -> ")[0]), ("indirect", text)) if text else ():
            for block, value in (
                ("effects", 0.03),
                ("differences between patients", 0.081 if effect == "indirect" else 0.002),
                ("likelihood", 0.14),
            ):
                component = "likelihood" if block == "likelihood" else "prior"
                rows.append(
                    {
                        "model": name, "path": path, "effect": effect, "level": "within", "block": block, "component": component,
                        "value": value, "threshold": 0.05, "narrowed": 0.12, "informed": True,
                        "meaning": "These priors hardly matter." if value < 0.05 else "They matter.",
                    }
                )  # fmt: skip
    return pd.DataFrame(rows, columns=ARTEFACTS["sensitivity"].header)


def shrinkage(config: Config, *, seed: int = 7) -> pd.DataFrame:
    """Return steps and paths of single patients and therapists of the models that were asked."""
    rng = np.random.default_rng(seed)
    blocks = []
    for name, text in _asked(config, "random_effects"):
        source, *_, target = nodes = text.split(" -> ")
        first, last = f"{source} -> {nodes[1]}", f"{nodes[1]} -> {target}"
        for unit, count in (("patient", 80), ("therapist", 8)):
            a, b = rng.normal(1, 0.3, count), rng.normal(-0.15, 0.06, count)
            for quantity, path, values, sd in (
                ("a", first, a, 0.25),
                ("b", last, b, 0.05),
                ("indirect", text, a * b, 0.07),
            ):
                estimate = np.sort(values)
                alone = np.where(rng.random(count) < 0.1, np.nan, estimate + rng.normal(0, 2.2 * sd, count))
                blocks.append(
                    pd.DataFrame(
                        {
                            "model": name, "unit": unit, "quantity": quantity, "path": path, "order": np.arange(1, count + 1),
                            "estimate": estimate, "low": estimate - 1.96 * sd, "high": estimate + 1.96 * sd, "alone": alone,
                        }
                    )
                )  # fmt: skip
    return pd.concat(blocks, ignore_index=True) if blocks else pd.DataFrame(columns=ARTEFACTS["shrinkage"].header)


def moderation(config: Config) -> pd.DataFrame:
    """Return the moderated paths over both values of the moderator, and over a made-up range of ages."""
    rows = []
    for name in config.models.fit:
        spec = config.models.specs[name]
        moderator, text = _moderator_of(spec), _mediated_text(config, name, spec)
        if not moderator:
            continue
        grids: list[tuple[str, np.ndarray]] = [(moderator, np.array([0.0, 1.0])), ("age", np.linspace(18, 70, 27))]
        for by, grid in grids:
            for value in grid:
                share = (value - grid[0]) / (grid[-1] - grid[0])
                estimate, half = -0.2 + 0.15 * share, 0.05 + 0.12 * (share - 0.4) ** 2
                rows.append(
                    {
                        "model": name, "path": text, "effect": "conditional", "level": "within", "moderator": by, "value": value,
                        "estimate": estimate, "low": estimate - half, "high": estimate + half, "excludes_zero": bool(abs(estimate) > half),
                    }
                )  # fmt: skip
    return pd.DataFrame(rows, columns=ARTEFACTS["moderation"].header)


def corrected(config: Config, table: pd.DataFrame) -> pd.DataFrame:
    """Return the paths within patients as they are, and a third larger once error is taken off."""
    rows = table[(table["level"] == "within") & table["effect"].isin(["a", "b", "indirect"])].copy()
    for name in ("estimate", "sd", "low", "high"):
        rows[f"{name}_corrected"] = 1.33 * rows[name]
    return rows[ARTEFACTS["corrected"].header].reset_index(drop=True)


def invariance(config: Config) -> pd.DataFrame:
    """Return subscales of the alliance as indicators of a construct, of which one drifts; the same in two models."""
    rows = [
        {
            "model": name, "variable": "alliance", "indicator": f"alliance_{scale}", "part": part, "loading": 1.0, "change": change,
            "sd": 0.1, "size": change, "largest": abs(change) + 0.2, "p_adjusted": p, "length": 9.0, "n_patients": 60, "n_sessions": 540,
            "verdict": verdict,
        }
        for name in config.models.fit[:2]
        for scale, part, change, p, verdict in (
            ("bond", "intercept", 0.4, 0.0002, "drifts"), ("goal", "intercept", -0.02, 0.9, "not told"),
            ("bond", "loading", -0.02, 0.8, "not told"), ("goal", "loading", 0.02, 0.8, "not told"),
        )
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=ARTEFACTS["invariance"].header)


def reliability(config: Config, frame: pd.DataFrame) -> pd.DataFrame:
    """Return reliability and descriptives of every scale (ready-made numbers have no reliability)."""
    rows = []
    for name, variable in config.variables.items():
        if variable.table != "sessions" or name not in frame.columns:
            continue
        scale = variable.kind == "scale"
        for part in ["total", *(SUBSCALES.get(name, []) if scale else [])]:
            column = name if part == "total" else f"{name}_{part}"
            rows.append(
                {
                    "variable": name,
                    "scale": part,
                    "instrument": variable.instrument or "",
                    "n_items": (12 if part == "total" else 4) if scale else np.nan,
                    "n_patients": frame.loc[frame[column].notna(), "patient"].nunique(),
                    "n_sessions": int(frame[column].notna().sum()),
                    "mean": frame[column].mean(),
                    "sd": frame[column].std(),
                    "alpha": 0.91 if scale else np.nan,
                    "omega_within": 0.78 if scale else np.nan,
                    "omega_between": 0.95 if scale else np.nan,
                    "prorated": 4 if scale else np.nan,
                    "missing": int(frame[column].isna().sum()),
                    "note": "",
                }
            )
    return pd.DataFrame(rows, columns=ARTEFACTS["reliability"].header)


def meanings(config: Config) -> pd.DataFrame:
    """Return what the totals of questionnaires mean, from the instruments' own files."""
    used = dict.fromkeys(str(variable.instrument) for variable in config.variables.values() if variable.instrument)
    files = [ROOT / "config/instruments" / f"{name}.yaml" for name in used]
    return describe_meanings(config.variables, read_instruments(files))


def cleaning() -> pd.DataFrame:
    """Return what the cleaning rules touched."""
    rows = [
        ("missing_codes", "sessions", "99, -9", 31, 44, "Codes for missing were set to missing."),
        ("duplicates.identical", "sessions", "drop", 28, 0, "Rows that repeat another row were dropped."),
        ("orphans", "sessions", "drop", 12, 0, "Rows whose patient is in no other table were dropped."),
        ("out_of_range", "sessions", "set_missing", 3, 3, "Values outside the range were set to missing."),
    ]
    return pd.DataFrame(rows, columns=ARTEFACTS["cleaning"].header)


def checks() -> pd.DataFrame:
    """Return two warnings, one of which quotes a cell that looks like a formula."""
    rows = [
        (
            "warning",
            "out_of_range",
            "sessions",
            212,
            "phq_3",
            "7",
            3,
            "3 values lie outside 0 to 3.",
            "Correct them in the export.",
        ),
        (
            "warning",
            "unexpected_label",
            "patients",
            9,
            "gender",
            "=1+1",
            1,
            "1 label is not declared.",
            "Declare or correct it.",
        ),
    ]
    return pd.DataFrame(rows, columns=ARTEFACTS["checks"].header)


def codebook(config: Config) -> pd.DataFrame:
    """Return what was understood: one row for each variable, with made-up numbers."""
    rows = [
        {
            "variable": name, "label": variable.label, "table": variable.table, "role": "covariate", "measured": variable.measured,
            "rater": variable.rater, "kind": variable.kind, "unit": variable.unit, "columns": variable.column or name, "n": 800,
            "missing": 12, "missing_share": 0.0148,
            **({"shares": "a 60 %, b 40 %"} if variable.kind == "category" else {"mean": 3.2, "sd": 1.1}),
        }
        for name, variable in config.variables.items()
    ]  # fmt: skip
    return as_codebook(rows)


@_made_once
def artefacts(config: Config, *, seed: int = 7) -> dict[str, pd.DataFrame]:
    """Return every artefact that figures, tables and the report ask for, by its name in `alliance.facts.artefacts`."""
    frame = panel(config, seed=seed)
    table = estimates(config, seed=seed)
    return {
        "panel": frame,
        "scores": sessions(config, seed=seed),
        "patients": patients_table(config, frame["patient"].unique(), seed=seed),
        "therapists": therapists_table(config, seed=seed),
        "flow": flow(config, frame),
        "estimates": table,
        "draws": draws(table, seed=seed),
        "diagnostics": diagnostics(config),
        "priors": priors(config),
        "predictive": predictive(config),
        "trends": trends(config, table),
        "autocorrelation": autocorrelation(config, table),
        "corrected": corrected(config, table),
        "contrasts": pd.DataFrame(columns=ARTEFACTS["contrasts"].header),  # no models of these studies are compared
        "invariance": invariance(config),
        "influence": influence(config, table),
        "sensitivity": sensitivity(config),
        "shrinkage": shrinkage(config, seed=seed),
        "moderation": moderation(config),
        "surface": pd.DataFrame(columns=ARTEFACTS["surface"].header),  # no model of these studies has one
        "reliability": reliability(config, frame),
        "meanings": meanings(config),
        "detectors": pd.DataFrame(columns=ARTEFACTS["detectors"].header),
        "cleaning": cleaning(),
        "checks": checks(),
        "codebook": codebook(config),
        **{
            name: pd.DataFrame(columns=ARTEFACTS[name].header)
            for name in ("norms", "shapes", "courses", "slopes", "sites", "pooled")
        },
    }


@_made_once
def compared(config: Config, *, seed: int = 7) -> dict[str, pd.DataFrame]:
    """Return what only runs have that are compared, with another run or with a known truth; the truth is what was estimated."""
    this, keys = estimates(config, seed=seed), ["outcome", "path", "effect", "level", "horizon"]
    truth = this.drop_duplicates(keys)[[*keys, "estimate"]].rename(columns={"estimate": "value"})
    return {
        "comparison": compare_runs({"other": (estimates(config, seed=seed + 1), {})}, this, {}),
        "differences": pd.DataFrame([("other", "panel.lag", "1", "2")], columns=ARTEFACTS["differences"].header),
        "truth": compare_with_truth(this, corrected(config, this), truth, config),
    }
