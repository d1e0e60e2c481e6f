"""Which column says who treated the patient."""

from alliance.first.draft import Draft, plural
from alliance.first.words import THERAPIST, TOTAL, has_word

_MOSTLY = 0.8  # patients who have one therapist; the rule `cleaning.therapist_change` is for the others


def find_therapist(draft: Draft) -> None:
    """Recognise therapists by name, and by patients who stay with one of them."""
    for column in draft.free:
        if not has_word(column.name, THERAPIST) or column.kind not in ("whole", "text") or has_word(column.name, TOTAL):
            continue
        per_patient = column.ids.groupby(draft.patient.ids).nunique()
        one = float((per_patient <= 1).mean())
        if column.distinct < 2 or column.ids.nunique() >= draft.patient.ids.nunique() or one < _MOSTLY:
            continue
        draft.keys["sessions"]["therapist"] = column.name
        draft.claimed.add(column.name)
        evidence = f"{plural(column.ids.nunique(), 'different value')}, one for {'each' if one == 1 else 'nearly every'} patient"
        draft.say("keys.therapist", f"therapist: column `{column.name}`", "sure", evidence)
        return
