"""The methods of a run as a paragraph for a manuscript, and what it cites: said is what was done in this run, and nothing else."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import pandas as pd

from alliance.config import Config
from alliance.config.initial import initial_values
from alliance.config.posing import asked_in, speaker_of, speakers_in
from alliance.config.timing import parse_term
from alliance.data.panel import sessions_held
from alliance.facts.analyses import ANALYSES
from alliance.facts.columns import PATIENT, SESSION, THERAPIST
from alliance.facts.effects import COVARIANCE
from alliance.facts.families import FAMILIES
from alliance.facts.references import REFERENCES, entry_of
from alliance.report.labels import label_of
from alliance.report.numbers import format_count, format_number, format_percent
from alliance.report.prose.asked import name_question
from alliance.report.prose.passage import Inputs, Passage, rows_of, table_of, text
from alliance.report.prose.warnings import join_places
from alliance.report.prose.wording import count_of, count_range, join_words

_DESIGNS: Final = {
    "randomised_arms": "Patients were assigned at random ({assigned}).",
    "single_group": "One group of patients was followed; nothing was assigned at random.",
    "observational_groups": "The groups that are compared were not formed at random.",
}
# How an engine found its estimates, in brackets in a manuscript, and whom to cite for it.
_ENGINES: Final[dict[str, tuple[str, tuple[str, ...]]]] = {
    "NUTS (nutpie)": ("posterior sampled with the No-U-Turn sampler", ("hoffman2014",)),
    "PyMC, NUTS (nutpie)": ("posterior sampled with the No-U-Turn sampler", ("hoffman2014",)),
    "Laplace with importance sampling": (
        "posterior approximated at its mode and corrected by Pareto-smoothed importance sampling",
        ("vehtari2024",),
    ),
    "restricted maximum likelihood": ("restricted maximum likelihood", ("patterson1971",)),
    "maximum likelihood": ("maximum likelihood", ()),
    "statsmodels MixedLM": ("each equation by restricted maximum likelihood", ("patterson1971",)),
}
# Package -> how it is written, whom to cite, and what of a run used it: an engine, a kind of family, or nothing but the run itself.
_SOFTWARE: Final[dict[str, tuple[str, str, str]]] = {
    "pymc": ("PyMC", "pymc2023", "NUTS"),
    "nutpie": ("nutpie", "", "NUTS"),
    "numba": ("Numba", "lam2015", "joint"),
    "statsmodels": ("statsmodels", "seabold2010", "MixedLM"),
    "snakemake": ("Snakemake", "molder2021", ""),
}


_FEW: Final = 8  # models; of more, the outcomes of each stand in the supplement


@dataclass(frozen=True)
class Manuscript:
    """What was done in a run, in sentences, and what they cite.

    Parameters
    ----------
    inputs
        Artefacts of the run; ``software``, where it was recorded, has the columns ``name`` and ``version``.
    """

    inputs: Inputs
    config: Config

    @cached_property
    def _parts(self) -> tuple[list[str], dict[str, None]]:
        sentences: list[str] = []
        cited: dict[str, None] = {}
        for part in (_sample, _measures, _missing, _questions, _models, _intervals, _software):
            for sentence, names in part(self):
                sentences.append(sentence)
                cited |= dict.fromkeys(names)
        return sentences, cited

    @property
    def sentences(self) -> list[str]:
        """The paragraph."""
        return self._parts[0]

    @property
    def references(self) -> list[str]:
        """What it cites in the manner of APA, in the order of the alphabet; questionnaires as their files cite them."""
        found = [*(REFERENCES[name].text for name in self._parts[1]), *self.instruments.values()]
        return sorted(set(found), key=str.casefold)

    @property
    def bibtex(self) -> str:
        """The same for a reference manager; questionnaires as notes, since their files hold whole citations."""
        entries = [REFERENCES[name].bibtex for name in sorted(self._parts[1])]
        keys = {name: "".join(sign for sign in name.lower() if sign.isalnum()) for name in self.instruments}
        entries += [
            entry_of("misc", keys[name], {"note": f"{{{self.instruments[name]}}}"}) for name in self.instruments
        ]
        return "\n".join(entries)

    @cached_property
    def estimates(self) -> pd.DataFrame:
        """The estimates of the run."""
        return table_of(self.inputs, "estimates")

    @cached_property
    def speakers(self) -> list[str]:
        """Models that answer a question and gave an estimate, in the order of the questions."""
        told = set(self.estimates.get("model", []))
        return [name for name in speakers_in(self.config) if name in told]

    @cached_property
    def instruments(self) -> dict[str, str]:
        """Questionnaires of measures that fitted models use -> their citation."""
        return dict(self.questionnaires.values())

    @cached_property
    def questionnaires(self) -> dict[str, tuple[str, str]]:
        """Measures that fitted models use -> their questionnaire and its citation."""
        rows = rows_of(table_of(self.inputs, "meanings"))
        used = _measured(self.config)
        return {
            row["variable"]: (row["instrument"], row["citation"])
            for row in rows
            if row["variable"] in used and row["citation"]
        }


_Said = Iterator[tuple[str, tuple[str, ...]]]
_Part = Callable[[Manuscript], _Said]


def describe_manuscript(inputs: Inputs, config: Config) -> list[Passage]:
    """Write the methods as a paragraph to be pasted."""
    return [text(*Manuscript(inputs, config).sentences)]


def describe_references(inputs: Inputs, config: Config) -> list[Passage]:
    """List what the paragraph on the methods cites."""
    references = Manuscript(inputs, config).references
    return [Passage(tuple(references), kind="list")] if references else []


def _cite(*names: str) -> str:
    return f" ({'; '.join(REFERENCES[name].cited for name in names)})" if names else ""


def _sample(run: Manuscript) -> _Said:
    if "panel" not in run.inputs:
        return
    panel, config = run.inputs["panel"], run.config
    patients = count_of(int(panel[PATIENT].nunique()), "patient")
    sessions = count_of(int(sessions_held(panel, config.variables).sum()), "session")
    therapists = panel[THERAPIST].nunique()
    of = f" of {count_of(int(therapists), 'therapist')}" if therapists else ""
    yield f"We analysed {sessions} of {patients}{of}.", ()
    assigned = " and ".join(label_of(name, config) for name in config.study.randomised)
    yield _DESIGNS[config.study.design].format(assigned=assigned), ()


def _measured(config: Config) -> set[str]:
    """Name the measures that fitted models use."""
    specs = [config.models.specs[name] for name in config.models.fit]
    terms = {
        term
        for spec in specs
        for term in (
            *spec.variables,
            *spec.equations,
            *(term for equation in spec.equations.values() for term in equation.on),
            *(factor for factors in spec.products.values() for factor in factors),
        )
    }
    found = (parse_term(term, config.variables) for term in terms)
    return {term.variable for term in found if term is not None and term.variable is not None}


def _measures(run: Manuscript) -> _Said:
    used = _measured(run.config)
    told = []
    single: dict[str, list[str]] = {}
    reliable = False
    for row in rows_of(table_of(run.inputs, "reliability"), scale="total"):
        if row["variable"] not in used:
            continue
        variable = run.config.variables[row["variable"]]
        instrument, citation = run.questionnaires.get(row["variable"], ("", ""))
        parts: list[str] = [f"{instrument}{_cited_as(citation)}"]
        parts.append(count_of(int(row["n_items"]), "item") if row["n_items"] and row["n_items"] > 1 else "")
        parts.append(f"rated by {variable.rater}" if variable.rater else "")
        parts.append(f"{variable.measured} sessions" if variable.measured else "")
        if not instrument and not parts[1]:  # nothing but when and by whom, which several have in common
            single.setdefault(", ".join(part for part in parts[2:] if part), []).append(
                label_of(row["variable"], run.config)
            )
            continue
        if pd.notna(row["omega_within"]) and pd.notna(row["omega_between"]):
            reliable = True
            within, between = (
                _without_zero(format_number(row[f"omega_{level}"], 2)) for level in ("within", "between")
            )
            parts.append(f"ω = {within} within and {between} between patients")
        told.append(f"{label_of(row['variable'], run.config)} ({'; '.join(part for part in parts if part)})")
    told += [f"{join_words(labels)}{f' ({how})' if how else ''}" for how, labels in single.items()]
    if told:
        yield f"Measures were {'; '.join(told) if single else join_words(told)}.", ()
    if reliable:
        yield (
            f"Reliabilities hold within and between patients{_cite('geldhof2014')}.",
            ("geldhof2014",),
        )


def _cited_as(citation: str) -> str:
    """Return authors and year of a questionnaire's citation: ``; Kroenke et al., 2001``; empty where it cannot be read."""
    authors, year, _ = citation.partition(" (")[0], citation.partition(" (")[2][:4], ""
    families = [part.strip(" &") for part in authors.split(".,")]
    names = [family.partition(",")[0].strip(" &") for family in families if family]
    if not year.isdigit() or not names:
        return ""
    who = names[0] if len(names) == 1 else f"{names[0]} & {names[1]}" if len(names) == 2 else f"{names[0]} et al."
    return f", {who}, {year}"


