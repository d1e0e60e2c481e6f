"""What one run consists of: its merged configuration, inputs, expected files and what each step depends on.

The Snakefile asks here and holds no logic of its own. Nothing in this module imports a step, a model or a figure.
"""

import copy
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from alliance.config import Config, ModelSpec, Variable, merge_with_base, read_yaml, validate_config
from alliance.config.rupture import RUPTURE_MARK
from alliance.errors import ConfigError, suggest
from alliance.facts.artefacts import ARTEFACTS, Artefact, made_by
from alliance.report.figures import FIGURES, OF_COMPARISONS
from alliance.report.page.contents import PAGES, numbers_of
from alliance.report.tables import ALWAYS, TABLES
from alliance.runs.files import (
    CARD,
    CONFIG,
    CRATE,
    MANIFEST,
    ORIGIN,
    PROVENANCE,
    README,
    SNAKEFILE,
    UNFINISHED,
    WORKFLOW,
)
from alliance.runs.fingerprint import read_constant
from alliance.runs.places import configuration_in_results, place_in_results
from alliance.runs.provenance import PROJECT
from alliance.runs.subscales import parts_from
from alliance.runs.titles import titles_from

# The JSON files hold title, caption and description for the report.
FIGURE_FORMATS = ("svg", "png", "csv", "json")
TABLE_FORMATS = ("csv", "html", "docx", "tex", "json")

# Artefacts that the workflow makes beside those that figures and tables can ask for.
FLOW_DATA = "data/flow.csv"
CODEBOOK_PAGE = "data/codebook.html"
IDS_FILE = "data/ids.csv"
ACCEPTED = "data/accepted.txt"
# A data set for others, as Psych-DS wants its names.
SHARED = {
    "description": "shared/dataset_description.json",
    "readme": "shared/README.md",
    "codebook": "shared/documentation/codebook.csv",
    **{
        f"{table}_data": f"shared/data/description-{table}_data.csv" for table in ("sessions", "patients", "therapists")
    },
}
RUN_FILES = {
    **PAGES,
    "readme": README,
    "text": "report.md",
    "numbers": "numbers.yaml",
    "references": "references.bib",
    "answers_word": "tables/answers.docx",
    "answers_latex": "tables/answers.tex",
    "headline": "headline.txt",
    "card": CARD,
    "provenance": PROVENANCE,
    "config": CONFIG,
    "manifest": MANIFEST,
    "crate": CRATE,
}

# Numbers do not depend on how a variable is presented; steps that only compute get these in place of the user's words.
# A questionnaire keeps its rater and direction: an instrument file can refuse them.
_BARE: dict[str, Any] = {"unit": "-", "parts": []}
_BARE_UNLESS_SCALE: dict[str, Any] = {"rater": None, "higher_is": None}


def merge_files(base: Path, overlays: Sequence[Path], values: Mapping[str, Any]) -> Config:
    """Read and merge configuration files and values that Snakemake has read, from its command line or a host, and validate the whole.

    Raises
    ------
    ConfigError
        A file cannot be read, or the merged settings cannot be used.
    """
    parts = parts_from(Path(), base.parent.parent)
    settings, said = read_yaml(base), [*map(read_yaml, overlays), _as_written(values)]
    if settings.keys() <= values.keys():  # a copy of the base file, as snakedeploy gives a host, stands in its place
        settings, said = said[-1], []
    return validate_config(merge_with_base(settings, said, titles_from(Path()), parts))


def _as_written(values: Any) -> Any:
    """Return settings that Snakemake has read with the word ``on`` as the key it is: YAML 1.1 takes it for a truth value."""
    if not isinstance(values, Mapping):
        return values
    return {"on" if key is True else key: _as_written(value) for key, value in values.items()}


def origin_of(base: Path, overlays: Sequence[Path], values: Mapping[str, Any], root: Path) -> list[str]:
    """Name the configuration a run belongs to: its files, relative to the project where they lie in it, and values."""
    named = [configuration_in_results(path, root) for path in overlays]
    named = named or [str(Path(base.parent.name, base.name))]  # wherever the program lies that brings it
    return named + [f"{key}={value}" for key, value in sorted(_told(values, ids=False).items())]


