# The nearest package for each newer part of a model, on the same data: nlme (series), lme4 (answers), ordinal (ordered answers), lavaan (constructs).

folder <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)))
source(file.path(folder, "common.R"))

job <- read_job()
data <- read.csv(job$data, stringsAsFactors = TRUE)
data$week <- data$days / 7

series <- function(structure) {
  function() lme(lasting ~ technique, data, random = ~ 1 | patient, correlation = structure, method = "REML")
}

# What lme says: the correlation a week apart, whichever way the structure is written.
of_series <- function(weekly) {
  function(fit) {
    found <- coef(fit$modelStruct$corStruct, unconstrained = FALSE)
    list(
      estimates = list(
        effect = fixef(fit)[["technique"]], autocorrelation = weekly(found[[1]]),
        "sd of levels" = sqrt(as.matrix(fit$modelStruct$reStruct$patient)[1, 1]) * fit$sigma
      ),
      errors = list(effect = sqrt(vcov(fit)["technique", "technique"]))
    )
  }
}

# Adaptive quadrature with 15 points: the integral, as stochastic EM has it. The Laplace approximation of the default would be quicker.
answers <- function() {
  suppressMessages(library(lme4))
  glmer(answer ~ technique + (1 | patient), data, family = binomial("probit"), nAGQ = 15)
}

of_answers <- function(fit) {
  list(
    estimates = list(effect = fixef(fit)[["technique"]], "sd of levels" = getME(fit, "theta")[[1]]),
    errors = list(effect = sqrt(vcov(fit)["technique", "technique"]))
  )
}

ordered_answers <- function() {
  suppressMessages(library(ordinal))
  clmm(factor(steps) ~ technique + (1 | patient), data = data, link = "probit", nAGQ = 15)
}

of_ordered_answers <- function(fit) {
  list(
    estimates = list(effect = coef(fit)[["technique"]], "sd of levels" = fit$ST$patient[1, 1]),
    errors = list(effect = sqrt(vcov(fit)["technique", "technique"]))
  )
}

# Loadings equal at both levels with a mean of 1: the construct in units of the mean of its indicators. See tests/reference/latent.
constructs <- function() {
  suppressMessages(library(lavaan))
  sem("
    level: 1
      f =~ NA*i1 + l1*i1 + l2*i2 + l3*i3
      f ~ a*technique
      following ~ b*f + direct*technique
    level: 2
      g =~ NA*i1 + l1*i1 + l2*i2 + l3*i3
      i1 ~ n1*1
      i2 ~ n2*1
      i3 ~ n3*1
      g ~ 1
      g ~~ g
      g ~~ following
      i1 ~~ i1
      i2 ~~ i2
      i3 ~~ i3
    l1 + l2 + l3 == 3
    n1 + n2 + n3 == 0
  ", data = data, cluster = "patient")
}

of_constructs <- function(fit) {
  table <- parameterEstimates(fit)
  at <- function(label, what) table[table$label == label, what][[1]]
  list(
    estimates = list(effect = at("direct", "est"), "effect of construct" = at("b", "est")),
    errors = list(effect = at("direct", "se"), "effect of construct" = at("b", "se"))
  )
}

suppressMessages(library(nlme))
peers <- list(
  "series by sessions" = list(series(corAR1(form = ~ session | patient)), of_series(identity)),
  "series by days" = list(series(corExp(form = ~ week | patient)), of_series(function(range) exp(-1 / range))),
  "answers" = list(answers, of_answers),
  "ordered answers" = list(ordered_answers, of_ordered_answers),
  "constructs" = list(constructs, of_constructs)
)
peer <- peers[[job$capability]]
timed <- time_fit(function() suppressWarnings(peer[[1]]()), job$repetitions)
write_result(c(list(seconds = timed$seconds, repetitions = timed$repetitions), peer[[2]](timed$fit)))