def _without_zero(number: str) -> str:
    return number.removeprefix("0") if number.startswith("0.") else number


def _missing(run: Manuscript) -> _Said:
    flow = table_of(run.inputs, "flow")
    filled = {row["model"] for row in rows_of(flow, stage="filled in")}
    if filled & set(run.speakers):
        yield (
            "Values that were left blank or belong to skipped sessions, between the first and the last session of a patient, were unknowns "
            "of the joint models, under the assumption that they are missing at random given all that was observed.",
            (),
        )
    if set(run.speakers) - filled:
        yield (
            "Where nothing was filled in, equations used the sessions at which all of their variables were observed.",
            (),
        )


def _questions(run: Manuscript) -> _Said:
    asked = asked_in(run.config)
    if asked:
        listed = " ".join(f"({place}) {name_question(name, run.config)}" for place, name in enumerate(asked, start=1))
        yield f"The questions were: {listed}", ()


def _models(run: Manuscript) -> _Said:
    """Say by what models questions were answered, those of one kind and one method together."""
    kinds: dict[str, dict[str, list[str]]] = {}
    for name in run.speakers:
        engine = str(rows_of(run.estimates, model=name)[0]["engine"])
        kinds.setdefault(_kind(run.config.models.specs[name]), {}).setdefault(engine, []).append(name)
    for kind, engines in kinds.items():
        every = [name for names in engines.values() for name in names]
        of = _subject(every, run.config, few=len(run.speakers) <= _FEW)
        told = []
        cited: dict[str, None] = {}
        for engine, names in engines.items():
            how, references = _ENGINES.get(engine, (engine, ()))
            parts = [how, *(REFERENCES[name].cited for name in references), *_sizes(names, run)]
            told.append(f"{_asked_by(names, run.config)} ({'; '.join(parts)})")
            cited |= dict.fromkeys(references)
        yield f"{kind.format(of=of)} answered {join_words(told)}.", tuple(cited)
    yield from _features(run)


