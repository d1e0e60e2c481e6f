"""Checks of groups that the labels of a category tell apart: enough people to be compared, and nobody told by an estimate."""

from collections.abc import Mapping

from alliance.config.groups import groups_of
from alliance.data.checks.finding import Finding
from alliance.data.checks.place import about_table
from alliance.data.export.mapping import Measure, Typed
from alliance.data.export.tables import Export
from alliance.facts.columns import PATIENT, THERAPIST

_FEWEST_THERAPISTS = 2  # a group of one would be that therapist
_JOINED = "other"


def check_group_small(export: Export) -> list[Finding]:
    """Find groups that models compare and that are too small: fewer patients than `privacy.minimum_cell`, a single therapist, nobody."""
    findings = []
    for name, table in export.tables.items():
        key = THERAPIST if name == "therapists" else PATIENT
        for measure in table.measures if key in table.keys else ():
            labels = export.variables[measure.variable].labels
            if labels is not None and measure.variable in export.smallest_groups:
                least = _FEWEST_THERAPISTS if name == "therapists" else export.smallest_groups[measure.variable]
                held = table.values[measure.name].map(labels)[export.stays(name)]
                people = table.keys[key][held.index].groupby(held).nunique()
                counts = {group: int(people.get(group, 0)) for group in groups_of(labels)}
                small = [group for group, count in counts.items() if count < max(least, 1)]
                findings += [_small(export, table, measure, group, counts, least) for group in small]
    return findings


def _small(
    export: Export, table: Typed, measure: Measure, group: str, counts: Mapping[str, int], least: int
) -> Finding:
    place, labels = f"variables.{measure.variable}", export.variables[measure.variable].labels or {}
    who = "therapists" if table.name == "therapists" else "patients"
    few = f"fewer than {least} {who} have" if counts[group] else f"none of the {who} has"
    why = " (privacy.minimum_cell)" if who == "patients" and counts[group] else ""
    ways = [] if counts[group] else [f"take it out of {place}.labels until somebody has it"]
    if len(counts) > 2:
        reference = export.variables[measure.variable].reference
        # The reference stays what it is where there is a choice.
        near = min((one for one in counts if one != group), key=lambda one: (one == reference, counts[one]))
        joined = {label: _JOINED if to in (group, near) else to for label, to in labels.items()}
        ways.append(f"join it with another group, as in {place}.labels: {_written(joined)}")
    ways.append(
        f"take 'labels' and 'role' from {place}, and write 'reference', so that no question compares its groups"
    )
    remedy = "; or ".join(ways)
    return about_table(
        table, "group_small",
        f"{export.file(table.name)}, column {measure.column}: {few} '{group}', a group that {place}.labels declares{why}.",
        f"{remedy[0].upper()}{remedy[1:]}.", column=measure.column,
    )  # fmt: skip


def _written(labels: Mapping[str, str]) -> str:
    return "{" + ", ".join(f"{label}: {group}" for label, group in labels.items()) + "}"


def declared_at(export: Export, measure: Measure) -> str:
    """Return the setting that lists the labels of a category."""
    return f"variables.{measure.variable}.{'labels' if export.variables[measure.variable].labels else 'levels'}"
