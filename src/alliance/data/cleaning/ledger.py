"""What the cleaning rules did: a row per rule for the report, a row per stage for the patient flow."""

from dataclasses import dataclass, field

import pandas as pd

from alliance.facts.artefacts import ARTEFACTS


@dataclass(frozen=True)
class Counts:
    """How many patients, sessions and therapists are in the data at one moment."""

    patients: int
    sessions: int
    therapists: int


@dataclass(frozen=True)
class Touched:
    """How much of a table, or of one of its columns, a rule touched; `rule` is its name under `cleaning.largest_share`.

    Values out of range are not among them: their check tells codes for "missing" from a range that is wrong.
    """

    rule: str
    table: str
    count: int
    of: int
    unit: str
    column: str | None = None


@dataclass
class Ledger:
    """Collects what each rule touched and what remained after it."""

    rules: list[dict[str, object]] = field(default_factory=list)
    touched: list[Touched] = field(default_factory=list)
    stages: list[dict[str, object]] = field(default_factory=list)
    longest: int = 0  # sessions of the longest course, before patients with too few are left out

    def note(self, rule: str, table: str, setting: object, meaning: str, *, rows: int = 0, cells: int = 0) -> None:
        """Record that a rule touched rows or cells of a table (also when it touched none)."""
        self.rules.append(
            {"rule": rule, "table": table, "setting": str(setting), "rows": rows, "cells": cells, "meaning": meaning}
        )

    def touch(self, rule: str, table: str, count: int, of: int, unit: str, column: str | None = None) -> None:
        """Record how large a share a rule touched: `count` of `of` `unit`s of a table, or of one of its columns."""
        self.touched.append(Touched(rule, table, count, of, unit, column))

    def stage(self, stage: str, reason: str, counts: Counts) -> None:
        """Record what is left after a stage; what was removed is the difference to the stage before."""
        before = self.stages[-1] if self.stages else None
        self.stages.append(
            {
                "order": len(self.stages),
                "stage": stage,
                "model": "",
                "outcome": "",
                "reason": reason,
                "n_patients": counts.patients,
                "n_sessions": counts.sessions,
                "n_therapists": counts.therapists,
                "removed_patients": int(str(before["n_patients"])) - counts.patients if before else 0,
                "removed_sessions": int(str(before["n_sessions"])) - counts.sessions if before else 0,
            }
        )

    def report(self) -> pd.DataFrame:
        """Return one row per rule and table, the artefact `cleaning`."""
        return pd.DataFrame(self.rules, columns=ARTEFACTS["cleaning"].header)

    def flow(self) -> pd.DataFrame:
        """Return one row per stage, as in the artefact `flow`."""
        return pd.DataFrame(self.stages, columns=ARTEFACTS["flow"].header)
