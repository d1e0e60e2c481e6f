"""The door for people: a study and its models, and the results of a run. What is in here stays as it is."""

from alliance.study.fit import Fit
from alliance.study.run import Run
from alliance.study.study import Study

__all__ = ["Fit", "Run", "Study"]
