# Random-intercept cross-lagged panel models by lavaan for tests/reference/test_panel.py: writes panel.csv (simulated data) and riclpm.csv.
# Run in this folder: Rscript riclpm.R   (a minute; needs lavaan)
#
# 300 patients x 6 sessions, complete; x and y of one session have correlated innovations (.4); own pasts .4 and .3, cross-lags .15 (x on
# earlier y) and -.2 (y on earlier x); lasting differences correlated. Parameters are equal over sessions.
#
# riclpm       Hamaker, Kuiper & Grasman (2015, doi 10.1037/a0038889): first deviations have a free covariance but nothing in common with
#              the random intercepts
# free_start   the same with covariances of random intercepts and first deviations: the first session is conditioned on, whatever it is
suppressPackageStartupMessages(library(lavaan))

set.seed(20261125)
n <- 300
sessions <- 6
phi <- matrix(c(.4, .15, -.2, .3), 2, byrow = TRUE)  # rows: x, y; columns: earlier x, earlier y
innovation <- diag(c(1, 1.2)) %*% matrix(c(1, .4, .4, 1), 2) %*% diag(c(1, 1.2))
between <- diag(c(.9, 1)) %*% matrix(c(1, -.5, -.5, 1), 2) %*% diag(c(.9, 1))
normal <- function(covariance) matrix(rnorm(2 * n), n) %*% chol(covariance)
level <- normal(between)
w <- normal(innovation) * 1.3
wide <- list()
for (t in 1:sessions) {
  if (t > 1) w <- w %*% t(phi) + normal(innovation)
  wide[[paste0("x", t)]] <- round(3 + level[, 1] + w[, 1], 3)
  wide[[paste0("y", t)]] <- round(10 + level[, 2] + w[, 2], 3)
}
wide <- as.data.frame(wide)
long <- data.frame(
  patient = rep(sprintf("P%03d", 1:n), each = sessions), session = rep(1:sessions, n),
  x = as.vector(t(as.matrix(wide[paste0("x", 1:sessions)]))), y = as.vector(t(as.matrix(wide[paste0("y", 1:sessions)])))
)
write.csv(long, "panel.csv", row.names = FALSE, quote = FALSE)

s <- 1:sessions
lines <- function(...) paste(paste0(...), collapse = "\n")
common <- c(
  paste("RIx =~", paste0("1*x", s, collapse = " + ")),
  paste("RIy =~", paste0("1*y", s, collapse = " + ")),
  lines("wx", s, " =~ 1*x", s), lines("wy", s, " =~ 1*y", s),
  lines("x", s, " ~~ 0*x", s), lines("y", s, " ~~ 0*y", s),
  lines("wx", s[-1], " ~ xx*wx", s[-sessions], " + xy*wy", s[-sessions]),
  lines("wy", s[-1], " ~ yx*wx", s[-sessions], " + yy*wy", s[-sessions]),
  lines("wx", s[-1], " ~~ vx*wx", s[-1]), lines("wy", s[-1], " ~~ vy*wy", s[-1]), lines("wx", s[-1], " ~~ cxy*wy", s[-1]),
  "wx1 ~~ wx1\nwy1 ~~ wy1\nwx1 ~~ wy1\nRIx ~~ RIx\nRIy ~~ RIy\nRIx ~~ RIy",
  # Equal means from the second session on; the first is free, through the means of the first deviations.
  lines("x", s, " ~ mx*1"), lines("y", s, " ~ my*1"), "wx1 ~ 1\nwy1 ~ 1"
)
apart <- "RIx ~~ 0*wx1\nRIx ~~ 0*wy1\nRIy ~~ 0*wx1\nRIy ~~ 0*wy1"
together <- "RIx ~~ wx1\nRIx ~~ wy1\nRIy ~~ wx1\nRIy ~~ wy1"
rows <- list()
for (model in c("riclpm", "free_start")) {
  syntax <- paste(c(common, if (model == "riclpm") apart else together), collapse = "\n")
  fit <- lavaan(syntax, data = wide, information = "observed")
  stopifnot(lavInspect(fit, "converged"))
  found <- parameterEstimates(fit)
  for (label in c("xx", "xy", "yx", "yy", "vx", "vy", "cxy")) {
    one <- found[found$label == label, ][1, ]
    rows[[length(rows) + 1]] <- data.frame(model = model, parameter = label, estimate = one$est, se = one$se)
  }
  rows[[length(rows) + 1]] <- data.frame(model = model, parameter = "loglik", estimate = as.numeric(logLik(fit)), se = NA)
}
write.csv(do.call(rbind, rows), "riclpm.csv", row.names = FALSE, quote = FALSE)
