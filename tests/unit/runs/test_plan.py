"""What a run consists of, and what each step depends on."""

from pathlib import Path

import pytest
import yaml

from alliance.config import Config, validate_config
from alliance.errors import ConfigError
from alliance.facts.artefacts import ARTEFACTS, made_by
from alliance.runs import plan
from alliance.runs.project import command_for

REPOSITORY = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def config() -> Config:
    return plan.merge_files(REPOSITORY / "config/config.yaml", [], {})


def changed(config: Config, values: dict[str, object]) -> Config:
    return plan.merge_files(REPOSITORY / "config/config.yaml", [], {"run": {"name": config.run.name}, **values})


def test_plain_configuration_can_be_validated_again(config: Config) -> None:
    assert validate_config(plan.plain(config)) == config


def test_ids_left_out_on_purpose_are_counted_but_not_named_in_results(config: Config) -> None:
    excluded = {"cleaning": {"exclude": {"patients": ["C0042", "C0077"]}}}
    hidden = changed(config, excluded)
    assert "C0042" not in str(plan.in_results(hidden)) + str(plan.shown_settings(hidden))
    assert plan.in_results(hidden)["cleaning"]["exclude"]["patients"] == ["2 not shown"]
    given = plan.origin_of(REPOSITORY / "config/config.yaml", [], excluded, REPOSITORY)
    assert "C0042" not in str(given) and "2 not shown" in str(given)
    allowed = changed(config, {**excluded, "privacy": {"original_ids": True}})
    assert plan.in_results(allowed) == plan.plain(allowed)


def test_places_outside_the_project_are_not_in_results(
    config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(REPOSITORY)
    secret, inside = tmp_path / "Dr Secret/export.csv", REPOSITORY / "data/example/patients.csv"
    given = {
        "data": {
            "sessions": {"path": str(secret)},
            "patients": {"path": str(inside)},
            "therapists": {"path": "../x/t.csv"},
        },
        "study": {"truth": str(secret.with_name("truth.yaml"))},
    }
    told = plan.in_results(changed(config, given))
    assert [told["data"][table]["path"] for table in given["data"]] == [
        "export.csv",
        "data/example/patients.csv",
        "t.csv",
    ]
    assert told["study"]["truth"] == "truth.yaml"
    origin = plan.origin_of(REPOSITORY / "config/config.yaml", [], given, REPOSITORY)
    assert str(tmp_path) not in str([origin, told, plan.shown_settings(changed(config, given))])
    assert plan.in_results(config) == plan.plain(config), "places in the project stay as they are written"


def test_labels_are_not_among_what_computing_steps_depend_on(config: Config) -> None:
    other = changed(
        config, {"variables": {"alliance": {"label": "bond"}, "technique": {"label": "skill", "rater": "client"}}}
    )
    assert plan.bare_variables(other.variables) == plan.bare_variables(config.variables)
    assert plan.bare_spec(other.models.specs["variance"]) == plan.bare_spec(config.models.specs["variance"])


def test_metric_concerns_scoring_but_not_the_steps_before(config: Config) -> None:
    other = changed(config, {"variables": {"alliance": {"metric": "mean"}}})
    assert plan.bare_variables(other.variables, scored=False) == plan.bare_variables(config.variables, scored=False)
    assert plan.bare_variables(other.variables) != plan.bare_variables(config.variables)


@pytest.mark.parametrize(
    "values", [{"priors": {"slope_sd": 2.0}}, {"sampling": {"draws": 60}}, {"output": {"figures": []}}]
)
def test_figures_do_not_depend_on_how_models_were_fitted(config: Config, values: dict[str, object]) -> None:
    assert plan.shown_settings(changed(config, values)) == plan.shown_settings(config)


@pytest.mark.parametrize("values", [{"output": {"figure_dpi": 100}}, {"variables": {"alliance": {"label": "bond"}}}])
def test_figures_depend_on_what_they_show(config: Config, values: dict[str, object]) -> None:
    assert plan.shown_settings(changed(config, values)) != plan.shown_settings(config)


def test_every_figure_and_table_needs_artefacts_that_exist() -> None:
    for kind, registry in (("figures", plan.FIGURES), ("tables", plan.TABLES)):
        for name in registry:
            assert set(plan.needs_of(kind, name)) <= set(ARTEFACTS)


def test_unknown_table_is_refused_with_the_known_ones() -> None:
    with pytest.raises(
        ConfigError, match=r"output\.tables: there is no 'efects'\. Did you mean 'effects'\? Known: sample"
    ):
        plan.needs_of("tables", "efects")


def test_files_outside_the_plan_are_stray_but_logs_are_not(config: Config, tmp_path: Path) -> None:
    for name in ("report.html", "logs/fit_model/x.log", "notes.txt", "figures/dropped.svg", "data/.unfinished-7-x.csv"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("", encoding="utf-8")
    stray = plan.stray_files(tmp_path, config)
    assert stray == ["figures/dropped.svg", "notes.txt"]
    assert "2 file(s)" in plan.describe_stray(tmp_path, stray)
    assert plan.stray_files(tmp_path / "absent", config) == []


def test_ids_and_comparison_are_expected_only_when_asked_for(config: Config) -> None:
    files = set(plan.expected_files(config))
    assert plan.IDS_FILE not in files
    more = set(
        plan.expected_files(
            changed(config, {"run": {"name": "x", "compare_to": "main"}, "privacy": {"original_ids": True}})
        )
    )
    compared = {f"tables/{name}.{ending}" for name in ("settings", "comparison") for ending in plan.TABLE_FORMATS}
    compared |= {f"figures/compared.{ending}" for ending in plan.FIGURE_FORMATS}
    assert more - files == {plan.IDS_FILE, *(ARTEFACTS[name].path for name in made_by("compare_runs")), *compared}


def test_truth_is_expected_of_simulated_studies_only(config: Config) -> None:
    simulated, real = (
        set(plan.expected_files(changed(config, {"study": {"truth": truth}}))) for truth in ("t.yaml", None)
    )
    assert simulated - real == {ARTEFACTS["truth"].path, *(f"tables/truth.{ending}" for ending in plan.TABLE_FORMATS)}


def test_origin_names_files_inside_the_project_by_their_place_in_it(tmp_path: Path) -> None:
    root = tmp_path / "project"
    base, outside = root / "config/config.yaml", tmp_path / "mine.yaml"
    assert plan.origin_of(base, [], {}, root) == ["config/config.yaml"]
    inside, elsewhere = plan.origin_of(base, [root / "config/x.yaml", outside], {}, root)
    assert inside == "config/x.yaml"
    assert str(tmp_path) not in elsewhere
    assert command_for(None, [inside, elsewhere]) == "snakemake --cores 2 --configfile config/x.yaml path/to/mine.yaml"
    other = tmp_path / "another folder/mine.yaml"
    assert plan.origin_of(base, [other], {}, root) != [elsewhere], (
        "nobody overwrites results of a file of the same name"
    )
    assert plan.origin_of(base, [], {"panel": {"lag": 2}}, root) == ["config/config.yaml", "panel={'lag': 2}"]


def test_base_file_as_snakemake_reads_it_is_the_main_analysis(config: Config) -> None:
    read = yaml.safe_load((REPOSITORY / "config/config.yaml").read_text(encoding="utf-8"))
    on = read["models"]["specs"]["alliance_predicts_symptoms"]["equations"]["symptoms"]
    assert True in on, "YAML 1.1 takes the key for a truth value"
    assert plan.merge_files(REPOSITORY / "config/config.yaml", [], read) == config
