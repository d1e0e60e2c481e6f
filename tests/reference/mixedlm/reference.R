# Reference values for tests/reference/test_mixedlm_guards.py: sessions.csv in, values.csv out.
# Run in this folder: Rscript reference.R   (values on record: lme4, see the column `version`)
suppressPackageStartupMessages(library(lme4))

d <- read.csv("sessions.csv")
d$mean_patient <- ave(d$x, d$patient)
d$x_within <- d$x - d$mean_patient
patients <- unique(d[, c("patient", "therapist", "mean_patient")])
mean_therapist <- tapply(patients$mean_patient, patients$therapist, mean)
d$mean_therapist <- mean_therapist[d$therapist]
d$x_between <- d$mean_patient - d$mean_therapist
d$x_between_therapist <- d$mean_therapist - mean(mean_therapist)
d$x_between_two <- d$mean_patient - mean(patients$mean_patient)

control <- lmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-9, maxfun = 1e5), check.conv.singular = "ignore")
models <- list(
  three_level_empty = y ~ 1 + (1 | therapist) + (1 | patient),
  two_level_slope = y ~ x_within + session + arm + x_between_two + (1 + x_within | patient),
  three_level_slope = y ~ x_within + session + arm + x_between + x_between_therapist + (1 + x_within | patient) + (1 | therapist),
  tied_slope = tied ~ x_within + session + arm + x_between + x_between_therapist + (1 + x_within | patient) + (1 | therapist),
  collapsed = flat ~ x_within + arm + x_between + x_between_therapist + (1 | patient) + (1 | therapist)
)
values <- NULL
for (name in names(models)) {
  fit <- lmer(models[[name]], d, REML = TRUE, control = control)
  fixed <- summary(fit)$coefficients
  random <- as.data.frame(VarCorr(fit))
  label <- ifelse(is.na(random$var1), "residual", ifelse(is.na(random$var2), random$var1, "correlation"))
  values <- rbind(
    values,
    data.frame(model = name, kind = "loglik", group = "", name = "", value = as.numeric(logLik(fit))),
    data.frame(model = name, kind = "estimate", group = "", name = rownames(fixed), value = fixed[, "Estimate"]),
    data.frame(model = name, kind = "se", group = "", name = rownames(fixed), value = fixed[, "Std. Error"]),
    data.frame(model = name, kind = "sd", group = random$grp, name = label, value = random$sdcor)
  )
}
values$version <- paste("lme4", packageVersion("lme4"))
values$value <- signif(values$value, 10)
write.csv(values, "values.csv", row.names = FALSE, quote = FALSE)
