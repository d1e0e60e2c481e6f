"""What the rows of a model can tell, and how many units they come from."""

from typing import Final

from alliance.facts.cautions.declared import COMPONENTS, EQUATION, INFORMATION, MODEL, Caution

OF_ROWS: Final = (
    # How many units there are.
    Caution(
        "filled_cells",
        "mostly filled in",
        "Share of the outcome's values that were not observed, because a session was skipped or the answer left blank. They are "
        "unknowns of the model, estimated along with it, so that no later value loses its past; they are taken as missing "
        "at random given what was observed. Above one half the equation rests on the model more than on data.",
        EQUATION,
        "at most",
        0.5,
        "share of the values",
        plain="more than half of the values were not observed and were filled in by the model",
    ),
    Caution(
        "censored_cells",
        "mostly censored",
        "Share of the outcome's scores at an end of its scale, where the measure is declared censored: values at that end or "
        "beyond, unknowns of the model, drawn along with it. The outcome and its own past are then in points of a scale continued "
        "beyond its ends, and normal beyond them as between them, which no data can show. Above one half the equation rests on "
        "that more than on data.",
        EQUATION,
        "at most",
        0.5,
        "share of the values",
        source="Tobin 1958, doi 10.2307/1907382",
        plain="more than half of the scores lie at an end of the scale",
    ),
    Caution(
        "few_patients",
        "few patients",
        "Number of patients of the equation. With few of them, variances between patients are poorly known and normal intervals are too "
        "narrow.",
        EQUATION,
        "at least",
        30,  # patients can be had in larger numbers than therapists, so more of them are asked for
        "patients",
        source="McNeish and Stapleton 2016, doi 10.1007/s10648-014-9287-x",
        plain="there are few patients, so intervals may be too narrow",
    ),
    Caution(
        "few_therapists",
        "few therapists",
        "Number of therapists of the equation. With few of them, variances between therapists are poorly known and normal intervals are "
        "too narrow.",
        EQUATION,
        "at least",
        10,
        "therapists",
        source="McNeish and Stapleton 2016, doi 10.1007/s10648-014-9287-x",
        plain="there are few therapists, so how they differ is poorly known and intervals may be too narrow",
    ),
    # Simulated studies with 5 therapists are kept in validation/few_therapists.
    Caution(
        "very_few_therapists",
        "few therapists",
        "Number of therapists of the equation. Intervals of joint models allow for how few there are, which was tried with 5 and more; "
        "with fewer, standard deviations between therapists can be nearly anything.",
        EQUATION,
        "at least",
        5,
        "therapists",
        source="McNeish 2017, doi 10.1080/00273171.2017.1344538",
        plain="there are few therapists, so how they differ is poorly known and intervals may be too narrow",
    ),
    Caution(
        "few_clusters",
        "few clusters",
        "Number of units that intervals are computed from. With few of them robust standard errors and bootstrap intervals are too narrow.",
        MODEL,
        "at least",
        40,
        "units",
        source="Cameron and Miller 2015, doi 10.3368/jhr.50.2.317",
        plain="there are few units, so intervals may be too narrow",
    ),
    Caution(
        "unknown_therapists",
        "unknown therapists",
        "Number of patients without a known therapist; each counts as the only patient of a therapist of their own.",
        INFORMATION,
        "always",
        unit="patients",
    ),
    # What the rows can tell.
    Caution(
        "single_sessions",
        "single sessions",
        "Share of patients with one session in the equation. They do not tell differences between patients from change within them; "
        "where they are the rule, the rest must tell for all.",
        EQUATION,
        "at most",
        0.5,
        "share of patients",
        plain="most patients have one session only, which cannot show change",
    ),
    Caution(
        "restarted_series",
        "restarted series",
        "Share of rows that follow a session of which the equation has no row, where the outcome predicts itself and patients differ in "
        "their levels. There a series starts again from a value of which the model knows no more than of any other, and what lasts in a "
        "patient passes for the influence of the past, whose slope comes out too large. Rows are left out with `missing: drop`, or "
        "after a pause longer than panel.max_gap_days; `missing: fill`, where a model allows it, keeps series whole.",
        EQUATION,
        "at most",
        # Simulated studies of 10 sessions: where 4, 9 and 15 % of the rows followed a gap, inertia was 2, 5 and 8 % too large, and beside
        # variability more than that (validation/README.md).
        0.05,
        "share of the rows",
        plain="many sessions follow a gap, so the influence of the past comes out too large",
    ),
    Caution(
        "skipped_sessions",
        "skipped sessions",
        "Share of the outcome's sessions that were filled in, since they were skipped or left blank, or else of its rows that follow such "
        "a gap, where what is left of the outcome lasts and a predictor has no equation with its own past and the outcome's. If the "
        "predictor follows what the outcome was before, its value says something of an outcome that nobody recorded, and its slope is "
        "biased: in simulated studies with 30% of the sessions left out by more than half. Give the predictor such an equation, and fill "
        "in (`missing: fill`); if it does not follow the outcome, the slope is right.",
        EQUATION,
        "at most",
        # Simulated studies: with 15 % skipped the bias was small, intervals held the truth in 93 % (validation/README.md).
        0.15,
        "share of the values",
        plain="many sessions were skipped, which can bias what predicts from session to session",
    ),
    Caution(
        "varying_past",
        "varying own past",
        "The slope of the outcome's own past differs between patients or therapists. Its average is right, but what a unit's level adds to "
        "a session depends on this slope, and the model takes the two as apart. In simulated studies of 100 patients and 25 sessions its "
        "standard deviation between patients came out 11 to 18% too small, and its correlation with variability a fifth too large. "
        "Where `variability` of this one outcome varies by patient too, the slope acts on distances from each patient's own level, and its "
        "standard deviation has no such bias; a correlation of .6 still came out a tenth too large, as by any maximum of the likelihood. "
        "Levels of other outcomes that predict this one are left out of it.",
        "the standard deviation of the slope, unless it acts on distances from own levels alone, and its correlations",
        "never",
        plain="how much patients differ here comes out somewhat too small",
    ),
    Caution(
        "uncorrelated_residuals",
        "uncorrelated residuals",
        "Two outcomes of one session, neither of which predicts the other at that session, whose residuals the model takes as independent: "
        "two chains of outcomes stand side by side. What the two share at a session goes into slopes of the past and into differences "
        "between units. Let an outcome of one chain predict one of the other, or leave an equation out.",
        EQUATION,
        "never",
        plain="what two measures of one session share is not in the model",
    ),
    Caution(
        "held_correlation",
        "residual correlation held",
        "Correlation of what is left of two outcomes at a session that the model takes as given (residual_correlations) and does not "
        "estimate. Estimates are those that would follow if it were true; the data do not tell whether it is.",
        EQUATION,
        "never",
        unit="correlation",
        source="Imai, Keele and Yamamoto 2010, doi 10.1214/10-STS321",
        plain="it holds only if an assumed correlation is true",
    ),
    Caution(
        "collinear_predictors",
        "collinear predictors",
        "How many times the sampling variance of a slope grows because other predictors go along with it. Above the threshold their "
        "slopes can hardly be told apart: read them together, or leave one of the two out.",
        "slopes of the equation",
        "at most",
        # Standard errors are then more than three times as large. The rule of ten is a reason to look, not to remove a predictor.
        10,
        "times",
        source="O'Brien 2007, doi 10.1007/s11135-006-9018-6",
        plain="predictors go along with each other so closely that they can hardly be told apart",
    ),
    Caution(
        "collinear",
        "collinear",
        "A predictor is determined by the others and was left out, so the other slopes at its level are not adjusted for it.",
        "estimates of the equation at the level of the predictor",
        "never",
        plain="a predictor was left out because others determine it",
    ),
    Caution(
        "empty_part",
        "empty part",
        "The means of a predictor are the same for all units, as they are after centring, so there is no slope between these units.",
        "estimates of the equation at the level of the means",
        "never",
        plain="a predictor does not differ at this level",
    ),
    Caution(
        "still_predictor",
        "little variation within",
        "Share of a predictor's variance that lies within the units between which its slope varies. Where it hardly changes within them, "
        "their slopes cannot be seen, and how they vary and covary rests on few rows.",
        COMPONENTS,
        "at least",
        0.01,  # the slope of a unit is then known ten times worse than if all of the variance lay within units
        "share of variance",
        plain="the predictor hardly changes within patients",
    ),
    Caution(
        "outlying_session",
        "outlier",
        "Largest distance of one session from what the model expects there. One value beyond the threshold can move every estimate on and "
        "of this outcome: look for it in data/panel.parquet.",
        "estimates of the outcome, and of outcomes that it predicts",
        "at most",
        6,  # of normal residuals one in 500 million lies further out
        "residual standard deviations",
        plain="single extreme values may decide it",
    ),
    Caution(
        "outlying_predictor",
        "outlier",
        "Largest distance of one session's predictor from its mean. Its slope may hang on that session: look for it in "
        "data/panel.parquet.",
        EQUATION,
        "at most",
        10,  # predictors need not be normal: of an exponential distribution one value in 60,000 lies further out
        "standard deviations",
        plain="single extreme values may decide it",
    ),
    Caution(
        "scores_at_an_end",
        "floor or ceiling",
        "Largest share of an outcome's scores at one end of its scale. What patients differ and change by beyond that end is not measured, "
        "and slopes come out too small: with 18% of scores at the floor, by a fifth. Declare the measure `censored` if such a score can "
        "be taken for a value at that end or beyond; models of family multilevel_path then estimate it.",
        EQUATION,
        "at most",
        0.05,
        "share of scores",
        plain="many scores lie at an end of the scale, so differences come out too small",
    ),
    Caution(
        "discrete_outcome",
        "yes/no or count",
        "An outcome that takes two values, or is a count with many zeros, is taken for one with normal residuals, as somebody signed off. "
        "Its slopes are differences in shares or counts at best, and intervals do not hold.",
        MODEL,
        "never",
        plain="the outcome is a yes or no, or a count, but is taken for a score",
    ),
)
