"""Which models the recognised measures allow: the one that is ready made for two, or a variance decomposition of one."""

from alliance.errors import DataError
from alliance.first.draft import Draft
from alliance.first.measures import ALLIANCE_NAME, OUTCOME_NAME


def find_models(draft: Draft) -> None:
    """Leave the models to the ready-made one where two measures of sessions are there; of more without the two names, keep two.

    Raises
    ------
    DataError
        No measure was recognised, so there is nothing to analyse.
    """
    measures = [name for name, variable in draft.variables.items() if variable.get("table", "sessions") == "sessions"]
    if not measures:
        raise DataError(
            f"No measure was recognised in {draft.sessions.path}: no column is named like a questionnaire that is built in "
            f"({', '.join(one.name for one in draft.instruments.values())}) or like what it measures (alliance, symptoms, depression). "
            "Write the overlay by hand, as in config/README.md: it needs one line for each measure."
        )
    if len(measures) == 1:
        spec = {"label": "Variance decomposition", "family": "textbook", "analysis": "variance", "variables": measures}
        draft.models = {"fit": ["variance"], "specs": {"variance": spec}}
        draft.say(
            "models",
            "model",
            "sure",
            "one measure only, so its variance is decomposed; add a second measure for effects",
        )
        return
    if not {ALLIANCE_NAME, OUTCOME_NAME} <= set(measures):
        for name in measures[2:]:
            shown = draft.variables.pop(name).get("column", name)
            draft.left_out.append(f"`{shown}`: the ready-made model is for two measures")
        measures = measures[:2]
    else:
        measures = [ALLIANCE_NAME, OUTCOME_NAME]
    draft.say(
        "models",
        "model",
        "sure",
        f"ready made: {measures[0]} and {measures[1]} predict each other, beside their own past",
    )
