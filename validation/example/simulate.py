"""The example study with other seeds: estimates of scores as they were recorded, and for true scores, beside the known truth.

Every study is exported with its dirt, checked, cleaned, scored, and fitted by `depth: ml` with the equations of `technique_jointly` in
`config/config.yaml`; its reliabilities are those of its own items. Seeds are 1, 2, ..., and none is left out.

Each study is added to `results/validation_example/studies.csv`, and a run that was stopped goes on. Counts are of what is there:

    nice python -m validation.example.simulate 60
"""

import sys
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd

from alliance import Study
from alliance.worlds.example.export import csv_of, export_study
from alliance.worlds.example.settings import ExampleStudy
from alliance.worlds.example.study import simulate_study
from alliance.worlds.settings import read_settings
from validation.resumed import add_studies

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
KEPT = ROOT / "results/validation_example/studies.csv"
MODEL = "technique_jointly"
KEY = ["outcome", "path", "effect", "level", "horizon"]
# What is looked at: effects within patients, own pasts, and what the arm adds in one session.
SHOWN = ("a", "b", "c_prime", "indirect", "total", "cov_ab", "coefficient")


def fit_study(seed: int) -> pd.DataFrame:
    """Return effects as they are and corrected, with limits, beside their truth."""
    settings = read_settings(ROOT / "config/example_study.yaml", ExampleStudy, {"seed": seed})
    tables, _ = export_study(simulate_study(settings), settings)
    with tempfile.TemporaryDirectory() as folder:
        data: dict[str, Any] = Study(root=ROOT).config.data.model_dump(mode="json", exclude_unset=True)
        for name, table in tables.items():
            path = Path(folder) / f"{name}.csv"
            path.write_text(csv_of(table), encoding="utf-8")
            data[name]["path"] = str(path)
        study = Study({"replace": ["data"], "data": data}, root=ROOT)
        fit = study.fit(MODEL, depth="ml", influence=False, random_effects=False, trends=False)
    joined = fit.corrected.merge(study.truth.rename(columns={"value": "truth"}), on=KEY)
    kept = joined[joined["effect"].isin(SHOWN) & joined["level"].isin(["within", "overall"])]
    columns = [*KEY, "truth", "estimate", "low", "high", "estimate_corrected", "low_corrected", "high_corrected"]
    return kept[columns].assign(seed=seed)


def summarise(table: pd.DataFrame) -> pd.DataFrame:
    """Count bias and coverage of each effect as it is and corrected."""
    rows = []
    for key, part in table.groupby(KEY, sort=False, dropna=False):
        truth = float(part["truth"].iloc[0])
        row = dict(zip(KEY, key, strict=True)) | {"truth": truth, "studies": len(part)}
        for suffix in ("", "_corrected"):
            values = part[f"estimate{suffix}"]
            row[f"mean{suffix}"] = values.mean()
            row[f"error{suffix}"] = values.std(ddof=1) / len(part) ** 0.5
            row[f"covered{suffix}"] = int(part[f"low{suffix}"].le(truth).mul(part[f"high{suffix}"].ge(truth)).sum())
        rows.append(row)
    return pd.DataFrame(rows)


def main(studies: int) -> None:
    """Add what is missing, and write the counts."""
    table = add_studies(KEPT, [{"seed": seed} for seed in range(1, studies + 1)], fit_study)
    summarise(table).round(4).to_csv(HERE / "counts.csv", index=False)


if __name__ == "__main__":
    main(int(sys.argv[1]))