def plain(config: Config) -> dict[str, Any]:
    """Return the whole configuration as plain values, with the names the user writes."""
    return config.model_dump(mode="json", by_alias=True)


def in_results(config: Config) -> dict[str, Any]:
    """Return the configuration as results may hold it.

    Ids of the export are counted, not named, unless they are allowed; files that lie outside the project have their names only.
    """
    return _told(plain(config), ids=config.privacy.original_ids)


def _told(settings: Mapping[str, Any], *, ids: bool) -> dict[str, Any]:
    """Return settings, all or some of them, without ids (unless they are allowed) and without places outside the project."""
    told = copy.deepcopy(dict(settings))
    excluded = _part_of(_part_of(told, "cleaning"), "exclude")
    if isinstance(patients := excluded.get("patients"), list) and patients and not ids:
        excluded["patients"] = [f"{len(patients)} not shown"]
    data = _part_of(told, "data")
    for part, key in [*((_part_of(data, table), "path") for table in data), (_part_of(told, "study"), "truth")]:
        if isinstance(part.get(key), str):
            part[key] = place_in_results(part[key])
    return told


def _part_of(settings: Mapping[str, Any], key: str) -> dict[str, Any]:
    """Return a section of settings; an empty one where it is not among them."""
    part = settings.get(key)
    return part if isinstance(part, dict) else {}


def bare_variables(variables: Mapping[str, Variable], scored: bool = True) -> dict[str, Any]:
    """Return the variables with their names for labels, so that another label computes nothing again.

    Steps before scoring also get one metric for all (`scored` is False): how items are added up, and how reliable the sum is, is not
    theirs to know.
    """
    bare = {}
    for name, variable in variables.items():
        ignored = _BARE if variable.kind == "scale" else {**_BARE, **_BARE_UNLESS_SCALE}
        metric = {} if scored else {"metric": "sum", "reliability": None}
        bare[name] = variable.model_copy(update={"label": name, **ignored, **metric}).model_dump(mode="json")
    return bare


def seed_of_scores(config: Config) -> int:
    """Return the seed that scoring depends on: that of the run where ruptures are told by simulated limits, else 0."""
    return config.run.seed if any(variable.kind == RUPTURE_MARK for variable in config.variables.values()) else 0


def bare_spec(spec: ModelSpec) -> dict[str, Any]:
    """Return a model's declaration without what only the report shows."""
    shown = {"label": "-", "time_order_signed_off": None}
    return spec.model_copy(update=shown).model_dump(mode="json", by_alias=True)


def shown_settings(config: Config) -> dict[str, Any]:
    """Return the settings that can change how a figure or a table looks when the numbers it shows stay the same."""
    settings = in_results(config)
    del settings["sampling"], settings["priors"], settings["run"]["seed"], settings["run"]["compare_to"]
    del settings["output"]["figures"], settings["output"]["tables"], settings["output"]["licence"]
    del settings["output"]["publisher"]
    del settings["privacy"]["share_data"], settings["privacy"]["identifying"]
    return settings


def instruments_of(config: Config) -> list[str]:
    """Name the instruments in use, each once."""
    return sorted({variable.instrument for variable in config.variables.values() if variable.instrument})


def data_files(config: Config) -> dict[str, str]:
    """Return the declared tables and their files."""
    tables = {name: getattr(config.data, name) for name in ("sessions", "patients", "therapists")}
    return {name: source.path for name, source in tables.items() if source is not None}


def needs_of(kind: str, name: str) -> tuple[str, ...]:
    """Name the artefacts that a figure or a table is made from.

    Raises
    ------
    ConfigError
        There is no such figure or table, or it asks for an artefact that does not exist.
    """
    registry = {"figures": FIGURES, "tables": TABLES}[kind]
    if name not in registry:
        raise ConfigError(
            f"output.{kind}: there is no '{name}'.{suggest(name, registry)} Known: {', '.join(registry)}."
        )
    needs = read_constant(registry[name], "NEEDS")
    if not isinstance(needs, tuple) or not set(needs) <= set(ARTEFACTS):
        raise TypeError(
            f"{registry[name]}.NEEDS must be a tuple of names in alliance.facts.artefacts.ARTEFACTS, but is {needs}."
        )
    return needs


