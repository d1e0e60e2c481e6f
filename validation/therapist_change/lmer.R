# The studies of simulate.py by lme4: sessions kept with their therapists, and studies in which nobody changes.
# Run in the project's folder after simulate.py: Rscript validation/therapist_change/lmer.R   (a minute for 100 studies; needs lme4)
#
# y ~ x + w + (1 + zx | patient) + (1 + zx | therapist), zx the deviation of x from the patient's own mean
suppressPackageStartupMessages(library(lme4))

truth <- c("sd therapist intercept" = 0.5, "sd therapist x" = 0.2, "sd patient intercept" = 0.6, "sd patient x" = 0.25)
panels <- read.csv("results/therapist_change/panels.csv")
panels$zx <- panels$x - ave(panels$x, panels$method, panels$study, panels$patient)
fit <- function(rows, restricted) {
  formula <- y ~ x + w + (1 + zx | patient) + (1 + zx | therapist)
  found <- suppressMessages(suppressWarnings(lmer(formula, rows, REML = restricted, control = lmerControl(calc.derivs = FALSE))))
  v <- VarCorr(found)
  setNames(c(attr(v$therapist, "stddev"), attr(v$patient, "stddev")), names(truth))
}
table <- NULL
for (method in unique(panels$method)) {
  for (restricted in c(FALSE, TRUE)) {
    sds <- t(sapply(split(panels[panels$method == method, ], panels$study[panels$method == method]), fit, restricted = restricted))
    for (name in names(truth)) {
      table <- rbind(table, data.frame(
        estimand = name, method, likelihood = if (restricted) "restricted" else "plain", studies = nrow(sds), truth = truth[[name]],
        bias_percent = round(100 * (mean(sds[, name]) / truth[[name]] - 1), 2),
        bias_percent_error = round(100 * sd(sds[, name]) / sqrt(nrow(sds)) / truth[[name]], 2),
        bias_of_variance_percent = round(100 * (mean(sds[, name]^2) / truth[[name]]^2 - 1), 2)
      ))
    }
  }
}
table$version <- paste("lme4", packageVersion("lme4"))
write.csv(table, "validation/therapist_change/lmer.csv", row.names = FALSE)
