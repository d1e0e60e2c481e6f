"""What answers of yes and no, or in order, can tell of the propensity behind them."""

from typing import Final

from alliance.facts.cautions.declared import EQUATION, Caution

OF_ANSWERS: Final = (
    Caution(
        "rare_answer",
        "rare answer",
        "Number of the rarest answers of an outcome that is declared yes/no or ordered. The propensity behind the answers is an unknown of "
        "the model: it lies above zero where the answer is yes, or between the thresholds of an ordered answer, and what the equation "
        "leaves of it between sessions is normal with a standard deviation of one, its unit, which no data can show. Few answers of one "
        "kind say little, and normal intervals are too narrow.",
        EQUATION,
        "at least",
        30,
        "answers",
        source="Albert and Chib 1993, doi 10.1080/01621459.1993.10476321",
        plain="one of the answers is rare",
    ),
    Caution(
        "answers_per_patient",
        "few answers per patient",
        "Number of the rarer answers, yes or no, per patient; of ordered answers those on the smaller side of the threshold that splits "
        "them most evenly. Where there are fewer than one, most patients gave the same answer at every session, which says which end of "
        "the propensity they are at and not how far out. How much patients differ then rests on few of them, and maximum likelihood makes "
        "it too small: by 7% where a tenth of eight answers is yes, with an integrated likelihood (lme4) as with this one.",
        EQUATION,
        "at least",
        1.0,
        "answers per patient",
        plain="most patients gave the same answer at all sessions",
    ),
    Caution(
        "told_answers",
        "answers nearly determined",
        "Standard deviation, over sessions, of what an equation and its patients tell of the propensity behind answers of yes and no, or "
        "in order, in that of what they do not tell. Where it is large a predictor or the patient says nearly each answer. Answers that "
        "are told without error have no finite estimate: the one that is given says only where the search had got to, and its interval "
        "is far too narrow.",
        EQUATION,
        "at most",
        3.0,
        "standard deviations",
        source="Albert and Anderson 1984, doi 10.1093/biomet/71.1.1",
        plain="answers are told nearly without error, so the number is hardly known",
    ),
)
