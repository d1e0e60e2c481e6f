# Slopes that differ between therapists by lme4: log-likelihoods with and without, and the components by maximum and restricted likelihood.
#   Rscript tests/reference/responsiveness/lme4.R        (lme4, R's version in the last row)
here <- "tests/reference/responsiveness"
suppressPackageStartupMessages(library(lme4))
rows <- read.csv(file.path(here, "rows.csv"))
rows$deviation <- rows$x - ave(rows$x, rows$patient) # what varying slopes multiply
control <- lmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-10, maxfun = 1e5))
fit <- function(reml, therapists) {
  lmer(as.formula(paste("y ~ x + (1 + deviation | patient) +", therapists)), rows, REML = reml, control = control)
}
full <- fit(FALSE, "(1 + deviation | therapist)")
alike <- fit(FALSE, "(1 | therapist)")
reml <- fit(TRUE, "(1 + deviation | therapist)")
sd_of <- function(model, unit) attr(VarCorr(model)[[unit]], "stddev")[["deviation"]]
fall <- as.numeric(2 * (logLik(full) - logLik(alike)))
p <- 0.5 * pchisq(fall, 1, lower.tail = FALSE) + 0.5 * pchisq(fall, 2, lower.tail = FALSE)
values <- c(fall = fall, p_value = p,
            sd_therapist_ml = sd_of(full, "therapist"), sd_patient_ml = sd_of(full, "patient"),
            sd_therapist_reml = sd_of(reml, "therapist"), sd_patient_reml = sd_of(reml, "patient"))
write.csv(data.frame(name = names(values), value = sprintf("%.8f", values)), file.path(here, "lme4.csv"), row.names = FALSE, quote = FALSE)
