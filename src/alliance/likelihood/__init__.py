"""Likelihood of multilevel path diagrams with the random effects integrated out."""
