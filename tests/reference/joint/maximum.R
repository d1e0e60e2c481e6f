# Maximum likelihood for tests/reference/test_joint_maximum.py: mediation.csv, lagged.csv and nested.csv in, maximum.csv out.
# Run in this folder: Rscript maximum.R   (two minutes; needs nlme and lme4)
#
# Equations are stacked (Bauer, Preacher & Gil 2006): one row per outcome and session, an indicator of the equation times its predictors,
# one residual variance per equation, one covariance matrix for the effects of a unit in all equations. Predictors are centred at
# the mean of the equation's rows, and fixed intercepts are turned back to predictors of zero. Varying slopes multiply deviations from the
# patient's own mean over the rows of the equation (Kreft, de Leeuw & Aiken 1995), or where the first value of y is among the predictors from
# what it leads one to expect, over all rows: fixed and varying effects have columns of their own.
#
# What is written, by kind:
#   loglik      log-likelihood of the outcomes in their own units, constants included (ML, not REML)
#   estimate    fixed effects, standard deviations, correlations, residual standard deviations
#   se_given    standard errors of fixed effects from (X'V^-1 X)^-1 at the estimates, which is what vcov() returns for lmer and for
#               lme. summary.lme prints sqrt(N / (N - p)) times these under ML (adjustSigma = TRUE); summary.merMod prints these.
#   se          standard errors of all parameters from the observed information, computed here: nlme and lme4 do not report it
#   promise     what a further Newton step would gain in log-likelihood; an estimate is off by less than sqrt(2 promise) standard errors
#   second      log-likelihood found by another optimiser, from another start with nlme
suppressPackageStartupMessages({
  library(nlme)
  library(lme4)
})

studies <- list(
  mediation = list(
    file = "mediation.csv",
    on = list(m = "x", y = c("m", "x")),
    vary = list(patient = c("m: intercept", "y: intercept", "m: x", "y: m", "y: x"))
  ),
  lagged = list(
    file = "lagged.csv",
    on = list(m = c("x", "y_lag", "y_baseline"), y = c("m", "y_lag", "y_baseline")),
    vary = list(patient = c("m: intercept", "y: intercept", "y: m"))
  ),
  one_equation = list(
    file = "nested.csv",
    on = list(y = c("m", "x")),
    vary = list(patient = c("y: intercept", "y: m"), therapist = "y: intercept")
  ),
  nested = list(
    file = "nested.csv",
    on = list(m = "x", y = c("m", "x")),
    vary = list(patient = c("m: intercept", "y: intercept", "y: m"), therapist = c("m: intercept", "y: intercept"))
  )
)

# One row per outcome and session, one column per fixed effect, named as in the tables of the package: x for the average effects, z for what
# units deviate from them.
stack_equations <- function(study) {
  data <- read.csv(study$file)
  names <- unlist(lapply(names(study$on), function(o) paste0(o, ": ", c("intercept", study$on[[o]]))))
  parts <- list()
  means <- setNames(numeric(length(names)), names)
  for (outcome in names(study$on)) {
    on <- study$on[[outcome]]
    rows <- data[complete.cases(data[, c(outcome, on)]), ]
    x <- matrix(0, nrow(rows), length(names), dimnames = list(NULL, names))
    x[, paste0(outcome, ": intercept")] <- 1
    z <- x
    for (term in on) {
      name <- paste0(outcome, ": ", term)
      means[name] <- mean(rows[[term]])
      x[, name] <- rows[[term]] - means[name]
      level <- if ("y_baseline" %in% on) fitted(lm(rows[[term]] ~ rows$y_baseline)) else ave(rows[[term]], rows$patient)
      z[, name] <- rows[[term]] - level
    }
    parts[[outcome]] <- list(rows = data.frame(rows[, c("patient", "therapist")], equation = outcome, value = rows[[outcome]]), x = x, z = z)
  }
  bind <- function(part) do.call(rbind, lapply(parts, `[[`, part))
  list(rows = bind("rows"), x = bind("x"), z = bind("z"), means = means)
}

# Matrix that turns the fixed intercepts back to predictors of zero.
uncentre <- function(means) {
  back <- diag(length(means))
  dimnames(back) <- list(names(means), names(means))
  for (name in names(means)) {
    intercept <- sub(":.*", ": intercept", name)
    if (name != intercept) back[intercept, name] <- -means[name]
  }
  back
}

correlation_names <- function(level, effects) {
  places <- which(lower.tri(diag(length(effects))), arr.ind = TRUE)
  places <- places[order(places[, 1], places[, 2]), , drop = FALSE]
  list(names = sprintf("correlation %s %s with %s", level, effects[places[, 1]], effects[places[, 2]]), places = places)
}

