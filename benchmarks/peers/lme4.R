# The two equations as two separate models in lme4: effects of different equations cannot be correlated.

folder <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)))
source(file.path(folder, "common.R"))
suppressMessages(library(lme4))

job <- read_job()
data <- read_study(job)
if (job$therapists) {
  of_alliance <- alliance ~ technique + (technique_own | patient) + (technique_own | therapist)
  of_symptoms <- symptoms ~ alliance + technique + (alliance_own | patient) + (alliance_own | therapist)
} else {
  of_alliance <- alliance ~ technique + (technique_own | patient)
  of_symptoms <- symptoms ~ alliance + technique + (alliance_own | patient)
}
formulas <- list(of_alliance, of_symptoms)

# The search alone: what is left of lmer once data and model frame are in place.
search <- function(devfun) optimizeLmer(devfun)
devfuns <- lapply(formulas, function(formula) {
  do.call(mkLmerDevfun, c(lFormula(formula, data, REML = FALSE), list(start = NULL)))
})

timed <- time_fit(function() {
  suppressMessages(suppressWarnings(lapply(formulas, function(formula) lmer(formula, data, REML = FALSE))))
}, job$repetitions)
searched <- time_fit(function() suppressMessages(suppressWarnings(lapply(devfuns, search))), job$repetitions)

write_result(list(
  seconds = timed$seconds,
  seconds_search = searched$seconds,
  repetitions = timed$repetitions,
  log_likelihood = sum(sapply(timed$fit, function(fit) as.numeric(logLik(fit)))),
  note = paste(unique(unlist(lapply(timed$fit, function(fit) fit@optinfo$conv$lme4$messages))), collapse = "; ")
))
