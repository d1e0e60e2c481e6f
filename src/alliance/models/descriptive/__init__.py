"""Family of models without a path diagram: statistics of the panel, with the spread they have in samples of patients or therapists."""
