# The two equations as two separate models in lme4: effects of different equations cannot be correlated.

folder <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)))
source(file.path(folder, "common.R"))
suppressMessages(library(lme4))

job <- read_job()
data <- read_study(job)
if (job$therapists) {
  of_alliance <- alliance ~ technique + (technique | patient) + (technique | therapist)
  of_symptoms <- symptoms ~ alliance + technique + (alliance | patient) + (alliance | therapist)
} else {
  of_alliance <- alliance ~ technique + (technique | patient)
  of_symptoms <- symptoms ~ alliance + technique + (alliance | patient)
}
timed <- time_fit(function() {
  suppressMessages(suppressWarnings(list(
    lmer(of_alliance, data, REML = FALSE),
    lmer(of_symptoms, data, REML = FALSE)
  )))
}, job$repetitions)

write_result(list(
  seconds = timed$seconds,
  repetitions = timed$repetitions,
  log_likelihood = sum(sapply(timed$fit, function(fit) as.numeric(logLik(fit)))),
  note = paste(unique(unlist(lapply(timed$fit, function(fit) fit@optinfo$conv$lme4$messages))), collapse = "; ")
))
