"""Sentences computed from numbers. No sentence claims more than the design of the study licenses.

Each ``describe_`` function takes the artefacts of a run by name and the configuration, and returns passages of plain
text. The sections of the report name them in `report/sections.yaml`.
"""

from alliance.report.prose.change import describe_change_of_patients
from alliance.report.prose.compared import describe_comparison
from alliance.report.prose.conditions import describe_accumulated, describe_differences, describe_moderation
from alliance.report.prose.courses import describe_treatment
from alliance.report.prose.development import describe_development
from alliance.report.prose.headline import describe_headline
from alliance.report.prose.invariance import describe_invariance
from alliance.report.prose.literature import describe_literature
from alliance.report.prose.manuscript import describe_manuscript, describe_references
from alliance.report.prose.parts import describe_parts
from alliance.report.prose.passage import Inputs, Passage, say_sentences
from alliance.report.prose.quality import (
    describe_diagnostics,
    describe_models,
    describe_predictive,
    describe_priors,
    describe_truth,
    describe_variance,
)
from alliance.report.prose.raters import describe_raters
from alliance.report.prose.responsiveness import describe_responsiveness
from alliance.report.prose.results import (
    describe_agreement,
    describe_indirect,
    describe_predictions,
    describe_reverse,
)
from alliance.report.prose.robustness import (
    describe_autocorrelation,
    describe_influence,
    describe_methods,
    describe_sensitivity,
    describe_trends,
)
from alliance.report.prose.sites import describe_sites
from alliance.report.prose.study import (
    describe_checks,
    describe_cleaning,
    describe_flow,
    describe_limits,
    describe_measurement,
    describe_question,
    describe_study,
)
from alliance.report.prose.unreliable import describe_corrected
from alliance.report.prose.variability import describe_variability

SENTENCES = {
    function.__name__: function
    for function in (
        describe_accumulated,
        describe_agreement,
        describe_change_of_patients,
        describe_checks,
        describe_cleaning,
        describe_comparison,
        describe_corrected,
        describe_development,
        describe_diagnostics,
        describe_differences,
        describe_flow,
        describe_treatment,
        describe_trends,
        describe_autocorrelation,
        describe_indirect,
        describe_influence,
        describe_invariance,
        describe_limits,
        describe_literature,
        describe_manuscript,
        describe_measurement,
        describe_methods,
        describe_models,
        describe_moderation,
        describe_parts,
        describe_predictions,
        describe_predictive,
        describe_priors,
        describe_question,
        describe_references,
        describe_raters,
        describe_responsiveness,
        describe_reverse,
        describe_sensitivity,
        describe_sites,
        describe_study,
        describe_truth,
        describe_variability,
        describe_variance,
    )
}

__all__ = ["SENTENCES", "Inputs", "Passage", "describe_headline", "say_sentences"]
