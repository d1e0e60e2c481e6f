"""Who recognises what, in which order: each sees only the columns that nobody before claimed."""

from collections.abc import Callable

from alliance.first.arms import find_arm
from alliance.first.draft import Draft
from alliance.first.files import find_patients_table, find_therapists_table
from alliance.first.missing import find_missing
from alliance.first.models import find_models
from alliance.first.patients import find_patient
from alliance.first.questionnaires import find_questionnaires
from alliance.first.sessions import find_date, find_session
from alliance.first.therapists import find_therapist
from alliance.first.timing import find_timing
from alliance.first.totals import find_totals
from alliance.first.wide import find_wide, prune_wide

RECOGNISERS: dict[str, Callable[[Draft], None]] = {
    "patient": find_patient,
    "patients": find_patients_table,
    "wide": find_wide,
    "date": find_date,
    "session": find_session,
    "therapist": find_therapist,
    "therapists": find_therapists_table,
    "questionnaires": find_questionnaires,
    "totals": find_totals,
    "arm": find_arm,
    "missing": find_missing,
    "timing": find_timing,
    "models": find_models,
    "unused columns": prune_wide,
}


def recognise(draft: Draft) -> Draft:
    """Let every recogniser add what it knows."""
    for find in RECOGNISERS.values():
        find(draft)
    return draft
