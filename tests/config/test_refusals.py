"""Bad inputs on the command line: the run ends in one clear message and an exit code, and finished results stay.

Each is a slip in the walk through config/README.md. The same kinds of fault, and many more, are tried without Snakemake in
test_bad_configs.py and test_bad_inputs_data.py.
"""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field

import pandas as pd
import pytest

from tests.config.clinic import EXPORT, OVERLAY, clinic_frame, overlay_text, write_sav
from tests.workflow.project import REPOSITORY, Project, copy_project

ROWS = 120  # of the clinic: enough for every check to speak
TARGET = "results/clinic/data/sessions.parquet"

# Small stand-ins for two finished runs: the main analysis, and this clinic's own before the slip.
FINISHED = {
    f"results/{run}/{name}": f"{run}: {name}, kept as it is\n"
    for run in ("main", "clinic")
    for name in ("report.html", "headline.txt", "estimates/estimates.csv", "models/variance/draws.nc", "manifest.csv")
}


@dataclass
class Slip:
    """What the user got wrong, and what the message says: where, and what to do."""

    says: tuple[str, ...]
    overlay: Callable[[str], str] = field(default=lambda text: text)
    export: Callable[[Project, pd.DataFrame], object] | None = None


def instead(old: str, new: str) -> Callable[[str], str]:
    """Change one place of the overlay."""

    def change(text: str) -> str:
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in the overlay"
        return text.replace(old, new)

    return change


def content(name: str, payload: bytes) -> Callable[[Project, pd.DataFrame], object]:
    """Put a file with some bytes beside the export."""
    return lambda project, _: (project.root / name).write_bytes(payload)


def words_among_numbers_and_a_row_twice(project: Project, frame: pd.DataFrame) -> None:
    spoiled = pd.concat([frame, frame.iloc[[6]].assign(WAI1=1.0)])
    answers = spoiled["TECH"].astype("Int64").astype("str")
    write_sav(spoiled.assign(TECH=[*answers[:2], "viel", *answers[3:]]), project.root / EXPORT)


def umlauts_in_another_encoding(project: Project, frame: pd.DataFrame) -> None:
    text = frame.assign(THERA="Müller").to_csv(index=False)
    (project.root / "data/raw/clinic.csv").write_bytes(text.encode("cp1252"))


SLIPS = {
    "unknown setting": Slip(
        ("ConfigError", "panel.max_gap_day: this setting is unknown. Did you mean 'max_gap_days'?"),
        instead("max_gap_days", "max_gap_day"),
    ),
    "no name of its own": Slip(
        ("RunError", "config/local_clinic.yaml would write into results/main/", "add 'run: {name: another_name}'"),
        instead("  name: clinic ", "  seed: 1 # "),
    ),
    "file that is not there": Slip(
        ("DataError", "data.sessions.path: the file data/raw/klinik.sav does not exist. Did you mean 'clinic.sav'?"),
        instead("data/raw/clinic.sav", "data/raw/klinik.sav"),
    ),
    "instrument that does not exist": Slip(
        ("ConfigError", "variables.alliance.instrument: there is no config/instruments/WAI-SR.yaml. Did you mean 'wai_sr'?"),
        instead("wai_sr", "WAI-SR"),
    ),
    "comparison with a run that does not exist": Slip(
        ("RunError", "run.compare_to: the run 'mian' does not exist. Did you mean 'main'?", "Run it first"),
        instead("  name: clinic ", "  compare_to: mian\n  name: clinic "),
    ),
    "cause measured after its outcome": Slip(
        ("ConfigError", "'technique' is not measured before 'alliance'", "time_order_signed_off"),
        instead("measured: during", "measured: after"),
    ),
    "misspelt columns": Slip(
        ("DataError", "clinic.sav has no column 'Klient'. Did you mean 'KLIENT'?", "data.sessions.keys.patient"),
        instead("patient: KLIENT", "patient: Klient"),
    ),
    "text among numbers, and a session twice where that stops": Slip(
        ("DataError: 2 errors", "row 3, column TECH", "Correct the cells", "first: row 7", "duplicates.conflicting: keep_most_complete"),
        instead("cleaning:\n", "cleaning:\n  duplicates: {conflicting: stop}\n"), words_among_numbers_and_a_row_twice,
    ),
    "wrong encoding": Slip(
        ("DataError", "clinic.csv", "data.sessions.encoding"),
        instead("clinic.sav ", "clinic.csv\n    encoding: utf-8 "), umlauts_in_another_encoding,
    ),
    "empty file": Slip(("DataError", "clinic.sav is empty", "Export the table again"), export=content(EXPORT, b"")),
}  # fmt: skip


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    return clinic_frame().iloc[:ROWS]


@pytest.fixture(scope="module")
def clinic(tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = copy_project(tmp_path_factory.mktemp("slips") / "project")
    for name, text in FINISHED.items():
        project.write(name, text)
    project.write("results/main/run.yaml", "configuration: [config/config.yaml]\n")
    return project


@pytest.mark.parametrize("name", SLIPS)
def test_slip_ends_in_its_message_and_leaves_finished_results(clinic: Project, frame: pd.DataFrame, name: str) -> None:
    slip = SLIPS[name]
    write_sav(frame, clinic.root / EXPORT)
    if slip.export is not None:
        slip.export(clinic, frame)
    clinic.write(OVERLAY, slip.overlay(overlay_text()))
    done = clinic.snakemake(TARGET, "--cores", "1", "--configfile", OVERLAY)
    said = done.stdout + done.stderr
    assert done.returncode == 1, said
    for part in slip.says:
        assert part in said, f"{part!r} is not said:\n{said[-3000:]}"
    assert "Traceback" not in said
    assert not (clinic.root / TARGET).exists()
    assert {path: (clinic.root / path).read_text(encoding="utf-8") for path in FINISHED} == FINISHED


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        (OVERLAY, "run: {name: clinic\npanel:\n", "line 2: this is not valid YAML"),
        ("config/local_klinik.yaml", None, "does not exist"),
    ],
    ids=["brace left open", "no such file"],
)
def test_configuration_that_cannot_be_read_is_named_by_make(
    clinic: Project, name: str, text: str | None, says: str
) -> None:
    if text is not None:
        clinic.write(name, text)
    # The words of `make run`; Snakemake by itself would name neither the file nor the line.
    done = subprocess.run(
        [sys.executable, "-m", "alliance.runs", "--check", name], cwd=clinic.root, capture_output=True, text=True, timeout=60,
        env={**clinic.environment(), "PYTHONPATH": "src"}, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.startswith("ConfigError: ") and name in done.stderr and says in done.stderr
    assert "Traceback" not in done.stderr
    assert '-m alliance.runs --check "$$CONFIG"' in (REPOSITORY / "Makefile").read_text(encoding="utf-8")


def test_corrected_export_is_read_after_a_refusal(clinic: Project, frame: pd.DataFrame) -> None:
    write_sav(frame, clinic.root / EXPORT)
    clinic.write(OVERLAY, overlay_text())
    done = clinic.snakemake(TARGET, "--cores", "1", "--configfile", OVERLAY)
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(pd.read_parquet(clinic.root / TARGET)) == ROWS
