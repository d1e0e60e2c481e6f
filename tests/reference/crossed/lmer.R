# Therapists crossed with patients for tests/reference/test_crossed.py: changes.csv in, lmer.csv out.
# Run in this folder: Rscript lmer.R   (seconds; needs lme4)
#
# intercepts  y ~ x + (1 | patient) + (1 | therapist)
# slopes      y ~ x + (1 + zx | patient) + (1 + zx | therapist), zx the deviation of x from the patient's own mean over the rows
#
# By maximum and by restricted maximum likelihood. x is centred at its mean, which leaves the log-likelihoods as they are.
suppressPackageStartupMessages(library(lme4))

changes <- read.csv("changes.csv")
changes$zx <- changes$x - ave(changes$x, changes$patient)
changes$x <- changes$x - mean(changes$x)
precise <- lmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-11, maxfun = 1e5))

parts <- function(fit, level) {
  v <- as.matrix(VarCorr(fit)[[level]])
  found <- c(sqrt(v[1, 1]))
  names(found) <- paste0("sd ", level, " y: intercept")
  if (nrow(v) > 1) {
    found[paste0("sd ", level, " y: x")] <- sqrt(v[2, 2])
    found[paste0("correlation ", level, " y: x with y: intercept")] <- v[1, 2] / sqrt(v[1, 1] * v[2, 2])
  }
  found
}
record <- function(model, formula, method) {
  fit <- lmer(formula, changes, REML = method == "REML", control = precise)
  rows <- function(kind, values) {
    data.frame(model, method, kind, parameter = names(values), value = unname(values), version = paste("lme4", packageVersion("lme4")))
  }
  u <- ranef(fit)
  rbind(
    rows("loglik", c(all = as.numeric(logLik(fit)))),
    rows("estimate", c("y: x" = unname(fixef(fit)["x"]), parts(fit, "patient"), parts(fit, "therapist"), "sd residual y" = sigma(fit))),
    rows("se", c("y: x" = sqrt(vcov(fit)["x", "x"]))),
    rows("therapist", setNames(u$therapist[["(Intercept)"]], rownames(u$therapist))),
    rows("patient", setNames(u$patient[["(Intercept)"]], rownames(u$patient)))
  )
}
found <- do.call(rbind, lapply(c("ML", "REML"), function(method) {
  rbind(
    record("intercepts", y ~ x + (1 | patient) + (1 | therapist), method),
    record("slopes", y ~ x + (1 + zx | patient) + (1 + zx | therapist), method)
  )
}))
found$value <- signif(found$value, 10)
write.csv(found, "lmer.csv", row.names = FALSE, quote = FALSE)
