"""Whose models a figure shows: those of the question in whose section it stands, else those of the whole run."""

from collections.abc import Mapping

import pandas as pd

from alliance.config import Config
from alliance.config.posing import models_of, named_in
from alliance.questions import QUESTIONS


def question_of(figure: str, config: Config) -> str | None:
    """Name the question in whose section a figure stands: the first that names it among those that are answered; None without one."""
    asked = (name for name in named_in(config) if name in QUESTIONS)
    return next((name for name in asked if figure in QUESTIONS[name].figures), None)


def restrict_to_question(figure: str, inputs: Mapping[str, pd.DataFrame], config: Config) -> dict[str, pd.DataFrame]:
    """Return what a figure is drawn from without the models of other questions."""
    question = question_of(figure, config)
    if question is None:
        return dict(inputs)
    models = models_of(question, config)
    return {
        name: table[table["model"].isin(models)].reset_index(drop=True) if "model" in table else table
        for name, table in inputs.items()
    }
