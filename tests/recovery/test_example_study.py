"""The committed example study: made again bit for bit, cleaned to what was simulated, and of the sizes it claims."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from alliance.config import Config, merge_with_base, read_yaml, validate_config
from alliance.config.instruments import read_instruments
from alliance.config.timing import parse_term
from alliance.facts.columns import LAG
from alliance.facts.quantity import names_of, nodes_of, split_contrast
from alliance.steps.example import simulate_example
from alliance.steps.prepare import check_data, clean_data
from alliance.worlds.example.settings import ExampleStudy
from alliance.worlds.example.study import simulate_study
from alliance.worlds.settings import read_settings
from alliance.worlds.study import rows_of, run_study

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "data/example"
SETTINGS = ROOT / "config/example_study.yaml"
TABLES = ("sessions", "patients", "therapists")


@pytest.fixture(scope="module")
def config() -> Config:
    return validate_config(merge_with_base(read_yaml(ROOT / "config/config.yaml"), []))


@pytest.fixture(scope="module")
def truth() -> dict[str, Any]:
    return dict(yaml.safe_load((EXAMPLE / "truth.yaml").read_text(encoding="utf-8")))


@pytest.fixture(scope="module")
def cleaned(config: Config, tmp_path_factory: pytest.TempPathFactory) -> dict[str, pd.DataFrame]:
    """The committed export after checks and cleaning with the default configuration; ids beside the codes."""
    folder = tmp_path_factory.mktemp("cleaned")
    sections = {
        "data": config.data.model_dump(),
        "variables": {name: variable.model_dump() for name, variable in config.variables.items()},
        "cleaning": config.cleaning.model_dump(),
    }
    used = sorted({v.instrument for v in config.variables.values() if v.instrument})
    inputs: dict[str, Any] = {name: str(EXAMPLE / f"{name}.csv") for name in TABLES}
    inputs["instruments"] = [str(ROOT / f"config/instruments/{name}.yaml") for name in used]
    typed = str(folder / "typed.pickle")
    check_data(**inputs, checks=str(folder / "checks.csv"), typed=typed, smallest_groups={}, **sections)
    outputs = {name: str(folder / f"{name}.parquet") for name in TABLES}
    others = {name: str(folder / f"{name}.csv") for name in ("cleaning", "flow_data", "ids")}
    clean_data(typed=typed, **outputs, **others)
    tables = {name: pd.read_parquet(folder / f"{name}.parquet") for name in TABLES}
    return tables | {"report": pd.read_csv(folder / "cleaning.csv"), "ids": pd.read_csv(folder / "ids.csv")}


def test_the_committed_files_are_made_again_bit_for_bit(tmp_path: Path) -> None:
    files = {name: tmp_path / f"{name}.csv" for name in TABLES} | {"truth": tmp_path / "truth.yaml"}
    simulate_example(settings=str(SETTINGS), **{name: str(path) for name, path in files.items()})
    for path in files.values():
        assert path.read_bytes() == (EXAMPLE / path.name).read_bytes(), f"{path.name} differs: run make example"


def test_the_export_has_every_column_of_the_configuration_and_no_label_it_does_not_know(config: Config) -> None:
    tables = {name: pd.read_csv(EXAMPLE / f"{name}.csv", dtype=str, keep_default_na=False) for name in TABLES}
    keys = {
        key.key: key
        for key in read_instruments(sorted(str(p) for p in (ROOT / "config/instruments").glob("*.yaml"))).values()
    }
    for name, table in tables.items():
        source = getattr(config.data, name)
        assert set(source.keys.values()) <= set(table.columns)
    for variable in config.variables.values():
        columns = tables[variable.table].columns
        if variable.kind == "scale":
            numbers = range(1, keys[str(variable.instrument)].items + 1)
            assert {str(variable.items).format(item=number) for number in numbers} <= set(columns)
        elif variable.kind != "composite":
            assert variable.column in columns
        if variable.kind == "category":
            labels = set(tables[variable.table][str(variable.column)]) - {""}
            assert variable.levels is None or labels == set(variable.levels)
            assert variable.reference is None or variable.reference in labels


def test_cleaning_finds_as_much_dirt_as_was_put_in(cleaned: dict[str, pd.DataFrame], truth: dict[str, Any]) -> None:
    report = cleaned["report"].set_index(["table", "rule"])
    dirt = truth["dirt"]["sessions"]
    for rule, unit, wanted in (
        ("missing_codes", "cells", dirt["missing_codes"]),
        ("out_of_range", "cells", dirt["out_of_range"]),
        ("duplicates_identical", "rows", dirt["identical_duplicates"]),
        ("duplicates_conflicting", "rows", dirt["conflicting_duplicates"]),
        ("orphans", "rows", dirt["orphan_rows"]),
    ):
        assert report.loc[("sessions", rule), unit] == wanted, rule
    misspelled = report.loc[("sessions", "ids_patient"), "cells"] + report.loc[("sessions", "ids_therapist"), "cells"]
    assert misspelled == dirt["id_blanks"] + dirt["id_case"] + dirt["id_zeros"]
    assert report.loc[("patients", "missing_codes"), "cells"] == truth["dirt"]["patients"]["missing_codes"]
    assert report.loc[("patients", "out_of_range"), "cells"] == truth["dirt"]["patients"]["out_of_range"]


def test_cleaning_restores_the_simulated_sessions_but_for_the_cells_that_were_lost(
    cleaned: dict[str, pd.DataFrame], truth: dict[str, Any], config: Config
) -> None:
    clean = simulate_study(read_settings(SETTINGS, ExampleStudy)).sessions
    clean["id"] = clean["client_id"].str.lower().str.replace(r"(?<=c)0+", "", regex=True)
    ids = cleaned["ids"]
    names = ids[ids["table"] == "patients"].set_index("code")["id"]
    found = cleaned["sessions"].assign(
        id=cleaned["sessions"]["patient"].map(names), session_no=cleaned["sessions"]["session"]
    )
    assert len(found) == len(clean) == truth["study"]["sessions"]
    joined = found.merge(clean, on=["id", "session_no"], how="inner", validate="one_to_one", suffixes=("_found", ""))
    assert len(joined) == len(clean)
    lost = 0
    for name, variable in config.variables.items():
        if variable.table != "sessions" or variable.kind == "composite":
            continue
        items = [c for c in found.columns if c.startswith(f"{name}__")]
        pairs = [(c, str(variable.items).format(item=c.split("__")[1])) for c in items] or [
            (name, str(variable.column))
        ]
        for ours, theirs in pairs:
            values = joined[f"{ours}_found" if ours == theirs else ours]
            answered = values.notna()
            assert (values[answered] == joined.loc[answered, theirs]).all(), ours
            lost += int((~answered & joined[theirs].notna()).sum())
    dirt = truth["dirt"]["sessions"]
    assert lost == dirt["missing_codes"] + dirt["blanks"] + dirt["out_of_range"]


def test_the_first_therapist_is_restored_where_the_therapist_changed(cleaned: dict[str, pd.DataFrame]) -> None:
    clean = simulate_study(read_settings(SETTINGS, ExampleStudy)).patients
    sizes = clean.groupby("therapist_id").size()
    assert sorted(cleaned["patients"].groupby("therapist").size()) == sorted(sizes)


def test_the_truth_speaks_of_variables_of_the_configuration_and_of_products_that_questions_form(
    truth: dict[str, Any],
) -> None:
    asked = merge_with_base(read_yaml(ROOT / "config/config.yaml"), [{"questions": "possible"}])
    config = validate_config(asked)
    products = {product for spec in config.models.specs.values() for product in spec.products}
    for quantity in truth["quantities"]:
        path = quantity["path"] or quantity["outcome"]  # a statistic of one variable has no path
        compared = split_contrast(path)
        for name in (name for one in compared for node in nodes_of(one) for name in names_of(node)):
            assert name in products or parse_term(name.removesuffix(LAG), config.variables) is not None, path
        assert all(one.endswith(quantity["outcome"]) for one in compared)


@pytest.mark.parametrize(
    ("size", "low", "high", "source"),
    [
        ("early_alliance_with_final_symptoms", -0.35, -0.20, "Flückiger 2018: r = .278"),
        ("therapist_share_of_final_symptoms", 0.03, 0.08, "3 to 8 %"),
        ("therapist_share_of_alliance", 0.05, 0.10, "5 to 10 %"),
        ("patient_share_of_alliance", 0.50, 0.70, "50 to 70 %"),
        ("at_limit_of_alliance", 0.0, 0.02, "hardly any score is cut off"),
        ("at_limit_of_symptoms", 0.0, 0.02, "hardly any score is cut off"),
    ],
)
def test_sizes_of_the_generating_model_are_those_of_the_literature(
    size: str, low: float, high: float, source: str, truth: dict[str, Any]
) -> None:
    assert low <= truth["population"][size] <= high, source


def test_dropout_of_the_study_is_between_20_and_35_percent(truth: dict[str, Any]) -> None:
    assert 0.20 <= truth["study"]["dropout"] <= 0.35


def test_regression_within_patients_finds_a_b_and_c_prime_again(truth: dict[str, Any]) -> None:
    """Least squares on deviations from the patients' means, 2000 complete patients.

    With 15 sessions the bias of such a regression for lagged outcomes (Nickell 1981) is large for the autoregressions, which are
    not looked at here, and below .02 for these paths; four standard errors are .07 for a, .011 for b, .045 for c'.
    """
    large = {"seed": 8, "size": {"patients": 2000, "therapists": 200}}
    panel = rows_of(*run_study(read_settings(SETTINGS, ExampleStudy, large)))
    lagged = panel.groupby("patient")[["alliance", "symptoms", "technique"]].shift(1).add_suffix(LAG)
    rows = pd.concat([panel, lagged], axis=1).dropna()
    value = {(q["path"], q["effect"], q["level"]): q["value"] for q in truth["quantities"]}
    a, reverse = _within(rows, "alliance", ["technique", "symptoms", "alliance_lag", "session"])[:2]
    b, direct = _within(rows, "symptoms", ["alliance_lag", "technique_lag", "symptoms_lag", "session"])[:2]
    assert a == pytest.approx(value["technique -> alliance", "a", "within"], abs=0.09)
    assert reverse == pytest.approx(value["symptoms -> alliance", "effect", "within"], abs=0.04)
    assert b == pytest.approx(value["alliance -> symptoms", "b", "within"], abs=0.02)
    assert direct == pytest.approx(value["technique -> symptoms", "c_prime", "within"], abs=0.065)


def _within(rows: pd.DataFrame, outcome: str, causes: list[str]) -> np.ndarray:
    deviations = rows[[outcome, *causes]] - rows.groupby("patient")[[outcome, *causes]].transform("mean")
    found: np.ndarray = np.linalg.lstsq(deviations[causes].to_numpy(), deviations[outcome].to_numpy(), rcond=None)[0]
    return found


def test_the_codebook_names_every_column_of_the_export() -> None:
    codebook = (ROOT / "data/README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`([a-z_0-9]+)`", codebook))
    for stem, last in (("wai", 12), ("phq", 9)):
        assert {f"{stem}_1", f"{stem}_{last}"} <= named
        named |= {f"{stem}_{number}" for number in range(1, last + 1)}
    for table in TABLES:
        assert set(pd.read_csv(EXAMPLE / f"{table}.csv", nrows=1).columns) <= named


def test_the_sizes_in_the_codebook_are_those_of_the_study(truth: dict[str, Any]) -> None:
    codebook = (ROOT / "data/README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| [^|]*`([a-z_]+)` \| ([-\d.]*) ?\| ([-\d.]*) ?\|", codebook, flags=re.MULTILINE)
    assert len(rows) >= 15
    for name, population, study in rows:
        assert float(study) == truth["study"][name], name
        assert population == "" or float(population) == truth["population"][name], name
