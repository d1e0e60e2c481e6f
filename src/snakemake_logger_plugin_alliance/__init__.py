"""Snakemake finds what it may write through (``--logger alliance``) by the name of this package."""

from alliance.runs.progress import Progress as LogHandler

__all__ = ["LogHandler"]
