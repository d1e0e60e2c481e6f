"""Small exports as programs write them, simulated here: alliance and symptoms of some patients, each at some sessions."""

import json
from pathlib import Path

import numpy as np
import pandas as pd

PATIENTS = 26
LONGEST = 9


def sessions(patients: int = PATIENTS, seed: int = 1) -> pd.DataFrame:
    """Simulate sessions: patient and session from 1, date, the two scores on their latent scales, therapist and arm."""
    random = np.random.default_rng(seed)
    rows = []
    for patient in range(1, patients + 1):
        alliance, level = random.normal(0, 0.6), random.normal(0, 0.8)
        symptoms = level
        start = pd.Timestamp("2023-01-09") + pd.Timedelta(days=int(random.integers(0, 300)))
        for session in range(1, int(random.integers(5, LONGEST + 1)) + 1):
            symptoms = level + 0.4 * (symptoms - level) - 0.1 * alliance + random.normal(0, 0.4)
            rows.append(
                {
                    "patient": patient, "session": session, "date": start + pd.Timedelta(days=7 * (session - 1)),
                    "alliance": alliance + random.normal(0, 0.4), "symptoms": symptoms,
                    "therapist": patient % 8 + 1, "arm": "active" if patient % 2 else "control",
                }
            )  # fmt: skip
    return pd.DataFrame(rows)


def items(latent: pd.Series, count: int, low: int, high: int, seed: int = 2) -> np.ndarray:
    """Turn a latent score into answers to so many items, shape (n_rows, count); each end of the range occurs."""
    random = np.random.default_rng(seed)
    middle, width = (low + high) / 2, (high - low) / 4
    raw = middle + width * latent.to_numpy()[:, None] + random.normal(0, width, (len(latent), count))
    return np.clip(np.rint(raw), low, high).astype(int)


def project(folder: Path) -> Path:
    """Make a folder that counts as a project: settings and instruments of this one."""
    root = Path(__file__).parents[3]
    (folder / "config").mkdir(parents=True)
    (folder / "data/raw").mkdir(parents=True)
    (folder / "config/config.yaml").write_text(
        (root / "config/config.yaml").read_text(encoding="utf-8"), encoding="utf-8"
    )
    (folder / "config/instruments").symlink_to(root / "config/instruments")
    return folder


def long(frame: pd.DataFrame | None = None, wai: str = "wai_{}", phq: str = "phq_{}", high: int = 5) -> pd.DataFrame:
    """Return sessions with items of WAI-SR (or WAI-S, with a highest answer of 7) and PHQ-9 instead of the scores."""
    rows = sessions() if frame is None else frame
    alliance, symptoms = items(rows["alliance"], 12, 1, high), items(rows["symptoms"], 9, 0, 3, seed=3)
    return pd.concat(
        [
            rows.drop(columns=["alliance", "symptoms"]),
            pd.DataFrame({wai.format(item + 1): alliance[:, item] for item in range(12)}, index=rows.index),
            pd.DataFrame({phq.format(item + 1): symptoms[:, item] for item in range(9)}, index=rows.index),
        ],
        axis="columns",
    )


def ids(patients: pd.Series, before: str = "K-") -> pd.Series:
    """Return ids as a clinic gives them."""
    return before + (1000 + 37 * patients).astype(str)


def redcap_raw(path: Path) -> Path:
    """REDCap, raw data of a repeating instrument."""
    rows = long(wai="wai_sr_{}", phq="phq9_{}")
    table = pd.DataFrame(
        {"record_id": rows["patient"], "redcap_event_name": "treatment_arm_1", "redcap_repeat_instrument": "session"}
    )
    table["redcap_repeat_instance"] = rows["session"]
    table["visit_date"] = rows["date"].dt.strftime("%Y-%m-%d")
    table["therapist"] = rows["therapist"]
    table = pd.concat([table, rows.filter(regex="^(wai|phq)")], axis="columns").assign(session_complete=2)
    table.to_csv(path, index=False)
    return path