def _sizes(names: list[str], run: Manuscript) -> Iterator[str]:
    """Say how many patients and sessions models rest on."""
    rows = run.estimates[run.estimates["model"].isin(names)]
    counts = rows.groupby("model")[[f"n_{unit}s" for unit in (PATIENT, SESSION)]].max().astype(int)
    yield ", ".join(count_range(sorted(set(counts[f"n_{unit}s"])), unit) for unit in (PATIENT, SESSION))


def _asked_by(names: list[str], config: Config) -> str:
    """Name what models answer: questions by their number, and what has none by the model's label."""
    asked = [speaker_of(question, config) for question in asked_in(config)]
    places = [place for place, speaker in enumerate(asked, start=1) if speaker in names]
    labels = [f"“{config.models.specs[name].label}”" for name in names if name not in asked]
    numbered = [f"question{'' if len(places) == 1 else 's'} {join_places(places)}"] if places else []
    return join_words([*numbered, *labels])


def _subject(names: list[str], config: Config, few: bool) -> str:
    """Name the outcomes of models of one kind, where models are few, and what is analysed by those without outcomes."""
    specs = [config.models.specs[name] for name in names]
    outcomes = [label_of(outcome, config) for outcome in dict.fromkeys(one for spec in specs for one in spec.equations)]
    if not outcomes:
        return join_words(list(dict.fromkeys(ANALYSES[spec.analysis].label for spec in specs)))
    several = any(len(spec.equations) > 1 for spec in specs)
    return join_words(outcomes) if few else "several outcomes" if several else "one outcome"


def _kind(spec: Any) -> str:
    """Say what a model is, and what differs between patients and therapists; ``{of}`` stands for what it is of."""
    if not spec.equations:
        return "Analyses of {of}"
    units = [
        unit for unit in (PATIENT, THERAPIST) if any(unit in equation.vary for equation in spec.equations.values())
    ]
    varying = f" with coefficients that vary between {join_words([f'{unit}s' for unit in units])}" if units else ""
    if len(spec.equations) == 1:
        return f"Multilevel models of {{of}}{varying}"
    return f"{'Joint' if FAMILIES[spec.family].joint else 'Separate'} multilevel models of {{of}}{varying}"


