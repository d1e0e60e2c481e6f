# Records what metafor (3.8-1) says of three sets of sites: Rscript tests/reference/synthesis/synthesis.R
# bcg: thirteen trials of the BCG vaccine against tuberculosis, log relative risks (Colditz et al. 1994, JAMA 271, 698; the counts are those
# of dat.bcg). sites: six invented sites. agreeing: four invented sites without any difference between them.
suppressMessages(library(metafor))
here <- "tests/reference/synthesis"

bcg <- escalc(measure = "RR",
  ai = c(4, 6, 3, 62, 33, 180, 8, 505, 29, 17, 186, 5, 27), bi = c(119, 300, 228, 13536, 5036, 1361, 2537, 87886, 7470, 1699, 50448, 2493, 16886),
  ci = c(11, 29, 11, 248, 47, 372, 10, 499, 45, 65, 141, 3, 29), di = c(128, 274, 209, 12619, 5761, 1079, 619, 87892, 7232, 1600, 27197, 2338, 17825))
sets <- list(
  bcg = data.frame(estimate = as.numeric(bcg$yi), error = sqrt(bcg$vi)),
  sites = data.frame(estimate = c(-0.16, -0.24, -0.05, -0.31, -0.12, -0.19), error = c(0.018, 0.041, 0.033, 0.062, 0.027, 0.080)),
  agreeing = data.frame(estimate = c(-0.110, -0.120, -0.100, -0.115), error = c(0.020, 0.030, 0.040, 0.025))
)
write.csv(do.call(rbind, lapply(names(sets), function(set) cbind(set = set, sets[[set]]))), file.path(here, "sites.csv"), row.names = FALSE)

tight <- list(threshold = 1e-14, maxiter = 10000, tol = 1e-14)
row <- function(set) {
  data <- sets[[set]]
  fit <- function(test) rma(estimate, sei = error, data = data, method = "REML", test = test, control = tight)
  knapp <- fit("knha"); never_narrower <- fit("adhoc"); common <- rma(estimate, sei = error, data = data, method = "EE")
  between <- confint(knapp, control = list(tol = 1e-14, maxiter = 10000))$random
  ahead <- predict(never_narrower, pi.type = "riley")
  scale <- knapp$se^2 * sum(1 / (data$error^2 + knapp$tau2))
  data.frame(set = set, estimate = as.numeric(knapp$beta), error_plain = knapp$se, error = never_narrower$se, low = never_narrower$ci.lb,
    high = never_narrower$ci.ub, tau = sqrt(knapp$tau2), tau_low = between["tau", "ci.lb"], tau_high = between["tau", "ci.ub"],
    share = knapp$I2 / 100, share_low = between["I^2(%)", "ci.lb"] / 100, share_high = between["I^2(%)", "ci.ub"] / 100,
    q = knapp$QE, p_value = knapp$QEp, predicted_low = ahead$pi.lb, predicted_high = ahead$pi.ub,
    common = as.numeric(common$beta), common_low = common$ci.lb, common_high = common$ci.ub, scale = scale)
}
options(digits = 15)
write.csv(do.call(rbind, lapply(names(sets), row)), file.path(here, "pooled.csv"), row.names = FALSE)

# What partial pooling makes of each site: best linear unbiased predictions beside the mean that is never narrower.
shrunk <- function(set) {
  drawn <- blup(rma(estimate, sei = error, data = sets[[set]], method = "REML", test = "adhoc", control = tight))
  data.frame(set = set, estimate = drawn$pred, low = drawn$pi.lb, high = drawn$pi.ub)
}
write.csv(do.call(rbind, lapply(names(sets), shrunk)), file.path(here, "shrunk.csv"), row.names = FALSE)
