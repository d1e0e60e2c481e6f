# What the R peers share: a job in, a result out, and how a fit is timed.

arguments <- commandArgs(trailingOnly = TRUE)

read_job <- function() jsonlite::fromJSON(arguments[1])

write_result <- function(result) {
  writeLines(jsonlite::toJSON(result, auto_unbox = TRUE, digits = NA, null = "null"), arguments[2])
}

read_study <- function(job) {
  data <- read.csv(job$data, stringsAsFactors = TRUE)
  data$session <- NULL
  data
}

seconds_of <- function(call) {
  start <- proc.time()[["elapsed"]]
  call()
  proc.time()[["elapsed"]] - start
}

# Median of several fits after a warm-up. A first fit of more than a minute is the measurement.
time_fit <- function(fit, repetitions, budget = 60) {
  found <- NULL
  once <- function() seconds_of(function() found <<- fit())
  times <- once()
  if (times < budget) {
    times <- numeric(0)
    while (length(times) < repetitions && sum(times) < budget) times <- c(times, once())
  }
  list(fit = found, seconds = median(times), repetitions = length(times))
}
