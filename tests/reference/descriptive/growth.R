# Growth by maximum likelihood with residuals that last (nlme), and a logistic regression (glm): Rscript growth.R in this folder.
library(nlme)

data <- read.csv("growth.csv")
data$t <- data$session - 1
shapes <- list(
  line = list(fixed = y ~ t, random = ~ t | patient),
  plateau = list(fixed = y ~ log1p(t), random = ~ log1p(t) | patient),
  turn = list(fixed = y ~ poly(t, 2), random = ~ poly(t, 2) | patient),
  each = list(fixed = y ~ factor(t), random = ~ t | patient)
)
control <- lmeControl(maxIter = 500, msMaxIter = 1000, msMaxEval = 5000, tolerance = 1e-9, msTol = 1e-11, returnObject = TRUE)
rows <- list()
for (name in names(shapes)) {
  shape <- shapes[[name]]
  fit <- lme(shape$fixed, data, shape$random, correlation = corAR1(form = ~ session | patient), method = "ML", control = control)
  times <- sort(unique(data$t))
  course <- predict(fit, data.frame(t = times), level = 0)
  rows[[length(rows) + 1]] <- data.frame(shape = name, what = "log_likelihood", at = 0, value = as.numeric(logLik(fit)))
  rows[[length(rows) + 1]] <- data.frame(shape = name, what = "course", at = times + 1, value = as.numeric(course))
  phi <- coef(fit$modelStruct$corStruct, unconstrained = FALSE)
  rows[[length(rows) + 1]] <- data.frame(shape = name, what = "phi", at = 0, value = as.numeric(phi))
  if (name == "line") {
    rows[[length(rows) + 1]] <- data.frame(shape = name, what = "trend_sd", at = 0, value = as.numeric(VarCorr(fit)["t", "StdDev"]))
  }
}
better <- read.csv("better.csv")
fit <- glm(better ~ early + first, binomial, better, control = glm.control(epsilon = 1e-12))
rows[[length(rows) + 1]] <- data.frame(shape = "logistic", what = names(coef(fit)), at = 0, value = as.numeric(coef(fit)))
high <- low <- better
high$early <- mean(better$early) + sd(better$early) / 2
low$early <- mean(better$early) - sd(better$early) / 2
difference <- mean(predict(fit, high, type = "response") - predict(fit, low, type = "response"))
rows[[length(rows) + 1]] <- data.frame(shape = "logistic", what = "difference", at = 0, value = difference)
write.csv(do.call(rbind, rows), "growth_by_r.csv", row.names = FALSE)
