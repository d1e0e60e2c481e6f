# Residuals that depend on the one before, for tests/reference/test_joint_series.py: series.csv in, recorded_series.csv out.
# Run in this folder: Rscript series.R   (seconds; needs nlme)
#
# sessions   three levels, correlation phi^d of residuals d sessions apart
# days       patients only, correlation phi^(d / 7) of residuals d days apart
#
# Both are corCAR1, whose time may have gaps. It knows positive correlations only, which these are; for the same model without gaps see the
# comparison with corAR1 at the end, which must agree. Each by ML and by REML. Predictors are centred at the mean of the rows, which leaves
# the restricted log-likelihood as it is; the varying slope multiplies deviations from the patient's own mean, as in maximum.R.
# Written, by kind: loglik, estimate, se (of fixed effects, the square roots of diag(vcov), (X'V^-1 X)^-1 at the estimates).
suppressPackageStartupMessages(library(nlme))

data <- read.csv("series.csv")
data$zx <- data$x - ave(data$x, data$patient)
data$x <- data$x - mean(data$x)
data$m <- data$m - mean(data$m)
data$week <- data$days / 7
control <- lmeControl(
  opt = "optim", maxIter = 1000, msMaxIter = 2000, msMaxEval = 20000, niterEM = 100, tolerance = 1e-12, msTol = 1e-14, natural = FALSE,
  returnObject = FALSE
)

record <- function(model, method, fit) {
  structure <- fit$modelStruct
  phi <- coef(structure$corStruct, unconstrained = FALSE)
  fixed <- fixef(fit)[c("x", "m")]
  estimates <- c(setNames(fixed, c("y: x", "y: m")), "autocorrelation residual y" = unname(phi), "sd residual y" = fit$sigma)
  by_patient <- as.matrix(structure$reStruct$patient) * fit$sigma^2
  estimates["sd patient y: intercept"] <- sqrt(by_patient[1, 1])
  if (model == "sessions") {
    estimates["sd patient y: x"] <- sqrt(by_patient[2, 2])
    estimates["correlation patient y: x with y: intercept"] <- by_patient[1, 2] / sqrt(by_patient[1, 1] * by_patient[2, 2])
    estimates["sd therapist y: intercept"] <- sqrt(as.matrix(structure$reStruct$therapist)[1, 1]) * fit$sigma
  }
  rows <- function(kind, values) data.frame(model, method, kind, parameter = names(values), value = unname(values))
  rbind(
    rows("loglik", c(all = as.numeric(logLik(fit)))), rows("estimate", estimates),
    rows("se", setNames(sqrt(diag(vcov(fit)))[c("x", "m")], c("y: x", "y: m")))
  )
}

found <- list()
for (method in c("ML", "REML")) {
  found[[length(found) + 1]] <- record("sessions", method, lme(y ~ x + m, data,
    random = list(therapist = ~1, patient = ~ 1 + zx), correlation = corCAR1(form = ~ session | therapist / patient),
    method = method, control = control
  ))
  found[[length(found) + 1]] <- record("days", method, lme(y ~ x + m, data,
    random = list(patient = ~1), correlation = corCAR1(form = ~ week | patient), method = method, control = control
  ))
}
all <- do.call(rbind, found)

# Without gaps the two structures of nlme are the same model: rows of patients up to the first skipped session.
whole <- data[ave(data$session, data$patient, FUN = function(s) cumprod(c(1, diff(s) == 1))) == 1, ]
fits <- lapply(list(corAR1(form = ~ session | patient), corCAR1(form = ~ session | patient)), function(structure) {
  lme(y ~ x + m, whole, random = list(patient = ~1), correlation = structure, method = "ML", control = control)
})
stopifnot(abs(logLik(fits[[1]]) - logLik(fits[[2]])) < 1e-6)

all$value <- signif(all$value, 12)
all$version <- paste("nlme", packageVersion("nlme"))
write.csv(all, "recorded_series.csv", row.names = FALSE, quote = FALSE)
