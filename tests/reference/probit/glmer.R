# Probit regression with a random intercept for tests/reference/test_probit.py: answers.csv in, glmer.csv out.
# Run in this folder: Rscript glmer.R   (seconds; needs lme4)
#
# The likelihood is integrated over the intercepts by adaptive Gauss-Hermite quadrature with 15 points. Standard errors of fixed effects are
# those of vcov(); that of the standard deviation comes from the observed information, the second differences of the deviance.
suppressPackageStartupMessages(library(lme4))
data <- read.csv("answers.csv")
formula <- y ~ m + arm + (1 | patient)
control <- glmerControl(optimizer = "bobyqa", tolPwrss = 1e-10, optCtrl = list(rhoend = 1e-9))
fit <- glmer(formula, data, family = binomial("probit"), nAGQ = 15, control = control)
deviance_at <- glmer(formula, data, family = binomial("probit"), nAGQ = 15, control = control, devFunOnly = TRUE)
place <- c(getME(fit, "theta"), fixef(fit))
information <- numDeriv::hessian(deviance_at, place) / 2
errors <- sqrt(diag(solve(information)))
result <- data.frame(
  parameter = c("sd", "intercept", "m", "arm"),
  estimate = place,
  se = errors,
  loglik = as.numeric(logLik(fit))
)
write.csv(format(result, digits = 13), "glmer.csv", row.names = FALSE, quote = FALSE)
