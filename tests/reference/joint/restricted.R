# Restricted maximum likelihood for tests/reference/test_joint_restricted.py: nested.csv and mediation.csv in, restricted.csv out.
# Run in this folder: Rscript restricted.R   (seconds; needs nlme and lme4)
#
# one_equation  lmer(REML = TRUE) of one equation at three levels
# mediation     lme(method = "REML") of two stacked equations (see maximum.R), the patients' effects of both going together
#
# Predictors are centred at the mean of the rows, which leaves the restricted log-likelihood as it is; varying slopes multiply deviations from
# the patient's own mean over the rows of the equation, as in maximum.R.
suppressPackageStartupMessages({
  library(nlme)
  library(lme4)
})

values <- function(model, engine, loglik, estimates) {
  rbind(
    data.frame(model, kind = "loglik", parameter = "", value = loglik, version = engine),
    data.frame(model, kind = "estimate", parameter = names(estimates), value = unname(estimates), version = engine)
  )
}
centred <- function(x) x - mean(x)
deviating <- function(x, patient) x - ave(x, patient)

nested <- read.csv("nested.csv")
nested <- nested[complete.cases(nested[, c("y", "m", "x")]), ]
nested$zm <- deviating(nested$m, nested$patient)
nested$m <- centred(nested$m)
nested$x <- centred(nested$x)
fit <- lmer(y ~ m + x + (1 + zm | patient) + (1 | therapist), nested,
  REML = TRUE, control = lmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-11, maxfun = 1e5))
)
by_patient <- as.matrix(VarCorr(fit)$patient)
one <- values("one_equation", paste("lme4", packageVersion("lme4")), as.numeric(logLik(fit)), c(
  "y: m" = unname(fixef(fit)["m"]), "y: x" = unname(fixef(fit)["x"]),
  "sd patient y: intercept" = sqrt(by_patient[1, 1]), "sd patient y: m" = sqrt(by_patient[2, 2]),
  "correlation patient y: m with y: intercept" = by_patient[1, 2] / sqrt(by_patient[1, 1] * by_patient[2, 2]),
  "sd therapist y: intercept" = sqrt(as.matrix(VarCorr(fit)$therapist)[1, 1]), "sd residual y" = sigma(fit)
))

data <- read.csv("mediation.csv")
of_m <- data[complete.cases(data[, c("m", "x")]), ]
of_y <- data[complete.cases(data[, c("y", "m", "x")]), ]
stacked <- rbind(
  data.frame(
    patient = of_m$patient, equation = "m", value = of_m$m, m0 = 1, mx = centred(of_m$x), y0 = 0, ym = 0, yx = 0,
    zmx = deviating(of_m$x, of_m$patient), zym = 0, zyx = 0
  ),
  data.frame(
    patient = of_y$patient, equation = "y", value = of_y$y, m0 = 0, mx = 0, y0 = 1, ym = centred(of_y$m), yx = centred(of_y$x),
    zmx = 0, zym = deviating(of_y$m, of_y$patient), zyx = deviating(of_y$x, of_y$patient)
  )
)
fit <- lme(value ~ 0 + m0 + mx + y0 + ym + yx,
  data = stacked, random = list(patient = pdLogChol(form = ~ 0 + m0 + y0 + zmx + zym + zyx)), weights = varIdent(form = ~ 1 | equation),
  method = "REML", control = lmeControl(
    opt = "optim", maxIter = 1000, msMaxIter = 2000, msMaxEval = 20000, niterEM = 100, tolerance = 1e-12, msTol = 1e-14, natural = FALSE
  )
)
covariance <- as.matrix(pdMatrix(fit$modelStruct$reStruct)$patient) * fit$sigma^2
names <- c("m: intercept", "y: intercept", "m: x", "y: m", "y: x")
sds <- setNames(sqrt(diag(covariance)), paste("sd patient", names))
residual <- fit$sigma / varWeights(fit$modelStruct$varStruct)[match(c("m", "y"), stacked$equation)]
two <- values("mediation", paste("nlme", packageVersion("nlme")), as.numeric(logLik(fit)), c(
  "m: x" = unname(fixef(fit)["mx"]), "y: m" = unname(fixef(fit)["ym"]), "y: x" = unname(fixef(fit)["yx"]), sds,
  "correlation patient y: m with m: x" = covariance[4, 3] / sqrt(covariance[3, 3] * covariance[4, 4]),
  setNames(residual, c("sd residual m", "sd residual y"))
))
both <- rbind(one, two)
both$value <- signif(both$value, 13)
write.csv(both, "restricted.csv", row.names = FALSE, quote = FALSE)
