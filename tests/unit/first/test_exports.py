"""Exports as programs write them: the right columns are recognised, and the overlay checks clean."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from alliance.first.contact import new
from alliance.first.draft import Question
from tests.unit.first import exports


@dataclass(frozen=True)
class Expected:
    """What an overlay must say: keys, settings of the reader, and for each variable its columns or items."""

    file: str
    write: Callable[[Path], Path]
    keys: dict[str, str]
    variables: dict[str, Any]
    settings: dict[str, Any] = field(default_factory=dict)
    codes: list[Any] | None = None


SQUARE = {"alliance": ("wai_sr", "waisr[SQ{item:03d}]"), "symptoms": ("phq_9", "phq[SQ{item:03d}]")}
SPSS_KEYS = {"patient": "KLIENT", "session": "SITZ", "date": "DATUM", "therapist": "THERA"}
SPSS_VARIABLES = {"alliance": ("wai_sr", "WAI{item}"), "symptoms": ("phq_9", "PHQ{item}"), "arm": "GRUPPE"}
EXPORTS = {
    "REDCap raw": Expected(
        "redcap.csv", exports.redcap_raw,
        {"patient": "record_id", "session": "redcap_repeat_instance", "date": "visit_date", "therapist": "therapist"},
        {"alliance": ("wai_sr", "wai_sr_{item}"), "symptoms": ("phq_9", "phq9_{item}")},
    ),
    "REDCap labels": Expected(
        "labels.csv", exports.redcap_labels,
        {"patient": "Record ID", "session": "Event Name", "date": "Date of visit"},
        {"alliance": ("wai_sr", 12), "symptoms": ("phq_9", "PHQ-9 {item}. How often in two weeks")},
        {"session_names": "Session {session}"},
    ),
    "Qualtrics": Expected(
        "qualtrics.csv", exports.qualtrics,
        {"patient": "ExternalReference", "date": "RecordedDate"},
        {"alliance": ("wai_sr", "WAI_SR_{item}"), "symptoms": ("phq_9", "PHQ9_{item}")},
        {"number_sessions": "by_date"},
    ),
    "LimeSurvey": Expected(
        "lime.csv", exports.limesurvey, {"patient": "token", "session": "sitzung", "date": "submitdate"}, SQUARE
    ),
    "SPSS": Expected("export.sav", exports.spss, SPSS_KEYS, SPSS_VARIABLES),
    "Stata": Expected("export.dta", exports.stata, SPSS_KEYS, SPSS_VARIABLES, codes=[-9]),
    "semicolons": Expected(
        "deutsch.csv", exports.semicolons,
        {"patient": "Pat-Nr", "session": "Sitzung", "date": "Datum"},
        {"alliance": "Allianz", "symptoms": "Depressivität (PHQ)"},
        {"decimal": ",", "date_format": "%d.%m.%Y", "header_row": 2},
    ),
    "wide Excel": Expected(
        "wide.xlsx", exports.wide_excel,
        {"patient": "Client ID"},
        {"alliance": "SRS", "symptoms": ("phq_9", "phq{item}"), "arm": "group"},
        {"wide": {"columns": {"phq{item}": "phq{item}_t{session}", "SRS": "SRS_t{session}"}, "sessions": list(range(1, 10))}},
    ),
    "FHIR": Expected(
        "bundle.json", exports.fhir,
        {"patient": "patient", "date": "date"},
        {"alliance": ("wai_sr", "wai-sr_{item}"), "symptoms": ("phq_9", "phq-9_{item}")},
        {"number_sessions": "by_date"},
    ),
    "untidy": Expected(
        "untidy.csv", exports.untidy,
        {"patient": "patient", "session": "session"}, {"alliance": "alliance", "symptoms": "symptoms"}, codes=["#NULL!"],
    ),
}  # fmt: skip


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = exports.project(tmp_path / "project")
    monkeypatch.chdir(folder)
    return folder


@pytest.mark.parametrize("name", EXPORTS)
def test_export_is_understood_in_thirty_lines_and_five_questions(name: str, root: Path) -> None:
    expected = EXPORTS[name]
    asked: list[Question] = []

    def nobody(question: Question) -> None:
        asked.append(question)

    said = new([expected.write(root / "data/raw" / expected.file)], "mine", nobody)
    text = (root / "config/local_mine.yaml").read_text(encoding="utf-8")
    overlay = yaml.safe_load(text)
    sessions = overlay["data"]["sessions"]
    assert sessions["keys"] == expected.keys
    assert {key: value for key, value in sessions.items() if key not in ("path", "keys")} == expected.settings
    assert {variable: _columns(one) for variable, one in overlay["variables"].items()} == expected.variables
    assert overlay.get("cleaning", {}).get("missing_codes") == expected.codes
    assert text.count("\n") <= 30
    assert len(asked) <= 5
    assert "Checked: no errors" in said, said


ROOT = Path(__file__).parents[3]
SHARED = ROOT.parent / "shared/data"
FILES = {
    "example": (
        [ROOT / "data/example" / f"{table}.csv" for table in ("therapists", "patients", "sessions")],
        {"patient": "client_id", "session": "session_no", "date": "session_date", "therapist": "therapist_id"},
        {
            "alliance": ("wai_sr", "wai_{item}"), "symptoms": ("phq_9", "phq_{item}"),
            "alliance_therapist": "wai_therapist_total", "arm": "arm",
        },
    ),
    "long file of the suddengains package": (
        [SHARED / "suddengains_bdi_rq/data.csv"], {"patient": "id", "session": "session"}, {"symptoms": "bdi", "rq": "rq"},
    ),
    "wide file of the suddengains package": (
        [SHARED / "suddengains_bdi_rq/data_wide.csv"], {"patient": "id"}, {"symptoms": "bdi", "rq": "rq"}
    ),
    "Beat the Blues": (
        [SHARED / "btheb_rct/data.csv"], {"patient": "subject", "session": "month"}, {"symptoms": "bdi", "arm": "treatment"}
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_file_of_others_is_understood(name: str, root: Path) -> None:
    files, keys, variables = FILES[name]
    if not files[0].is_file():
        pytest.skip(f"{files[0].parent} is not there: these data lie beside the project")
    said = new(files, "mine")
    text = (root / "config/local_mine.yaml").read_text(encoding="utf-8")
    overlay = yaml.safe_load(text)
    assert overlay["data"]["sessions"]["keys"] == keys
    assert {variable: _columns(one) for variable, one in overlay["variables"].items()} == variables
    assert text.count("\n") <= 30
    assert "Checked: no errors" in said, said


def _columns(variable: dict[str, Any]) -> Any:
    """Return a column, or instrument and items (a list of columns counts)."""
    if "items" not in variable:
        return variable["column"]
    items = variable["items"]
    return variable["instrument"], len(items) if isinstance(items, list) else items
