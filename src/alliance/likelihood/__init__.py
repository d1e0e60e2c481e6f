"""Likelihood of multilevel path diagrams with the random effects integrated out."""

from alliance.kept import keep_whole_files

keep_whole_files()
