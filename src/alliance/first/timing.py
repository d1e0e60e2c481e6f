"""When measures were taken: the order within a session decides which may predict which."""

from alliance.first.draft import Draft, Question
from alliance.first.measures import ALLIANCE_NAME, OUTCOME_NAME

_MOMENTS = {
    "usual": ("after", "before"),
    "before": ("before", "before"),
    "after": ("after", "after"),
    "reverse": ("before", "after"),
}


def find_timing(draft: Draft) -> None:
    """Ask when the alliance and symptoms are filled in; the usual order is assumed where nobody says, and that is told."""
    if not {ALLIANCE_NAME, OUTCOME_NAME} <= set(draft.variables):
        return
    answer, sureness = draft.question(
        Question(
            "When are the two measures filled in?",
            {
                "usual": "symptoms before the session, the alliance after it",
                "before": "both before the session",
                "after": "both after the session",
                "reverse": "the alliance before the session, symptoms after it",
            },
            "usual",
        )
    )
    moments = dict(zip((ALLIANCE_NAME, OUTCOME_NAME), _MOMENTS[answer or "usual"], strict=True))
    for name, moment in moments.items():
        draft.variables[name]["measured"] = moment
    if sureness == "assumed":
        for name in moments:
            draft.why[f"variables.{name}"] += "; when it was measured is assumed"
    told = f"{ALLIANCE_NAME} {moments[ALLIANCE_NAME]} the session, {OUTCOME_NAME} {moments[OUTCOME_NAME]} it"
    draft.say("measured", "measured", sureness, told)