def artefacts_of(config: Config) -> list[Artefact]:
    """Return the artefacts of a run; those of a comparison only where there is something to compare with."""
    left_out = [
        *([] if config.run.compare_to else made_by("compare_runs")),
        *(made_by("compare_truth") if config.study.truth is None else []),
    ]
    return [artefact for name, artefact in ARTEFACTS.items() if name not in left_out]


def beside_tables() -> list[str]:
    """Name the files in the folder of the tables that are no table of the registry."""
    return sorted({Path(path).stem for path in RUN_FILES.values() if Path(path).parent.name == "tables"})


def tables_of(config: Config) -> list[str]:
    """Name the tables of a run: those the configuration lists, and those that no report is without."""
    return _made_of("tables", [*config.output.tables, *ALWAYS], config)


def figures_of(config: Config) -> list[str]:
    """Name the figures of a run: those the configuration lists, and that of a comparison where there is one."""
    return _made_of("figures", [*config.output.figures, *OF_COMPARISONS], config)


def _made_of(kind: str, named: Sequence[str], config: Config) -> list[str]:
    """Leave figures or tables whose artefacts the run has."""
    present = {artefact.name for artefact in artefacts_of(config)}
    return [name for name in dict.fromkeys(named) if present.issuperset(needs_of(kind, name))]


def number_of(config: Config, kind: Literal["figure", "table"], name: str) -> str:
    """Return the number of a figure or a table of a run: ``3``, or ``S12`` in the supplement."""
    return numbers_of(config, figures_of(config), tables_of(config)).get((kind, name), "")


def workflow_files(project: Path = PROJECT) -> list[str]:
    """Name the files of the workflow, of which every run keeps a copy: relative to the project, and to the run's folder."""
    folder = project / WORKFLOW
    parts = sorted([*folder.glob("rules/*.smk"), *folder.glob("scripts/run_step.py")])
    return [SNAKEFILE, *(path.relative_to(project).as_posix() for path in parts)]


def expected_files(config: Config) -> list[str]:
    """List every file the workflow writes into the run's folder, logs aside."""
    files = [
        *(artefact.path for artefact in artefacts_of(config)),
        ACCEPTED,
        FLOW_DATA,
        CODEBOOK_PAGE,
        ORIGIN,
        *RUN_FILES.values(),
        *workflow_files(),
    ]
    files += [f"models/{model}/{file}" for model in config.models.fit for file in ("draws.nc", "flow.csv")]
    files += [f"figures/{name}.{ending}" for name in figures_of(config) for ending in FIGURE_FORMATS]
    files += [f"tables/{name}.{ending}" for name in tables_of(config) for ending in TABLE_FORMATS]
    if config.privacy.original_ids:
        files.append(IDS_FILE)
    if config.privacy.share_data:
        files += SHARED.values()
    return files


def stray_files(folder: Path, config: Config) -> list[str]:
    """List files in the run's folder that the workflow does not write: left by hand, or by earlier settings.

    What a killed job left half-written is neither; it is removed when the run goes on.
    """
    known = {*expected_files(config)}
    if not folder.is_dir():
        return []
    present = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return [name for name in present if name not in known and not name.startswith("logs/") and UNFINISHED not in name]


def describe_stray(folder: Path, stray: Sequence[str]) -> str:
    """Say which files in a run's folder are not its results."""
    shown = ", ".join(stray[:5]) + (f" and {len(stray) - 5} more" if len(stray) > 5 else "")
    return (
        f"Warning: {len(stray)} file(s) in {folder}/ were not written by the workflow: {shown}. "
        "manifest.csv lists them as stray; delete them or move them elsewhere."
    )
