"""Joint Bayesian models with explicit random effects (PyMC): the plain reading of a path diagram.

`build` makes the model; what comes before and after it is shared with the other joint family, see `alliance.models.joint`.
"""
