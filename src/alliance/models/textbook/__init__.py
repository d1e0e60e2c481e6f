"""The textbook analyses: separate mixed models, observed-mean centring, Monte Carlo intervals.

What most studies of the alliance report. One equation at a time is fitted by restricted maximum likelihood with statsmodels'
`MixedLM`, behind the guards of `guarded`. Its known weaknesses are measured and marked, not repaired: the joint families are for that.
"""