parameter_names <- function(study, stacked) {
  varying <- unlist(lapply(names(study$vary), function(level) {
    effects <- study$vary[[level]]
    c(sprintf("sd %s %s", level, effects), if (length(effects) > 1) correlation_names(level, effects)$names)
  }))
  c(colnames(stacked$x), varying, paste("sd residual", names(study$on)))
}

covariance_of <- function(theta, level, effects) {
  sd <- theta[sprintf("sd %s %s", level, effects)]
  matrix <- diag(length(effects))
  if (length(effects) > 1) {
    chosen <- correlation_names(level, effects)
    matrix[chosen$places] <- theta[chosen$names]
    matrix[chosen$places[, 2:1, drop = FALSE]] <- theta[chosen$names]
  }
  matrix * outer(sd, sd)
}

# The multivariate normal density itself, unit by unit of the highest level: no formula is shared with nlme or lme4.
make_loglik <- function(study, stacked) {
  top <- if ("therapist" %in% names(study$vary)) "therapist" else "patient"
  blocks <- lapply(split(seq_len(nrow(stacked$x)), stacked$rows[[top]]), function(chosen) {
    rows <- stacked$rows[chosen, ]
    list(
      x = stacked$x[chosen, , drop = FALSE], z = stacked$z[chosen, , drop = FALSE], y = rows$value, equation = rows$equation,
      same = lapply(setNames(nm = names(study$vary)), function(level) outer(rows[[level]], rows[[level]], `==`))
    )
  })
  function(theta) {
    beta <- theta[colnames(stacked$x)]
    covariances <- lapply(setNames(nm = names(study$vary)), function(level) covariance_of(theta, level, study$vary[[level]]))
    sum(vapply(blocks, function(block) {
      v <- diag(theta[paste("sd residual", block$equation)]^2, nrow = length(block$y))
      for (level in names(covariances)) {
        z <- block$z[, study$vary[[level]], drop = FALSE]
        v <- v + (z %*% covariances[[level]] %*% t(z)) * block$same[[level]]
      }
      root <- chol(v)
      left <- backsolve(root, block$y - block$x %*% beta, transpose = TRUE)
      -sum(log(diag(root))) - sum(left^2) / 2 - length(block$y) / 2 * log(2 * pi)
    }, numeric(1)))
  }
}

from_covariance <- function(level, effects, covariance) {
  sd <- sqrt(diag(covariance))
  values <- setNames(sd, sprintf("sd %s %s", level, effects))
  if (length(effects) > 1) {
    chosen <- correlation_names(level, effects)
    values <- c(values, setNames((covariance / outer(sd, sd))[chosen$places], chosen$names))
  }
  values
}

# optim() stops closer to the maximum than nlminb(), lme's default, which is second and starts from large variances without EM steps.
fit_nlme <- function(study, stacked, optimiser) {
  short <- setNames(make.names(colnames(stacked$x)), colnames(stacked$x))
  deviations <- setNames(paste0("z.", short), names(short))
  data <- cbind(stacked$rows, setNames(as.data.frame(stacked$x), short), setNames(as.data.frame(stacked$z), deviations))
  right <- function(columns) paste("0 +", paste(columns, collapse = " + "))
  levels <- rev(names(study$vary)) # therapists first: nlme nests from left to right
  first <- optimiser == "optim"
  random <- lapply(setNames(nm = levels), function(level) {
    effects <- unname(deviations[study$vary[[level]]])
    large <- matrix(diag(4, length(effects)), length(effects), dimnames = list(effects, effects))
    pdLogChol(if (first) numeric(0) else large, as.formula(paste("~", right(effects))))
  })
  fit <- lme(
    as.formula(paste("value ~", right(short))),
    data = data, random = random, weights = varIdent(form = ~ 1 | equation), method = "ML",
    control = lmeControl(
      opt = optimiser, maxIter = 1000, msMaxIter = 2000, msMaxEval = 20000, niterEM = if (first) 100 else 0,
      tolerance = 1e-12, msTol = 1e-14, natural = FALSE
    )
  )
  residual <- fit$sigma / varWeights(fit$modelStruct$varStruct)[match(names(study$on), data$equation)]
  varying <- unlist(lapply(names(study$vary), function(level) {
    covariance <- as.matrix(pdMatrix(fit$modelStruct$reStruct)[[level]]) * fit$sigma^2
    order <- deviations[study$vary[[level]]]
    from_covariance(level, study$vary[[level]], covariance[order, order, drop = FALSE])
  }))
  list(
    fixed = setNames(fixef(fit), colnames(stacked$x)), covariance = unname(vcov(fit)), varying = varying,
    residual = residual, loglik = as.numeric(logLik(fit)), engine = paste("nlme", packageVersion("nlme"))
  )
}

