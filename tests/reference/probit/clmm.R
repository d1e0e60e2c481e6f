# Ordered probit regression with a random intercept for tests/reference/test_probit.py: ordered.csv in, clmm.csv out.
# Run in this folder: Rscript clmm.R   (seconds; needs ordinal)
#
# The likelihood is integrated over the intercepts by adaptive Gauss-Hermite quadrature with 15 points. clmm has three thresholds and no
# intercept; here the first threshold is zero. Standard errors come from its Hessian, in which the standard deviation stands as a logarithm.
suppressPackageStartupMessages(library(ordinal))
data <- read.csv("ordered.csv")
control <- clmm.control(gradTol = 1e-8, grtol = 1e-10)
fit <- clmm(factor(y) ~ m + arm + (1 | patient), data, link = "probit", nAGQ = 15, Hess = TRUE, control = control)
covariance <- solve(fit$Hessian)
place <- c(coef(fit), log(as.numeric(fit$ST$patient)))
turn <- rbind(
  sd = c(0, 0, 0, 0, 0, as.numeric(fit$ST$patient)),
  intercept = c(-1, 0, 0, 0, 0, 0),
  m = c(0, 0, 0, 1, 0, 0),
  arm = c(0, 0, 0, 0, 1, 0),
  t2 = c(-1, 1, 0, 0, 0, 0),
  t3 = c(-1, 0, 1, 0, 0, 0)
)
estimate <- as.numeric(turn %*% place)
estimate[1] <- as.numeric(fit$ST$patient)
result <- data.frame(
  parameter = rownames(turn),
  estimate = estimate,
  se = sqrt(diag(turn %*% covariance %*% t(turn))),
  loglik = as.numeric(logLik(fit))
)
write.csv(format(result, digits = 13), "clmm.csv", row.names = FALSE, quote = FALSE)
