"""What the design of a model can tell, whatever its rows and its fit hold."""

from typing import Final

from alliance.facts.cautions.declared import EQUATION, INFORMATION, MODEL, Caution

OF_DESIGN: Final = (
    # Simulated studies are kept in validation/growth.
    Caution(
        "rough_interval",
        "rough interval",
        "How much patients differ in their straight lines, where it is little, and shares of patients beyond a reliable change that is "
        "computed "
        "from the scores: in simulated studies their intervals held the truth in two thirds to five sixths.",
        "numbers of the mark",
        "never",
        plain="how much patients differ, and how many changed reliably, is known less well than the interval says",
    ),
    Caution(
        "judged_ahead",
        "looks ahead",
        "A mark of ruptures that is set by later sessions too: by the patient's own mean or line over the course, or by a return. What "
        "follows has a part in it, so it says little about consequences. Compare detectors that look at earlier sessions only.",
        "slopes of the mark",
        "never",
        plain="later sessions have a part in what is marked, so it says little about what follows",
    ),
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
        "threshold the slope of the outcome's own past comes out too small by more than a twentieth: by 9 and 18% in simulated studies "
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
        "differs, may be zero. So the ratio and what is made from it are not reported. The value is the 2.5% quantile of that variance, "
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
