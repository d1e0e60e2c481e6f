"""What the rows and the design of a model can tell, whatever its fit finds."""

from typing import Final

from alliance.facts.cautions.declared import COMPONENTS, EQUATION, INFORMATION, MODEL, Caution

OF_DESIGN: Final = (
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
        "biased: in simulated studies with 30 % of the sessions left out by more than half. Give the predictor such an equation, and fill "
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
        "standard deviation between patients came out 11 to 18 % too small, and its correlation with variability a fifth too large. "
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
        "and slopes come out too small: with 18 % of scores at the floor, by a fifth. Declare the measure `censored` if such a score can "
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
    # What the design can tell.
    Caution(
        "mixed_levels",
        "mixed levels",
        "Share of a predictor's variance that lies between patients. If it is more than chance and more than the threshold, the slope "
        "mixes differences between patients with change within them: give the predictor an equation of its own, or add its means.",
        EQUATION,
        "by the fit",
        0.05,  # about the part of the slope that is then one between patients
        "share of variance",
        plain="it mixes differences between patients with change within them",
    ),
    Caution(
        "patients_not_told_apart",
        "patients not told apart",
        "Sessions per patient in an equation in which nothing varies between patients. Sessions of one patient are alike, so intervals are "
        "too narrow, and slopes mix differences between patients with change within them. Let the intercept vary between patients.",
        EQUATION,
        "at most",
        1,
        "sessions per patient",
        plain="sessions of one patient are taken for those of different patients, so intervals are too narrow",
    ),
    Caution(
        "observed_deviations",
        "observed deviations",
        "A product uses deviations from a mean that holds later values, which the outcome has moved. With T sessions this draws its "
        "slope towards zero by 1/T or somewhat more; 1/T is the value.",
        "estimates at values of a moderator, and how they change with it",
        "at most",
        0.1,  # ten sessions per patient
        plain="patients have few sessions, which draws it towards zero",
    ),
    Caution(
        "no_initial_values",
        "no initial values",
        "An outcome's past is a predictor beside differences between patients, and the model was signed off without the values at "
        "the first session. A short series then takes lasting differences for the influence of the past, and all else is distorted with "
        "it. Remove the sign-off; the initial values then come by themselves.",
        MODEL,
        "never",
        source="Wooldridge 2005, doi 10.1002/jae.770",
        plain="where patients stood at the start is left out, which distorts it",
    ),
    Caution(
        "short_series",
        "short series",
        "Rows for each coefficient of an equation that is constant within patients, initial values and the intercept among them. Below the "
        "threshold the slope of the outcome's own past comes out too small by more than a twentieth: by 9 and 18 % in simulated studies "
        "of 60 patients and 5 sessions. Slopes of other predictors within patients are right.",
        "the slope of the outcome's own past",
        "at least",
        # Restricted likelihood, own pasts of .4 and .3, 100 studies each: 60 rows -9 and -18 %; 105 rows -5 and -5 %; 120 rows -3 and -3 %
        # (60 patients with 5 and with 8 sessions, 120 patients with 5; Monte Carlo errors of 1.4 to 3.4 %).
        100,
        "rows",
        source="Nickell 1981, doi 10.2307/1911408",
        plain="patients have few sessions, so the influence of the past comes out too small",
    ),
    Caution(
        "beyond_data",
        "beyond the data",
        "How many sessions the planned end of treatment (study.planned_sessions) lies after the last session that any patient of the model "
        "reached. Estimates at later sessions carry the model on to where nothing was seen: slopes stay what they were, and smooths of "
        "time keep the value of the last session. For numbers that rest on data set study.planned_sessions to a session that was "
        "reached, or to null.",
        "estimates at sessions after the last one in the data",
        "at most",
        0,
        "sessions",
        plain="no patient was observed for that long",
    ),
    Caution(
        "missing_initial_values",
        "initial values missing",
        "Other equations adjust for initial values, this one does not, so slopes between patients leave out what runs through them. Add "
        "them to the equation, or take them out of all.",
        "estimates between patients",
        "never",
        plain="it leaves out what runs through where patients stood at the start",
    ),
    Caution(
        "initial_values",
        "initial values",
        "Initial values that the first variable of a path may have changed are predictors; what it did through them is added, which "
        "holds if it was assigned at random.",
        INFORMATION,
        "always",
    ),
    Caution(
        "undefined_proportion",
        "share of the total",
        "The share of the total that is indirect is not reported, since it has no clear meaning here. The value is the share "
        "of draws in which indirect and total have the same sign.",
        INFORMATION,
        "always",
        0.99,
        "share of draws",
        withholds=True,
    ),
    Caution(
        "withheld",
        "too little differs",
        "How patients (or therapists) differ in one average by another is a ratio, and what it divides by, how much the other average "
        "differs, may be zero. So the ratio and what is made from it are not reported. The value is the 2.5 % quantile of that variance, "
        "as a share of its median.",
        INFORMATION,
        "always",
        0.1,
        "share of the median",
        withholds=True,
    ),
    Caution(
        "drifting_series",
        "no lasting average",
        "Share of draws in which the past of a series does not fade, so that it drifts and comes to rest nowhere. Above the threshold "
        "patients have no averages that could be compared, and nothing is reported of them.",
        INFORMATION,
        "always",
        0.01,
        "share of draws",
        withholds=True,
    ),
    Caution(
        "missing_covariance",
        "covariance of a and b not estimated",
        "Both steps vary between patients. If patients with a larger first step have a larger or smaller second one, the average indirect "
        "estimate is not the product of the averages; separate models cannot tell.",
        "indirect and total estimates within patients",
        "never",
        source="Kenny, Korchmaros and Bolger 2003, doi 10.1037/1082-989X.8.2.115",
        plain="it leaves out that patients may differ in both steps together",
    ),
    Caution(
        "centred_lag",
        "bias of centred lag",
        "An outcome's own past is centred by a mean that contains later sessions. Its slope is too low by about the value, and slopes of "
        "predictors that go along with it are distorted too.",
        "slopes of the equation within patients",
        "at least",
        -0.05,
        "bias of the slope",
        source="Nickell 1981, doi 10.2307/1911408",
        plain="the way the past was centred makes its influence come out too small",
    ),
    Caution(
        "observed_means",
        "observed means",
        "Patients' means are means of few sessions; the value is the part of their variance that is not sampling error. Slopes between "
        "patients are drawn towards the slope within patients by the rest.",
        "slopes of the equation between patients and between therapists",
        "at least",
        0.9,
        "share of variance",
        source="Lüdtke et al. 2008, doi 10.1037/a0012869",
        plain="means of few sessions stand for what is typical of a patient",
    ),
)
