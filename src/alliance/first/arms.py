"""Which column says in which group a patient is."""

from typing import Any

from alliance.first.draft import Draft, Question, plural
from alliance.first.table import Column, Table
from alliance.first.words import ARM, CONTROL, has_word, tokens

_NAME = "arm"
_MOST_GROUPS = 4
_FEWEST_PATIENTS = 5  # of a group: fewer, and its label could be somebody's name or a note
_OF_THE_READER = ("header_row", "data_row", "sheet", "delimiter", "encoding", "decimal", "thousands", "fill_down")


def find_arm(draft: Draft) -> None:
    """Recognise the treatment arm: a column named so with a few labels, which stay the same within a patient."""
    own = draft.tables.get("patients")
    key = draft.keys["patients"]["patient"] if own is not None else draft.patient.name
    table = own if own is not None else draft.sessions
    free = [column for column in table if column.kind != "blank" and column.name != key]
    for column in free if own is not None else draft.free:
        if not has_word(column.name, ARM) or not 2 <= column.distinct <= _MOST_GROUPS:
            continue
        patients = table.columns[key].ids
        if column.filled < len(patients):
            draft.left_out.append(
                f"`{column.name}`: named like a treatment arm, but blank in {plural(len(patients) - column.filled, 'row')}"
            )
            continue
        per_patient = column.text.groupby(patients)
        sizes = per_patient.first().value_counts()
        if int(per_patient.nunique().max()) > 1 or int(sizes.min()) < _FEWEST_PATIENTS:
            continue
        _take(draft, table, column, key, own is None)
        return


def _take(draft: Draft, table: Table, column: Column, key: str, same_file: bool) -> None:
    levels = _levels(column)
    if same_file:
        draft.keys["patients"] = {"patient": key}
        settings = {name: table.settings[name] for name in _OF_THE_READER if name in table.settings}
        draft.settings["patients"] = settings
        draft.why["patients.path"] = "the same file: one row per patient is taken from it"
        draft.claimed.add(column.name)
    draft.variables[_NAME] = {
        "label": "treatment arm",
        "table": "patients",
        "kind": "category",
        "column": column.name,
        "levels": levels,
    }
    answer, sureness = draft.question(
        Question(
            f"Were patients assigned to the groups in column {column.name} at random?",
            {"yes": "yes, at random", "no": "no"},
            "no",
        )
    )
    random = answer == "yes"
    draft.study = {"design": "randomised_arms", "randomised": [_NAME]} if random else {"design": "observational_groups"}
    draft.why["study"] = (
        "as answered"
        if sureness == "sure"
        else "assumed: not said to be random; otherwise {design: randomised_arms, randomised: [arm]}"
    )
    control = (
        "0 is the control group by its name"
        if set(tokens(next(iter(levels)))) & CONTROL
        else "which of them is 0 is arbitrary"
    )
    draft.say(
        f"variables.{_NAME}",
        f"{_NAME}: column `{column.name}`",
        "sure",
        f"{plural(len(levels), 'group')}, the same at all sessions of a patient; {control}",
    )


def _levels(column: Column) -> dict[str, Any]:
    labels = {
        str(int(code) if isinstance(code, float) and code.is_integer() else code): label
        for code, label in column.labels.items()
    }
    found = sorted({labels.get(value, value).strip() for value in column.text.dropna().unique()})
    found.sort(key=lambda label: not set(tokens(label)) & CONTROL)
    return {label: place for place, label in enumerate(found)}
