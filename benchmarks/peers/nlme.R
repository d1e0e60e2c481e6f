# nlme: the two equations as two separate models, or stacked into one (with a residual variance for each equation).

folder <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)))
source(file.path(folder, "common.R"))
suppressMessages(library(nlme))

job <- read_job()
data <- read_study(job)
control <- lmeControl(maxIter = 200, msMaxIter = 200, returnObject = TRUE)

separate <- function() {
  levels <- if (job$therapists) c("therapist", "patient") else "patient"
  vary <- function(slope) setNames(rep(list(slope), length(levels)), levels)
  list(
    lme(alliance ~ technique, data, random = vary(~technique_own), method = "ML", control = control),
    lme(symptoms ~ alliance + technique, data, random = vary(~alliance_own), method = "ML", control = control)
  )
}

# One row per session and equation; indicators pick the equation (Bauer, Preacher & Gil 2006).
stack <- function() {
  of_alliance <- data.frame(
    patient = data$patient, value = data$alliance, is_m = 1, is_y = 0,
    technique_m = data$technique, alliance_y = 0, technique_y = 0,
    own_m = data$technique_own, own_y = 0
  )
  of_symptoms <- data.frame(
    patient = data$patient, value = data$symptoms, is_m = 0, is_y = 1,
    technique_m = 0, alliance_y = data$alliance, technique_y = data$technique,
    own_m = 0, own_y = data$alliance_own
  )
  rows <- rbind(of_alliance, of_symptoms)
  rows$equation <- factor(rows$is_y)
  rows
}

stacked <- function() {
  rows <- stack()
  list(lme(
    value ~ 0 + is_m + technique_m + is_y + alliance_y + technique_y, rows,
    random = ~ 0 + is_m + own_m + is_y + own_y | patient,
    weights = varIdent(form = ~ 1 | equation), method = "ML", control = control
  ))
}

timed <- time_fit(function() suppressWarnings(if (job$stacked) stacked() else separate()), job$repetitions)

write_result(list(
  seconds = timed$seconds,
  repetitions = timed$repetitions,
  log_likelihood = sum(sapply(timed$fit, function(fit) as.numeric(logLik(fit))))
))
