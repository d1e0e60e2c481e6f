"""What error of measurement does to estimates, and what is known of those it is taken off."""

from typing import Final

from alliance.facts.cautions.declared import INFORMATION, Caution

OF_ERRORS: Final = (
    Caution(
        "corrected_error",
        "measurement error",
        "Reliability of a score that is declared to have error, the smallest of its levels. What it predicts looks smaller than it is, and "
        "part of it is put down to what it goes along with. Estimates corrected for the error stand beside these.",
        "estimates of the outcomes that the score predicts, and of paths through them",
        "never",
        unit="reliability",
        source="Buonaccorsi 2010, doi 10.1201/9781420066586",
        only="recorded",
        plain="scores hold error of measurement, so that what they predict looks smaller than it is",
    ),
    Caution(
        "uncorrected_error",
        "measurement error",
        "Reliability of a score that is declared to have error, the smallest of its levels. The model takes it for free of error: what it "
        "predicts looks smaller than it is, and part of it is put down to what it goes along with; what was assigned at random goes along "
        "with no value from before it, whose error makes intervals wider and no more. In this model nothing is corrected.",
        "estimates of the outcomes that the score predicts, and of paths through them",
        "never",
        unit="reliability",
        source="Buonaccorsi 2010, doi 10.1201/9781420066586",
        plain="scores hold error of measurement, so that what they predict looks smaller than it is",
    ),
    Caution(
        "unreliable_outcome",
        "measurement error",
        "Reliability of an outcome that predicts nothing. Its error is in the residual: it makes intervals wider, and leaves slopes as "
        "they are.",
        INFORMATION,
        "always",
        unit="reliability",
    ),
    Caution(
        "unsettled_error",
        "error may be everything",
        "What a model leaves of a score, less the error that its reliability implies, may be nothing, so no estimates corrected for the "
        "error are reported. The value is the 2.5% quantile of that difference, as a share of its median. A reliability that is too low "
        "for these data, or few of them.",
        INFORMATION,
        "always",
        0.1,
        "share of the median",
        withholds=True,
    ),
    Caution(
        "little_reliability",
        "little reliability",
        "Reliability of a score whose error is taken off, the smallest of its levels, or of the composite of a construct for changes "
        "within a patient. Where most of what is recorded is error, corrected estimates rest on what is assumed of it more than on the "
        "data, and can lie anywhere, with intervals that do not say so. Simulated studies had reliabilities of 0.7 and more.",
        "estimates corrected for error, of the outcomes that the score predicts and of its own equation",
        "at least",
        0.5,  # validation/README.md; a construct with .15 had nearly anything for an estimate
        "reliability",
        only="corrected",
        plain="the score is so unreliable that taking its error off is a guess",
    ),
    Caution(
        "drifting_indicator",
        "indicators drift",
        "How much an indicator of a construct drifts over the course of treatment, compared with all together: its intercept, in standard "
        "deviations of the construct within patients, or its loading, as a share of it. The value is the largest such change. "
        "Where one is as large as the threshold and told from chance (5%, adjusted for all tests of the construct), scores of "
        "different sessions do not mean the same. A pass is no proof that they do: the table of indicators has the largest drift that "
        "the data leave possible.",
        "estimates of the outcomes that the construct predicts and of its own equation",
        "by the fit",
        0.2,
        "standard deviations of the construct, or share of the loading",
        source="Meredith 1993, doi 10.1007/BF02294825",
        plain="what the questionnaire measures may shift over sessions",
    ),
    Caution(
        "untested_invariance",
        "indicators were not tested",
        "Whether indicators of a construct mean the same at all sessions could not be tested. The model takes it for granted.",
        INFORMATION,
        "always",
    ),
    Caution(
        "construct_interval",
        "interval of a construct",
        "Rows for each coefficient of an equation that is constant within patients, initial values and the intercept among them, in a "
        "model of a construct with several indicators. Intervals of an outcome's own past, corrected for error, hold the truth less "
        "often than they say in few or short series: those at 95% in 89 to 92% of simulated studies of 150 patients with 6 sessions "
        "and of 60 with 10, in 95% with 150 patients and 10 sessions. Those of other slopes within patients hold.",
        "the slope of the outcome's own past, corrected for error",
        "at least",
        300,  # validation/measurement: 187 and 135 rows do not hold, 337 do
        "rows",
        only="corrected",
        plain="the interval without error of scores may be too narrow",
    ),
    Caution(
        "few_data_sets",
        "few completed data sets",
        "How much too small the standard error of a coefficient corrected for error may be, as a share of it, since completed data "
        "sets in a row resemble each other; the coefficient that loses most. Beyond the threshold fewer than 94 of 100 intervals at 95% "
        "would hold the truth. Where errors are most of what is recorded, or series are short, true scores are hardly known and data sets "
        "resemble each other for long.",
        "estimates corrected for error",
        "at most",
        0.05,
        "share of the standard error",
        source="Rubin 1987; Kendall 1954, doi 10.1093/biomet/41.3-4.403",
        only="corrected",
        plain="the interval without error of scores may be too narrow",
    ),
)