SELDOM = ["Seldom", "Sometimes", "Fairly often", "Very often", "Always"]
DAYS = ["Not at all", "Several days", "More than half the days", "Nearly every day"]


def redcap_labels(path: Path) -> Path:
    """REDCap, labels in place of names and answers, one event for each session."""
    rows = long()
    table = pd.DataFrame(
        {
            "Record ID": rows["patient"],
            "Event Name": "Session " + rows["session"].astype(str),
            "Date of visit": rows["date"].dt.date,
        }
    )
    for item in range(1, 13):
        table[f"WAI-SR {item}. How it is with the therapist, part {item % 4}"] = [
            SELDOM[answer - 1] for answer in rows[f"wai_{item}"]
        ]
    for item in range(1, 10):
        table[f"PHQ-9 {item}. How often in two weeks"] = [DAYS[answer] for answer in rows[f"phq_{item}"]]
    table["Complete?"] = "Complete"
    table.to_csv(path, index=False)
    return path


def qualtrics(path: Path) -> Path:
    """Qualtrics: three header rows, what the program notes by itself, dates that number the sessions."""
    rows = long(wai="WAI_SR_{}", phq="PHQ9_{}")
    day = rows["date"].dt.strftime("%Y-%m-%d")
    table = pd.DataFrame(
        {"StartDate": day + " 10:02:11", "EndDate": day + " 10:09:40", "Status": "IP Address", "IPAddress": "0.0.0.0"}
    )
    table = table.assign(
        Progress=100,
        Finished=1,
        RecordedDate=day + " 10:09:41",
        ResponseId=[f"R_{1000 + row}" for row in range(len(rows))],
    )
    table = pd.concat(
        [table, ids(rows["patient"]).rename("ExternalReference"), rows.filter(regex="^(WAI|PHQ)")], axis="columns"
    )
    texts = [f"Question about {name}" for name in table]
    imports = [f'{{"ImportId":"{name}"}}' for name in table]
    pd.concat([pd.DataFrame([texts, imports], columns=table.columns), table.astype(str)]).to_csv(path, index=False)
    return path


def limesurvey(path: Path) -> Path:
    """LimeSurvey: subquestions in brackets, answer codes, the token for the patient."""
    rows = long()
    table = pd.DataFrame(
        {"id": range(1, len(rows) + 1), "submitdate": rows["date"].dt.strftime("%Y-%m-%d 12:30:00"), "lastpage": 3}
    )
    table = table.assign(
        startlanguage="de",
        seed=[711 * (row + 3) for row in range(len(rows))],
        token=ids(rows["patient"], "t"),
        sitzung=rows["session"],
    )
    for item in range(1, 13):
        table[f"waisr[SQ{item:03d}]"] = "A" + rows[f"wai_{item}"].astype(str)
    for item in range(1, 10):
        table[f"phq[SQ{item:03d}]"] = "A" + (rows[f"phq_{item}"] + 1).astype(str)
    table.to_csv(path, index=False)
    return path


def _statistics(missing: int) -> pd.DataFrame:
    rows = long(wai="WAI{}", phq="PHQ{}")
    table = rows.rename(
        columns={"patient": "KLIENT", "therapist": "THERA", "session": "SITZ", "date": "DATUM", "arm": "GRUPPE"}
    )
    table["GRUPPE"] = (table["GRUPPE"] == "active").astype(int)
    table["WAI3"] = table["WAI3"].where(table.index % 23 != 5, missing)
    return table.assign(ALTER=30 + table["KLIENT"] % 31)


def spss(path: Path) -> Path:
    """SPSS, with labels and a code for missing that SPSS declares."""
    import pyreadstat

    table = _statistics(99)
    titles = {name: f"WAI-SR item {name[3:]}" if name.startswith("WAI") else name.lower() for name in table}
    pyreadstat.write_sav(
        table, path, column_labels=titles, variable_value_labels={"GRUPPE": {0: "Kontrollgruppe", 1: "Therapie"}},
        missing_ranges={"WAI3": [99]},
    )  # fmt: skip
    return path