def _features(run: Manuscript) -> _Said:
    specs = [run.config.models.specs[name] for name in run.speakers]
    joint = [name for name in run.speakers if FAMILIES[run.config.models.specs[name].family].joint]
    if any(spec.equations and spec.initial_values_signed_off is None and initial_values(spec) for spec in specs):
        yield (
            f"Equations with an outcome's own past hold the first values of patients equal{_cite('wooldridge2005')}.",
            ("wooldridge2005",),
        )
    of_joint = run.estimates[run.estimates["model"].isin(joint)] if len(run.estimates) else run.estimates
    levels = set(of_joint.loc[of_joint["effect"] != "coefficient", "level"]) if len(of_joint) else set()
    if "between_patient" in levels and "within" in levels:
        yield (
            "Relations within patients and between the latent means of patients were estimated apart from each other"
            f"{_cite('baldwin2007')}.",
            ("baldwin2007",),
        )
    if len(of_joint) and (of_joint["effect"] == COVARIANCE).any():
        yield (
            f"Indirect estimates include the covariance of the two slopes where both vary between patients{_cite('kenny2003')}.",
            ("kenny2003",),
        )
    lasting = dict.fromkeys(name for spec in specs for name in getattr(spec, "autocorrelation", {}))
    if lasting:
        yield (
            f"Residuals of {join_words([label_of(name, run.config) for name in lasting])} may depend on the one before.",
            (),
        )
    if rows_of(table_of(run.inputs, "pooled")):
        yield (
            "Sites were also analysed one by one and put together by random-effects meta-analysis with restricted maximum likelihood"
            f"{_cite('viechtbauer2005')}; intervals of means are those of Hartung and Knapp{_cite('hartung2001')}.",
            ("viechtbauer2005", "hartung2001"),
        )
    if rows_of(table_of(run.inputs, "slopes")):
        yield (
            f"Whether slopes differ between therapists was tested by the likelihood ratio against an equal mixture of chi-square "
            f"distributions{_cite('stram1994')}.",
            ("stram1994",),
        )
    if len(table_of(run.inputs, "corrected")):
        yield "Estimates are also given corrected for the unreliability of scores.", ()
    if len(table_of(run.inputs, "contrasts")):
        yield (
            "Effects of separate models were compared with the covariance of their estimates, from what independent units contribute to "
            f"both{_cite('weesie1999')}; differences count as found after an adjustment for their number{_cite('holm1979')}.",
            ("weesie1999", "holm1979"),
        )


def _intervals(run: Manuscript) -> _Said:
    rows = run.estimates[run.estimates["model"].isin(run.speakers)] if len(run.estimates) else run.estimates
    if rows.empty:
        return
    kinds = list(dict.fromkeys(rows["interval_kind"]))
    names = ("preacher2012",) if "Monte Carlo confidence" in kinds else ()
    level = format_percent(run.config.inference.interval)
    yield f"Intervals are {join_words([f'{level} {kind} intervals' for kind in kinds])}{_cite(*names)}.", names
    if rows["engine"].str.contains("NUTS").any():
        sampling, limits = run.config.sampling, run.config.inference
        yield (
            f"We ran {sampling.chains} chains of {format_count(sampling.draws)} draws after {format_count(sampling.tune)} draws of "
            f"warm-up, and flagged estimates with R-hat above {limits.rhat_max:g} "
            f"or fewer than {limits.ess_min:g} effective draws{_cite('vehtari2021')}.",
            ("vehtari2021",),
        )


def _software(run: Manuscript) -> _Said:
    versions: Mapping[str, str] = dict(
        zip(*(table_of(run.inputs, "software").get(name, []) for name in ("name", "version")), strict=True)
    )
    if not versions:
        return
    rows = run.estimates
    engines = " ".join(map(str, dict.fromkeys(rows["engine"]))) if len(rows) else ""
    joint = any(FAMILIES[run.config.models.specs[name].family].joint for name in run.config.models.fit)
    told, cited = [], []
    for package, (label, reference, use) in _SOFTWARE.items():
        if package not in versions or not (use in engines or (use == "joint" and joint)):
            continue
        told.append(f"{label} {versions[package]}{_cite(reference) if reference else ''}")
        cited += [reference] if reference else []
    own = f"alliance {versions.get('alliance', '')}".strip()
    python = f" (Python {versions['python']})" if "python" in versions else ""
    uses = f", which used {join_words(told)}" if told else ""
    yield (
        f"Analyses were run with {own}{python}{uses}; the random seed was {run.config.run.seed}.",
        tuple(cited),
    )
