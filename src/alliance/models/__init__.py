"""Models: what is declared, what a likelihood sees of it, what is computed from its parameters, and what must be known of a fit.

A family (`alliance.facts.families`) fits a declared diagram and returns draws of its paths in one container. It is a package with
``fit(panel, name, spec, settings) -> FitResult`` in its module `fit`, and its own settings, if it has any, in `settings`.
"""
