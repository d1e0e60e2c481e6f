# A posterior for tests/reference/test_joint_posterior.py: bayes.csv in, posterior.csv out.
# Run in this folder: Rscript bayes.R   (two minutes, most of it compiling; needs brms and rstan)
#
# Each equation is in standard units before it is fitted: outcome and predictors are centred and scaled by the rows of the equation (all of
# them, none is missing). `0 + Intercept` keeps brms from centring again, so the prior of the intercept is that of the other engines.
suppressPackageStartupMessages(library(brms))
# Debian's BH package has no headers of its own; libboost-dev has them.
if (!nzchar(system.file("include", package = "BH"))) rstan::rstan_options(boost_lib = "/usr/include")

data <- read.csv("bayes.csv")
for (name in c("x", "m", "y")) data[[name]] <- drop(scale(data[[name]]))

model <- bf(m ~ 0 + Intercept + x + (1 + x | p | patient)) +
  bf(y ~ 0 + Intercept + m + x + (1 + m | p | patient)) +
  set_rescor(FALSE)
priors <- c(
  do.call(c, lapply(c("m", "y"), function(outcome) c(
    set_prior("normal(0, 0.3)", class = "b", resp = outcome),
    set_prior("normal(0, 1)", class = "b", coef = "Intercept", resp = outcome),
    set_prior("normal(0, 1)", class = "sigma", resp = outcome),
    set_prior("normal(0, 0.5)", class = "sd", resp = outcome)
  ))),
  set_prior("lkj(2)", class = "cor")
)
fit <- brm(
  model, data,
  prior = priors, chains = 4, iter = 3000, warmup = 1000, cores = 2, seed = 60, refresh = 0, backend = "rstan",
  control = list(adapt_delta = 0.95)
)
divergent <- sum(subset(nuts_params(fit), Parameter == "divergent__")$Value)
stopifnot(divergent == 0)

draws <- posterior::as_draws_array(fit)
effects <- c(m_Intercept = "m: intercept", y_Intercept = "y: intercept", m_x = "m: x", y_m = "y: m")
names_of <- c(
  b_m_Intercept = "m: intercept", b_m_x = "m: x", b_y_Intercept = "y: intercept", b_y_m = "y: m", b_y_x = "y: x",
  setNames(paste("sd patient", effects), paste0("sd_patient__", names(effects))),
  sigma_m = "sd residual m", sigma_y = "sd residual y"
)
for (i in seq_along(effects)) for (j in seq_len(i - 1)) {
  brms_names <- sprintf("cor_patient__%s__%s", names(effects)[c(i, j)], names(effects)[c(j, i)])
  names_of[intersect(brms_names, posterior::variables(draws))] <- sprintf("correlation patient %s with %s", effects[i], effects[j])
}
chosen <- posterior::subset_draws(draws, variable = names(names_of))
quantiles <- function(x) posterior::quantile2(x, probs = c(0.025, 0.975), names = FALSE)
rows <- lapply(names(names_of), function(name) {
  x <- posterior::extract_variable_matrix(chosen, name)
  data.frame(
    parameter = names_of[[name]], mean = mean(x), sd = sd(x), mcse_mean = posterior::mcse_mean(x), mcse_sd = posterior::mcse_sd(x),
    low = quantiles(x)[1], high = quantiles(x)[2], rhat = posterior::rhat(x)
  )
})
values <- do.call(rbind, rows)
stopifnot(nrow(values) == 5 + 4 + 2 + 6, values$rhat < 1.01)
values[-1] <- signif(values[-1], 8)
values$version <- paste("brms", packageVersion("brms"), "rstan", packageVersion("rstan"))
write.csv(values, "posterior.csv", row.names = FALSE, quote = FALSE)
