"""How the fit of a model went, what lies at the edge of what is possible, and what the results hang on."""

from typing import Final

from alliance.facts.cautions.declared import COMPONENTS, EQUATION, INFORMATION, MODEL, Caution

OF_FIT: Final = (
    # Variances and correlations at the edge of what is possible.
    Caution(
        "latent_spread",
        "boundary variance",
        "How far the means of a predictor differ between units: what 97.5% of the draws exceed. Near zero there is nothing to compare "
        "between units.",
        "slopes between these units",
        "at least",
        0.1,
        "residual standard deviations",
        plain="these patients or therapists hardly differ, so it is poorly known",
    ),
    Caution(
        "boundary_sd",
        "boundary variance",
        "How much an intercept or slope differs between units. At zero the data show no such differences; whatever is computed from them, "
        "covariances first of all, rests on the edge of what is possible, and intervals do not hold there.",
        COMPONENTS,
        "at least",
        0.01,  # a hundredth of the outcome's is no difference between units that anybody could see
        "standard deviations of the outcome",
        plain="these patients or therapists hardly differ, so it is poorly known",
    ),
    Caution(
        "profiled_sd",
        "boundary variance",
        "How much an intercept or slope differs between units, at the lower end of the interval in which the likelihood falls little. At "
        "zero no difference at all is compatible with the data.",
        "variances, covariances and correlations of the intercept or slope",
        "above",
        0,
        "raw units",
        source="Self and Liang 1987, doi 10.2307/2289471; Stram and Lee 1994, doi 10.2307/2533455",
        plain="these patients or therapists hardly differ, so it is poorly known",
    ),
    Caution(
        "separate_boundary",
        "boundary variance",
        "The best estimate is that an intercept or slope does not differ between units, or only as others do. Such an estimate at the edge "
        "of what is possible means that the data hardly tell how much it varies. The value is its standard deviation.",
        "variances, shares of variance and correlations of the intercept or slope",
        "never",
        unit="raw units",
        plain="these patients or therapists hardly differ, so it is poorly known",
    ),
    Caution(
        "boundary_correlation",
        "boundary correlation",
        "Multiple correlation of an intercept or slope with the others that vary between the same units. At one the data do not show it as "
        "something of its own: there are too few units or sessions for so many that vary. Where several are tied to each other, the one "
        "that varies least is named, as the rows tell least about it.",
        COMPONENTS,
        "at most",
        0.99,  # the others then explain 98 % of the variance
        "multiple correlation",
        plain="how differences go together cannot be told from these data",
    ),
    # How far the data tell.
    Caution(
        "hardly_known",
        "hardly known",
        "How wide the 95% interval is of how units differ in one average by another, in standard deviations of the two averages between "
        "these units; the widest is shown. Above the threshold it is as wide as the way from no difference to a large one, as that of a "
        "correlation in 60 people is. It may still lie on one side of zero: the direction is known then, and hardly how much. Read the "
        "interval, not the number.",
        "the estimates between patients or between therapists that are beyond the threshold",
        "at most",
        # Simulated studies: .5 to .9 with 50 or 60 patients, .2 to .3 with 300; .7 and more between therapists who are few or alike.
        0.5,
        "standard deviations",
        source="Cohen 1992, doi 10.1037/0033-2909.112.1.155: a correlation of .5 is large",
        plain="the data say little about it",
    ),
    # How the fit went.
    Caution(
        "not_contrasted",
        "not compared with other models",
        "The model is declared to be compared with others of the same word. Its units are not independent clusters, for the reason beside "
        "it, so nothing says how its estimates go together with those of other models.",
        INFORMATION,
        "always",
    ),
    Caution(
        "not_fitted",
        "not fitted",
        "The model could not be fitted, for the reason beside it, and nothing is reported of it; the rest of the report does without it.",
        MODEL,
        "never",
        plain="the model could not be fitted",
    ),
    Caution(
        "convergence",
        "convergence",
        "Whether the search ended where no step makes the data more likely. The value is the gain that a further step promises; if the "
        "search did not converge, the estimates are not those of the model.",
        MODEL,
        "by the fit",
        unit="log-likelihood",
        plain="the computation did not end cleanly",
    ),
    Caution(
        "second_maximum",
        "second maximum",
        "How much lower another maximum is that the search found from another start; none if there is no value. One that is hardly lower "
        "and lies elsewhere means that the data do not decide between two accounts, usually between lasting differences of patients and "
        "the influence of the past: add initial values (names ending in _baseline) as predictors.",
        MODEL,
        "by the fit",
        1.92,  # twice the difference is what the likelihood-ratio test at 5 % compares with 3.84
        "log-likelihood",
        plain="another solution fits the data about as well",
    ),
    Caution(
        "separate_maximum",
        "convergence",
        "Whether statsmodels has the log-likelihood of the maximum that a second evaluation found, from two starts; the value is what is "
        "missing. Where it has not, or has none, the estimates are those of the second evaluation.",
        EQUATION,
        "by the fit",
        1e-3,  # far below anything that moves a standard error's second digit
        "log-likelihood",
        plain="the computation did not end cleanly",
    ),
    Caution(
        "separate_gradient",
        "gradient",
        "Whether the likelihood falls in every direction from there. The value is what one more step of Newton's method would still add; "
        "at a maximum it is nothing.",
        EQUATION,
        "by the fit",
        unit="log-likelihood",
        plain="the computation did not end cleanly",
    ),
    Caution(
        "separate_effects",
        "coefficients",
        "Largest distance between the coefficients of statsmodels and those of a second evaluation, which count where they differ.",
        EQUATION,
        "at most",
        0.01,
        "standard errors",
        plain="two ways of computing it disagree",
    ),
    Caution(
        "statsmodels_warning",
        "statsmodels warning",
        "What statsmodels said while fitting; whether it matters is decided by the comparison with a second evaluation.",
        INFORMATION,
        "always",
    ),
    Caution(
        "failed_bootstrap",
        "bootstrap",
        "Share of the bootstrap samples in which the model has no clear maximum. They are left out, so what remains is not quite a random "
        "selection.",
        MODEL,
        "at most",
        0.05,
        "share of samples",
        plain="in many resampled studies it could not be computed",
    ),
    Caution(
        "pareto_k",
        "Pareto k",
        "How far the normal approximation of the posterior is from the posterior itself. Up to the threshold the weights of importance "
        "sampling make up for it; above, sample with 'depth: nuts'.",
        MODEL,
        "at most",
        0.7,
        source="Vehtari et al. 2024, jmlr.org/papers/v25/19-556.html",
        plain="an approximation behind it is not good enough",
    ),
    Caution(
        "rhat",
        "R-hat",
        "Chains that explored the same region agree: R-hat is near 1. Above the threshold, sample longer. Where missing cells were filled "
        "in, chains are compared within each completed data set, whose threshold allows for its share of the draws.",
        MODEL,
        "at most",
        setting="rhat_max",
        source="Vehtari et al. 2021, doi 10.1214/20-BA1221",
        plain="the computation has not settled; sample longer",
    ),
    Caution(
        "bulk_ess",
        "bulk ESS",
        "Effective number of independent draws for the centre of the posterior, smallest of all quantities; counted within completed data "
        "sets and added, where there are several.",
        "the quantities with fewer draws",
        "at least",
        unit="draws",
        setting="ess_min",
        source="Vehtari et al. 2021, doi 10.1214/20-BA1221",
        plain="it was computed from too few draws; sample longer",
    ),
    Caution(
        "tail_ess",
        "tail ESS",
        "Effective number of independent draws for the ends of the intervals, smallest of all quantities; counted within completed data "
        "sets and added, where there are several.",
        "the quantities with fewer draws",
        "at least",
        unit="draws",
        setting="ess_min",
        source="Vehtari et al. 2021, doi 10.1214/20-BA1221",
        plain="its interval was computed from too few draws; sample longer",
    ),
    Caution(
        "divergences",
        "divergences",
        "Steps at which the sampler lost its way; many of them mean that part of the posterior was not explored.",
        MODEL,
        "at most",
        unit="steps",
        setting="divergences_max",
        plain="the computation missed part of what is possible; sample longer",
    ),
    # Whether the model could have made the data.
    Caution(
        "predictive_check",
        "predictive check",
        "Share of data sets generated from the model that are as far out as the data on a statistic of an outcome, the rarest of them. "
        "Near zero the model does not make such data: read what it says of the outcome together with the table of predictive checks.",
        EQUATION,
        "at least",
        0.005,  # at most one of 300 generated data sets; several statistics are looked at
        "share of data sets",
        source="Gelman, Meng and Stern 1996, Statistica Sinica 6, 733-807",
        plain="the model does not reproduce the data in a respect that matters",
    ),
    # What the results hang on.
    Caution(
        "person_trends",
        "person trends",
        "How probable it would be, if no patient had a trend of their own, that a model with such trends explains the data as much better "
        "as it does. Below the threshold patients drift in ways that the model takes for the influence of their past: look at the "
        "estimates with trends, or let time vary between patients.",
        "the estimates that trends move by more than a quarter of a standard error, and those between patients or therapists, which are "
        "about the levels at which series without a trend settle",
        "by the fit",
        0.01,
        "probability",
        source="Stram and Lee 1994, doi 10.2307/2533455; Falkenström et al. 2017, doi 10.1037/ccp0000231",
        plain="patients’ own trends explain part of it",
    ),
    Caution(
        "lasting_residuals",
        "lasting residuals",
        "How probable it would be, if what the equations leave of an outcome at one session said nothing about the next, that residuals "
        "which depend on the one before explain the data as much better as they do.",
        INFORMATION,
        "always",
        unit="probability",
    ),
    Caution(
        "sessions_of_variability",
        "few sessions to vary in",
        "Sessions of the middling patient in an equation whose residual variance differs between patients. In few of them the variability "
        "of a patient can hardly be seen, and the distribution that is assumed for it decides.",
        "how much patients differ in variability, and what goes along with it",
        "at least",
        8,  # tried with 4 and more: validation/README.md
        "sessions",
        plain="patients have few sessions, so how much they fluctuate is poorly known",
    ),
    Caution(
        "differing_variability",
        "patients who vary alike",
        "How probable it would be, if all patients fluctuated alike, that a model in which they differ explains the data as much better as "
        "it does; and which estimate would move most if they were taken as alike.",
        INFORMATION,
        "always",
        unit="probability",
        source="Stram and Lee 1994, doi 10.2307/2533455",
    ),
    Caution(
        "boundary_autocorrelation",
        "boundary autocorrelation",
        "How much residuals of a patient may go with the one before, at the outer end of the interval. Near one they last as long as "
        "differences between patients do, and the data do not tell the two apart.",
        "standard deviations, correlations and autocorrelations of the equation",
        "at most",
        0.95,  # after ten sessions .6 is left, and few series are longer than what is needed to see it go
        "correlation",
        plain="how long what is left of a session lasts cannot be told from these data",
    ),
    Caution(
        "no_autocorrelation",
        "boundary autocorrelation",
        "How probable it would be, if residuals of a patient a week apart had nothing to do with each other, that letting them last "
        "explains the data as much better as it does. By days a correlation cannot be below zero; where it is not told from zero, half of "
        "what chance does to it is cut off: an interval by maximum likelihood then reaches to zero, one of a posterior cannot.",
        "autocorrelations of the equation",
        "at most",
        0.05,  # simulated studies in which nothing lasts: validation/autocorrelation
        "probability",
        plain="how long what is left of a session lasts cannot be told from these data",
    ),
    Caution(
        "influential_unit",
        "influential unit",
        "How far an estimate moves at most when one unit is left out. A change of sign, or a model without a clear estimate once a unit "
        "is missing, is flagged as well.",
        "the estimate named",
        "by the fit",
        1.0,
        "standard errors",
        plain="one patient or therapist decides it",
    ),
    Caution(
        "prior_sensitivity",
        "prior sensitivity",
        "How much first steps, second steps and indirect estimates depend on the priors of a block, most of all the one named; the limit "
        "is higher where draws paired with the priors at random move further.",
        "the estimates beyond the threshold",
        "at most",
        0.05,
        source="Kallioinen et al. 2024, doi 10.1007/s11222-023-10366-5",
        plain="it depends on what was assumed beforehand (priors)",
    ),
    # What the engine of a family leaves out.
    Caution(
        "one_therapist_each",
        "one therapist each",
        "Number of patients with several therapists, each of whom counts in this equation as a patient of the therapist of most of the "
        "sessions it uses: equations fitted by themselves have no patients crossed with therapists. Joint models have.",
        INFORMATION,
        "always",
        unit="patients",
    ),
)
