"""The clinic of config/README.md: the overlay as it stands there, and an SPSS file as it describes."""

import re
from pathlib import Path

import pandas as pd
import pyreadstat

ROOT = Path(__file__).parents[2]
OVERLAY = "config/local_clinic.yaml"
EXPORT = "data/raw/clinic.sav"
PATIENTS, SESSIONS = 60, 10

FREQUENCY = {1.0: "selten", 2.0: "manchmal", 3.0: "oft", 4.0: "sehr oft", 5.0: "immer"}
DAYS = {
    0.0: "überhaupt nicht",
    1.0: "an einzelnen Tagen",
    2.0: "an mehr als der Hälfte der Tage",
    3.0: "beinahe jeden Tag",
}
WAI = [f"WAI{item}" for item in range(1, 13)]
PHQ = [f"PHQ{item}" for item in range(1, 10)]
LABELS = {**dict.fromkeys(WAI, FREQUENCY), **dict.fromkeys(PHQ, DAYS)}


def overlay_text() -> str:
    """Return the overlay of the walk-through."""
    blocks = re.findall(r"```yaml\n(.*?)```", (ROOT / "config/README.md").read_text(encoding="utf-8"), flags=re.DOTALL)
    assert len(blocks) == 1, "config/README.md must hold one overlay, and nothing else in a yaml block"
    return str(blocks[0])


def clinic_frame() -> pd.DataFrame:
    """Return patients of the example study as the clinic would hold them: its column names, ids with leading zeros."""
    raw = pd.read_csv(ROOT / "data/example/sessions.csv", dtype=str)
    raw["client_id"] = raw["client_id"].str.strip().str.upper()
    raw["session_no"] = pd.to_numeric(raw["session_no"], errors="coerce")
    raw = raw[raw["session_no"].between(1, SESSIONS)].drop_duplicates(["client_id", "session_no"])
    clients = list(raw["client_id"].unique()[:PATIENTS])
    raw = raw[raw["client_id"].isin(clients)]
    therapist = raw.groupby("client_id")["therapist_id"].agg(lambda ids: ids.mode()[0])
    letters = {name: chr(ord("A") + place % 12) for place, name in enumerate(sorted(therapist.unique()))}
    dates = pd.to_datetime(raw["session_date"].str.strip(), format="%d.%m.%Y")

    def numbers(column: str, low: int, high: int) -> pd.Series:
        values = pd.to_numeric(raw[column], errors="coerce")
        return values.where(values.between(low, high)).astype("float64")

    columns = {
        "KLIENT": raw["client_id"].map({name: f"{17 + 13 * place:04d}" for place, name in enumerate(clients)}),
        "THERA": raw["client_id"].map(therapist).map(letters),
        "SITZ": raw["session_no"].astype("float64"),
        "DATUM": dates.dt.date,
        **{name: numbers(f"wai_{item}", 1, 5) for item, name in enumerate(WAI, start=1)},
        **{name: numbers(f"phq_{item}", 0, 3) for item, name in enumerate(PHQ, start=1)},
        "TECH": numbers("tech_collaborative", 0, 6),
    }
    return pd.DataFrame(columns).reset_index(drop=True)


def write_sav(
    frame: pd.DataFrame,
    path: Path,
    missing: dict[str, list[float]] | None = None,
    labels: dict[str, dict[float, str]] | None = None,
) -> None:
    """Write a table as SPSS does, with value labels and, by column, the values declared as missing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pyreadstat.write_sav(
        frame, path, column_labels={"KLIENT": "Klientin oder Klient"}, variable_value_labels={**LABELS, **(labels or {})},
        missing_ranges=missing,
    )  # fmt: skip
