"""A model that cannot be fitted costs its own part of the report, and says why in words."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from alliance.config.declared import Basis
from alliance.errors import ModelError
from alliance.models.container import reason_of_failure
from alliance.models.fitting import settings_for
from alliance.runs.files import read_tree, write_parquet
from alliance.runs.plan import bare_spec
from alliance.steps import fit
from tests.artefacts import builders


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ModelError("No rows are left."), "No rows are left."),
        (np.linalg.LinAlgError("Singular matrix"), "cannot be told apart in these data"),
    ],
)
def test_reason_is_kept_in_words(
    error: Exception, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    config = builders.arms_config()
    name = next(iter(config.models.specs))
    spec = config.models.specs[name]

    def refuse(*given: object) -> None:
        raise error

    monkeypatch.setattr(fit, "fit_declared", refuse)
    write_parquet(pd.DataFrame({"patient": ["a"]}), tmp_path / "panel.parquet")
    paths = {"panel": "panel.parquet", "draws": "draws.nc", "flow": "flow.csv"}
    fit.fit_model(
        model=name,
        spec=bare_spec(spec),
        settings=settings_for(spec, config),
        **{key: str(tmp_path / file) for key, file in paths.items()},
    )
    assert said in reason_of_failure(read_tree(tmp_path / "draws.nc"))
    assert pd.read_csv(tmp_path / "flow.csv").empty
    told = capsys.readouterr().out
    assert f"Model '{name}' could not be fitted" in told and said in told


def test_a_fit_reads_what_its_model_may_look_at_and_finds_the_same(tmp_path: Path) -> None:
    config = builders.arms_config()
    spec = config.models.specs["arm_jointly"]
    spec = spec.model_copy(update={"bases": {"course": Basis(of="session", kind="polynomial", df=2)}})
    names = [
        "patient",
        "session",
        "alliance",
        "alliance_within",
        "alliance_bond",
        "symptoms_baseline",
        "arm",
        "course_1",
    ]
    others = ["homework", "homework_lag", "homework_within", "mood"]
    table = pd.DataFrame(1.0, index=range(3), columns=[*names, *others])
    table["agency"], table["agency_lag"] = [1.0, None, None], [None, None, None]
    table["homework"], table["homework_lag"] = [None, None, 3.0], [None, 2.0, None]
    needed = [name for name in spec.named_columns() if name not in table]
    write_parquet(table.assign(**dict.fromkeys(needed, 1.0)), tmp_path / "panel.parquet")
    read = fit.read_panel(str(tmp_path / "panel.parquet"), spec, settings_for(spec, config))
    assert set(read) == {*names, *needed, fit.OTHERS, f"{fit.OTHERS}_lag"} - {"alliance_within"}
    assert read[fit.OTHERS].notna().tolist() == [True, False, True]
    assert read[f"{fit.OTHERS}_lag"].notna().tolist() == [False, True, False]
    write_parquet(table[others], tmp_path / "panel.parquet")
    assert list(fit.read_panel(str(tmp_path / "panel.parquet"), spec, settings_for(spec, config))) == others