def stata(path: Path) -> Path:
    """Stata, with a code for missing that nobody declares."""
    import pyreadstat

    pyreadstat.write_dta(_statistics(-9), path, variable_value_labels={"GRUPPE": {0: "Kontrollgruppe", 1: "Therapie"}})
    return path


def semicolons(path: Path) -> Path:
    """A German spreadsheet: semicolons, decimal commas, days first, a title above the names."""
    rows = sessions()
    table = pd.DataFrame(
        {"Pat-Nr": ids(rows["patient"], ""), "Sitzung": rows["session"], "Datum": rows["date"].dt.strftime("%d.%m.%Y")}
    )
    table["Allianz"] = (4 + rows["alliance"]).clip(1, 7).map("{:.2f}".format).str.replace(".", ",")
    table["Depressivität (PHQ)"] = (1.4 + 0.5 * rows["symptoms"]).clip(0, 3).map("{:.1f}".format).str.replace(".", ",")
    body = table.to_csv(index=False, sep=";").rstrip("\n")
    path.write_text(f"Auszug aus der Datenbank\n{body}\n", encoding="cp1252")
    return path


def wide_excel(path: Path) -> Path:
    """Excel, one row per patient: items of PHQ-9, a total of SRS, both at each session."""
    rows = long(wai="wai_{}", phq="phq_{}")
    rows["srs"] = (28 + 5 * sessions()["alliance"]).clip(0, 40).round(1)
    table = pd.DataFrame(index=pd.Index(sorted(rows["patient"].unique()), name="Client ID"))
    for session, part in rows.groupby("session"):
        part = part.set_index("patient")
        scores = part.filter(regex="^phq")
        table = table.join(scores.set_axis([f"{name.replace('_', '')}_t{session}" for name in scores], axis="columns"))
        table = table.join(part[["srs"]].rename(columns={"srs": f"SRS_t{session}"}))
    table = table.join(rows.groupby("patient")["arm"].first().rename("group"))
    table.reset_index().to_excel(path, index=False)
    return path


def fhir(path: Path) -> Path:
    """A FHIR bundle: one response to each questionnaire at each encounter, patients beside them."""
    rows = long()
    entries: list[dict[str, object]] = []
    for row in rows.to_dict("records"):
        for name, count, low in (("wai-sr", 12, 1), ("phq-9", 9, 0)):
            column = "wai_{}" if low else "phq_{}"
            entries.append(
                {
                    "resourceType": "QuestionnaireResponse", "status": "completed",
                    "questionnaire": f"http://example.org/fhir/Questionnaire/{name}|1.0",
                    "subject": {"reference": f"Patient/k{row['patient'] + 400}"},
                    "authored": f"{row['date']:%Y-%m-%d}T10:00:00+01:00",
                    "item": [
                        {"linkId": "group", "item": [
                            {"linkId": str(item), "answer": [{"valueInteger": int(row[column.format(item)])}]}
                            for item in range(1, count + 1)
                        ]}
                    ],
                }
            )  # fmt: skip
    entries.append({"resourceType": "Patient", "id": "k401", "name": [{"family": "Mustermann"}]})
    path.write_text(
        json.dumps({"resourceType": "Bundle", "entry": [{"resource": one} for one in entries]}), encoding="utf-8"
    )
    return path


def untidy(path: Path) -> Path:
    """Hundreds of blank rows, '#NULL!' in empty cells, and a column nobody uses whose name stands there twice."""
    rows = sessions()[["patient", "session", "alliance", "symptoms"]].round(2)
    table = rows.astype(object).assign(note="", other="x")
    table.loc[table.index % 17 == 3, "alliance"] = "#NULL!"
    table.loc[table.index % 19 == 4, "symptoms"] = "#NULL!"
    header = ",".join(["patient", "session", "alliance", "symptoms", "note", "note"])
    body = table.to_csv(index=False, header=False).rstrip("\n").split("\n")
    blank = [",,,,,"] * 400
    path.write_text("\n".join([header, *body[:50], *blank[:100], *body[50:], *blank]) + "\n", encoding="utf-8")
    return path
