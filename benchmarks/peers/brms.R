# The joint model in brms: random effects of both equations correlate through the shared group name (|p|).

folder <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)))
source(file.path(folder, "common.R"))
suppressMessages(library(brms))

job <- read_job()
data <- read_study(job)
# Debian's BH package has no headers of its own; they are where libboost-dev puts them.
if (!nzchar(system.file("include", package = "BH"))) rstan::rstan_options(boost_lib = "/usr/include")

model <- bf(alliance ~ technique + (technique_own | p | patient)) +
  bf(symptoms ~ alliance + technique + (alliance_own | p | patient)) +
  set_rescor(FALSE)
prior_of <- function(outcome) {
  p <- job$priors
  c(
    set_prior(sprintf("normal(0, %g)", p$intercept_sd), class = "Intercept", resp = outcome),
    set_prior(sprintf("normal(0, %g)", p$slope_sd), class = "b", resp = outcome),
    set_prior(sprintf("normal(0, %g)", p$residual_sd), class = "sigma", resp = outcome),
    set_prior(sprintf("normal(0, %g)", p$varying_sd), class = "sd", resp = outcome)
  )
}
priors <- c(prior_of("alliance"), prior_of("symptoms"), set_prior(sprintf("lkj(%g)", job$priors$correlations), class = "cor"))

compiled <- NULL
seconds_compile <- seconds_of(function() {
  compiled <<- brm(model, data, prior = priors, backend = "rstan", chains = 0, silent = 2, refresh = 0)
})
fit <- NULL
seconds_sampling <- seconds_of(function() {
  fit <<- suppressWarnings(update(
    compiled,
    recompile = FALSE, chains = job$chains, warmup = job$tune, iter = job$tune + job$draws,
    cores = job$cores, seed = job$seed, silent = 2, refresh = 0
  ))
})

draws <- as.data.frame(posterior::as_draws_df(fit, variable = "^(b_|sd_|cor_|sigma)", regex = TRUE))
write.csv(draws, job$draws_file, row.names = FALSE)
divergent <- sum(subset(nuts_params(fit), Parameter == "divergent__")$Value)
write_result(list(seconds_compile = seconds_compile, seconds_sampling = seconds_sampling, divergent = divergent))
