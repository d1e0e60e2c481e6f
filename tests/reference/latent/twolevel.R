# Three indicators of a mediator within and between patients, for tests/reference/test_latent.py: indicators.csv in, twolevel.csv out.
# Run in this folder: Rscript twolevel.R   (seconds; needs lavaan)
#
# Loadings are equal at both levels and have a mean of 1, intercepts a mean of 0 (effects coding), so that the mediator is in units of the
# mean of its indicators. Between patients each indicator has a unique variance, and the levels of the mediator and of y covary freely; x
# was assigned at each session, and has no part between patients in either account.
suppressPackageStartupMessages(library(lavaan))

data <- read.csv("indicators.csv")
model <- "
  level: 1
    f =~ NA*i1 + l1*i1 + l2*i2 + l3*i3
    f ~ a*x
    y ~ b*f + direct*x
    i1 ~~ e1*i1
    i2 ~~ e2*i2
    i3 ~~ e3*i3
    f ~~ sf*f
    y ~~ sy*y
  level: 2
    g =~ NA*i1 + l1*i1 + l2*i2 + l3*i3
    i1 ~~ u1*i1
    i2 ~~ u2*i2
    i3 ~~ u3*i3
    g ~~ vf*g
    y ~~ v*y
    g ~~ c*y
    i1 ~ n1*1
    i2 ~ n2*1
    i3 ~ n3*1
    g ~ m*1
  l1 + l2 + l3 == 3
  n1 + n2 + n3 == 0
"
fit <- sem(model, data = data, cluster = "patient", optim.force.converged = FALSE)
stopifnot(lavInspect(fit, "converged"))
table <- parameterEstimates(fit)
table <- unique(table[table$label != "" & table$op != "==", c("label", "est", "se")])
table <- table[!duplicated(table$label), ]
write.csv(table, "twolevel.csv", row.names = FALSE, quote = FALSE)
print(table)