fit_lme4 <- function(study, stacked, optimiser) {
  data <- cbind(stacked$rows, as.data.frame(stacked$x))
  names(data) <- sub(".*: ", "", names(data))
  data$z <- stacked$z[, "y: m"]
  control <- list(
    bobyqa = lmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-11, maxfun = 1e5)),
    Nelder_Mead = lmerControl(optimizer = "Nelder_Mead", optCtrl = list(FtolAbs = 1e-14, FtolRel = 1e-16, XtolRel = 1e-10, maxfun = 1e5))
  )[[optimiser]]
  fit <- lmer(value ~ 1 + m + x + (1 + z | patient) + (1 | therapist), data, REML = FALSE, control = control)
  varying <- unlist(lapply(names(study$vary), function(level) {
    from_covariance(level, study$vary[[level]], as.matrix(VarCorr(fit)[[level]]))
  }))
  list(
    fixed = setNames(fixef(fit), colnames(stacked$x)), covariance = unname(as.matrix(vcov(fit))), varying = varying,
    residual = sigma(fit), loglik = as.numeric(logLik(fit)), engine = paste("lme4", packageVersion("lme4"))
  )
}

# Gradient and second derivatives by central differences with steps of .02, .01 and .005, extrapolated to none (Richardson).
differentiate <- function(f, at) {
  extrapolate <- function(difference) {
    values <- vapply(c(0.02, 0.01, 0.005), difference, numeric(1))
    once <- (4 * values[-1] - values[-3]) / 3
    (16 * once[2] - once[1]) / 15
  }
  size <- length(at)
  unit <- function(i, h) replace(numeric(size), i, h)
  gradient <- vapply(seq_len(size), function(i) extrapolate(function(h) (f(at + unit(i, h)) - f(at - unit(i, h))) / (2 * h)), numeric(1))
  hessian <- matrix(0, size, size)
  for (i in seq_len(size)) for (j in seq_len(i)) {
    hessian[i, j] <- hessian[j, i] <- extrapolate(function(h) {
      one <- unit(i, h)
      other <- unit(j, h)
      (f(at + one + other) - f(at + one - other) - f(at - one + other) + f(at - one - other)) / (4 * h^2)
    })
  }
  list(gradient = gradient, hessian = hessian)
}

record <- function(name) {
  study <- studies[[name]]
  stacked <- stack_equations(study)
  optimisers <- if (name == "one_equation") c("bobyqa", "Nelder_Mead") else c("optim", "nlminb")
  fitter <- if (name == "one_equation") fit_lme4 else fit_nlme
  fits <- lapply(optimisers, function(optimiser) fitter(study, stacked, optimiser))
  fit <- fits[[1]]
  names(fit$varying) <- sub("^[^.]*[.]", "", names(fit$varying))
  theta <- c(fit$fixed, fit$varying, setNames(fit$residual, paste("sd residual", names(study$on))))
  theta <- theta[parameter_names(study, stacked)]
  loglik <- make_loglik(study, stacked)
  stopifnot(abs(loglik(theta) - fit$loglik) < 1e-8)
  derivatives <- differentiate(loglik, theta)
  gradient <- derivatives$gradient
  covariance <- solve(-derivatives$hessian)
  back <- diag(length(theta))
  fixed <- seq_along(fit$fixed)
  back[fixed, fixed] <- uncentre(stacked$means)
  estimate <- drop(back %*% theta)
  row <- function(kind, parameter, value) data.frame(model = name, kind, parameter, value)
  values <- rbind(
    row("loglik", "", fit$loglik),
    row("second", "", fits[[2]]$loglik),
    row("promise", "", sum(gradient * (covariance %*% gradient)) / 2),
    row("estimate", names(theta), estimate),
    row("se_given", names(fit$fixed), sqrt(diag(back[fixed, fixed] %*% fit$covariance %*% t(back[fixed, fixed])))),
    row("se", names(theta), sqrt(diag(back %*% covariance %*% t(back))))
  )
  values$value <- signif(values$value, 13)
  cbind(values, version = fit$engine)
}

values <- do.call(rbind, lapply(names(studies), record))
write.csv(values, "maximum.csv", row.names = FALSE, quote = FALSE)
