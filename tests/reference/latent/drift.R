# Drifts of intercepts of three indicators over sessions, for tests/reference/test_invariance.py: indicators.csv in, drift.csv out.
# Run in this folder: Rscript drift.R   (seconds; needs lavaan)
#
# Within patients the construct and two of the indicators have slopes on the session; that of the first indicator is the construct's alone.
# At the other level all indicators covary freely. To make something drift, .05 a session is added to the second indicator.
suppressPackageStartupMessages(library(lavaan))

data <- read.csv("indicators.csv")
data$time <- data$session - ave(data$session, data$patient)
data$i2 <- data$i2 + 0.05 * data$session
model <- "
  level: 1
    f =~ NA*i1 + l1*i1 + l2*i2 + l3*i3
    f ~ trend*time
    i2 ~ d2*time
    i3 ~ d3*time
  level: 2
    i1 ~~ i2 + i3
    i2 ~~ i3
  l1 + l2 + l3 == 3
  mean := (d2 + d3) / 3
  drift1 := -l1 * mean
  drift2 := d2 - l2 * mean
  drift3 := d3 - l3 * mean
"
fit <- sem(model, data = data, cluster = "patient")
stopifnot(lavInspect(fit, "converged"))
table <- parameterEstimates(fit)
table <- table[table$label %in% c("l1", "l2", "l3", "drift1", "drift2", "drift3"), c("label", "est", "se")]
write.csv(table, "drift.csv", row.names = FALSE, quote = FALSE)
print(table)
