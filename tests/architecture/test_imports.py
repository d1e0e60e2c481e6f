"""Imports point one way; heavy libraries and files are opened only where they belong."""

import ast
import subprocess
import sys

import pytest

from alliance.runs.fingerprint import imports_of
from tests.architecture.project import modules, part_of, tree_of

# From the bottom up: a part imports only parts of rows above its own, never its neighbours in a row.
LAYERS = [
    ["errors", "kept", "data", "report", "results"],  # the last three stand for what their `__init__` says
    ["facts"],
    ["questions"],
    ["config"],
    ["worlds", "data.export", "report.numbers", "report.words"],
    ["data.cleaning"],
    ["data.checks"],
    ["data.scoring", "data.ruptures"],
    ["data.panel", "likelihood", "inference"],
    ["models", "results.sameness"],
    [
        "report.labels",
        "report.accounts",
        "results.estimates",
        "results.sites",
        "results.diagnostics",
        "results.comparison",
        "results.contrasts",
        "results.disclosure",
        "results.standardised",
    ],
    ["results.fits", "synthesis"],
    ["report.meanings", "report.naming", "report.errors", "report.propensity", "report.ruptures", "certify"],
    ["report.figures", "report.tables", "report.prose"],
    ["report.page", "report.codebook"],
    ["runs"],
    ["steps"],
    ["study"],
    ["trace", "first"],
    ["cli"],
    ["__main__"],
]
HEIGHT = {part: height for height, parts in enumerate(LAYERS) for part in parts}

# Library -> parts that may import it. Libraries that are not named here are light, and free.
HOMES = {
    "pymc": {"models", "inference"},
    "pytensor": {"models", "inference", "likelihood"},
    "nutpie": {"inference"},
    "statsmodels": {"models"},
    "arviz": {"models", "results.diagnostics"},
    "arviz_stats": {"inference"},
    "seaborn": {"report.figures"},
    "matplotlib": {"report.figures"},
    "docx": {"report.tables"},
    "jinja2": {"report.page"},
    "pyreadstat": {"data.export"},
    "openpyxl": {"data.export"},
    "snakemake": set(),
}

# Names of functions and methods that open files. Reading settings and the package's own templates is not opening data.
OPENERS = {
    "open", "read_csv", "read_parquet", "read_excel", "read_bytes", "write_bytes", "write_text", "to_parquet", "to_netcdf",
    "to_excel", "open_datatree", "open_dataset", "from_netcdf", "savefig", "unlink", "mkdir",
}  # fmt: skip


def test_every_part_has_its_layer() -> None:
    parts = {part_of(module) for module in modules()} - {""}
    assert parts - set(HEIGHT) == set(), "put new parts into LAYERS"


@pytest.mark.parametrize("module", modules())
def test_imports_point_downwards(module: str) -> None:
    here = part_of(module)
    others = {part_of(name) for name in imports_of(module)[0]} - {"", here}
    upwards = {part for part in others if HEIGHT[part] >= HEIGHT.get(here, 0)}
    assert upwards == set(), f"{module} imports {upwards}, which do not lie below {here}"


@pytest.mark.parametrize("module", modules())
def test_heavy_libraries_stay_in_their_homes(module: str) -> None:
    strangers = {name for name in imports_of(module)[1] if part_of(module) not in HOMES.get(name, {part_of(module)})}
    assert strangers == set()


@pytest.mark.parametrize(
    "module", [name for name in modules() if part_of(name) not in {"data.export", "runs", "steps"}]
)
def test_only_export_steps_and_runs_open_files(module: str) -> None:
    tree = tree_of(module)
    called = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            function = node.func
            called.add(function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", ""))
    assert called & OPENERS - _in_memory(module) == set()


# Knots of a spline stand at quantiles of time, and strata at quantiles of a score; a caution looks at the lower end of a spread, and what
# is withheld at that of what it would be divided by, whatever interval is reported.
OWN_QUANTILES = {
    "alliance.models.descriptive.ruptures",
    "alliance.models.design.bases",
    "alliance.models.checking.varying",
    "alliance.models.quantities.contrasts",
}


@pytest.mark.parametrize(
    "module", [name for name in modules() if part_of(name) == "models" and name not in OWN_QUANTILES]
)
def test_families_hand_over_draws_and_take_no_quantile_of_them(module: str) -> None:
    tree = tree_of(module)
    named = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert named & {"quantile", "percentile", "nanquantile", "nanpercentile"} == set()


def _in_memory(module: str) -> set[str]:
    """Return the openers that a module uses on buffers only, as figures are rendered to bytes, on this package's sources or on its code."""
    return {
        "alliance.report.figures.theme": {"savefig"},
        "alliance.likelihood.compiling": {"read_bytes"},
        "alliance.kept": {"read_bytes", "write_bytes", "mkdir", "unlink"},
    }.get(module, set())


@pytest.mark.parametrize(
    ("module", "heavy"),
    [
        ("alliance.runs.guards", {"pandas", "numpy", "pymc", "seaborn", "xarray"}),
        ("alliance.report.figures", {"pandas", "matplotlib", "seaborn"}),
        ("alliance.report.tables", {"pandas", "docx"}),
        ("alliance.steps.panel", {"pymc", "statsmodels", "seaborn", "arviz"}),
        (
            "alliance.models.path.fit",
            {
                "pymc",
                "statsmodels",
                "arviz",
                "arviz_stats",
                "scipy.linalg",
                "scipy.stats",
                "scipy.optimize",
                "matplotlib",
            },
        ),
        ("alliance.steps.fit", {"pymc", "statsmodels", "seaborn"}),
        ("alliance.steps.figures", {"pymc", "docx"}),
        ("alliance.steps.tables", {"pymc", "statsmodels", "seaborn"}),
        ("alliance.runs.worker", {"pandas", "numpy", "pydantic"}),
        ("alliance.steps.report", {"pymc", "statsmodels", "seaborn", "arviz"}),
    ],
)
def test_a_job_imports_only_what_it_needs(module: str, heavy: set[str]) -> None:
    code = f"import sys, {module}; print(*({heavy!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.split() == []
