# Two raters of the same thing by other programs, for tests/reference/test_raters.py: writes ratings.csv (simulated data) and raters.csv.
# Run in this folder: Rscript raters.R   (a minute; needs lme4, nlme and lavaan)
#
# 60 patients of 10 therapists x 7 sessions, complete. a from 12 to 60 is rated by patients, v from 12 to 84 by therapists, y was measured
# before the session.
#
# agreement  nlme: covariances of both ratings within and between patients, by restricted maximum likelihood; lm: discrepancy and distance
#            with an intercept for each patient; cor and weighted lm: course of Fisher's z
# tracking   lavaan, two levels: v on a within patients and between them (latent means), maximum likelihood
# partners   lavaan, two levels: a, v and y on both earlier ratings and y, with first values between patients, maximum likelihood
# surface    lme4: y on both earlier ratings, squares and product, intercepts of patients and therapists, restricted maximum likelihood
suppressPackageStartupMessages({library(lme4); library(nlme); library(lavaan)})

set.seed(20261126)
n <- 60; sessions <- 7; therapist <- rep(1:10, length.out = n)
u <- matrix(rnorm(3 * n), n) %*% chol(matrix(c(1, .3, -.3, .3, 1, -.1, -.3, -.1, 1), 3)) %*% diag(c(4, 5, 2))
w <- matrix(rnorm(30), 10) %*% diag(c(1, 3, .8))
u <- u + w[therapist, ]
a <- 40 + u[, 1]; v <- 55 + u[, 2]; y <- 12 + u[, 3]
rows <- list()
for (t in 1:sessions) {
  x1 <- (a - 36) / 4.8; x2 <- (v - 48) / 7.2
  y <- 9 + u[, 3] - .5 * x1 - .2 * x2 - .1 * x1^2 + .1 * x1 * x2 + .25 * y + rnorm(n, 0, 2)
  a <- 28 + u[, 1] + .3 * a - .2 * (y - 12) + rnorm(n, 0, 3)
  v <- 35 + u[, 2] + .5 * a + rnorm(n, 0, 4)
  rows[[t]] <- data.frame(patient = sprintf("P%02d", 1:n), therapist = sprintf("T%02d", therapist), session = t, a = a, v = v, y = y)
}
long <- do.call(rbind, rows)
long[c("a", "v", "y")] <- round(long[c("a", "v", "y")], 3)
long <- long[order(long$patient, long$session), ]
write.csv(long, "ratings.csv", row.names = FALSE, quote = FALSE)

out <- list()
add <- function(model, parameter, estimate, se = NA) {
  out[[length(out) + 1]] <<- data.frame(model = model, parameter = parameter, estimate = as.numeric(estimate), se = as.numeric(se))
}

# agreement
long$pa <- 100 * (long$a - 12) / 48
long$pv <- 100 * (long$v - 12) / 72
stacked <- rbind(data.frame(long[c("patient", "session")], rater = "a", value = long$pa),
                 data.frame(long[c("patient", "session")], rater = "v", value = long$pv))
stacked$occasion <- interaction(stacked$patient, stacked$session)
stacked <- stacked[order(stacked$patient, stacked$session, stacked$rater), ]
both <- lme(value ~ 0 + rater, random = list(patient = pdSymm(~ 0 + rater)), data = stacked,
            correlation = corSymm(form = ~ 1 | patient/occasion), weights = varIdent(form = ~ 1 | rater),
            control = lmeControl(maxIter = 500, msMaxIter = 500, tolerance = 1e-10))
add("agreement", "correlation session", coef(both$modelStruct$corStruct, unconstrained = FALSE))
add("agreement", "correlation patient", cov2cor(getVarCov(both))[1, 2])
for (what in c("discrepancy", "distance")) {
  long$d <- long$pv - long$pa
  if (what == "distance") long$d <- abs(long$d)
  fixed <- lm(d ~ factor(patient) + session, data = long)
  for (at in c(1, sessions)) {
    everybody <- data.frame(patient = unique(long$patient), session = at)
    add("agreement", paste(what, "at", at), mean(predict(fixed, everybody)))
  }
  add("agreement", paste(what, "change"), coef(fixed)["session"])
}
z <- sapply(1:sessions, function(t) atanh(cor(long$pa[long$session == t], long$pv[long$session == t])))
line <- lm(z ~ t, data = data.frame(z = z, t = 1:sessions), weights = rep(n - 3, sessions))
add("agreement", "correlation at 1", tanh(predict(line, data.frame(t = 1))))
add("agreement", paste("correlation at", sessions), tanh(predict(line, data.frame(t = sessions))))

# tracking
fit <- sem("level: 1\n v ~ b*a\n level: 2\n v ~ c*a", data = long, cluster = "patient")
stopifnot(lavInspect(fit, "converged"))
found <- parameterEstimates(fit)
add("tracking", "within", found$est[found$label == "b"], found$se[found$label == "b"])
add("tracking", "between", found$est[found$label == "c"], found$se[found$label == "c"])

# partners
for (name in c("a", "v", "y")) {
  long[[paste0(name, "_lag")]] <- ave(long[[name]], long$patient, FUN = function(x) c(NA, head(x, -1)))
  long[[paste0(name, "_first")]] <- ave(long[[name]], long$patient, FUN = function(x) x[1])
}
later <- long[long$session > 1, ]
firsts <- "a_first + v_first + y_first"
model <- paste0("level: 1
    a ~ aa*a_lag + av*v_lag + ay*y
    v ~ va*a_lag + vv*v_lag + vy*y
    y ~ ya*a_lag + yv*v_lag + yy*y_lag
    a ~~ v
    a ~~ 0*y
    v ~~ 0*y
  level: 2
    a ~ ", firsts, "\n v ~ ", firsts, "\n y ~ ", firsts, "
    a ~~ v\n a ~~ y\n v ~~ y")
fit <- sem(model, data = later, cluster = "patient", optim.method = "nlminb", em.iter.max = 2000)
print(lavInspect(fit, "converged"))
found <- parameterEstimates(fit)
for (label in c("aa", "av", "va", "vv", "ya", "yv", "yy")) {
  add("partners", label, found$est[found$label == label][1], found$se[found$label == label][1])
}

# surface
x1 <- 10 * (later$a_lag - 12) / 48; x2 <- 10 * (later$v_lag - 12) / 72
centre <- (mean(x1) + mean(x2)) / 2
later$b1 <- x1 - centre; later$b2 <- x2 - centre
later$b3 <- later$b1^2; later$b4 <- later$b1 * later$b2; later$b5 <- later$b2^2
fit <- lmer(y ~ b1 + b2 + b3 + b4 + b5 + session + (1 | patient) + (1 | therapist), data = later, REML = TRUE,
            control = lmerControl(optCtrl = list(ftol_abs = 1e-12, xtol_abs = 1e-12)))
beta <- fixef(fit)[2:6]; covariance <- as.matrix(vcov(fit))[2:6, 2:6]
lines <- rbind(diag(5), c(1, 1, 0, 0, 0), c(0, 0, 1, 1, 1), c(1, -1, 0, 0, 0), c(0, 0, 1, -1, 1), c(0, 0, 1, 0, -1))
for (row in 1:10) {
  name <- c(paste0("b", 1:5), paste0("a", 1:5))[row]
  add("surface", name, lines[row, ] %*% beta, sqrt(lines[row, ] %*% covariance %*% lines[row, ]))
}
add("surface", "centre", centre)
write.csv(do.call(rbind, out), "raters.csv", row.names = FALSE, quote = FALSE)
print(do.call(rbind, out))
