# How far maximum likelihood itself is off where yes is rare: the world `rare` of simulate.py without the correlation of m and y, by lme4.
# Run: Rscript validation/probit/rare.R 60   (ten minutes; needs lme4)
suppressPackageStartupMessages(library(lme4))
studies <- as.integer(commandArgs(trailingOnly = TRUE)[1])
set.seed(1)
one <- function() {
  patient <- rep(1:80, each = 8)
  m_level <- 0.8 * rnorm(80)
  y_level <- 0.8 * rnorm(80)
  x <- rnorm(640)
  m <- 0.4 * x + m_level[patient] + rnorm(640)
  y <- as.integer(-1.9 + 0.5 * m + 0.3 * x + y_level[patient] + rnorm(640) > 0)
  fit <- suppressWarnings(suppressMessages(glmer(y ~ m + x + (1 | patient), family = binomial("probit"), nAGQ = 7)))
  c(sd = as.numeric(getME(fit, "theta")), fixef(fit)[c("m", "x")])
}
found <- t(replicate(studies, one()))
print(rbind(truth = c(0.8, 0.5, 0.3), mean = colMeans(found), se = apply(found, 2, sd) / sqrt(studies)), digits = 3)
