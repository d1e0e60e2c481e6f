"""Joint multilevel path models: all equations at once, random effects of patients and therapists integrated out.

One likelihood (`alliance.likelihood`) as a target of inference, explored as deep as the model's declaration says (`alliance.inference`).

`layout` says where the parameters stand, `target` and `posterior` what inference asks for, `maximum` what a maximum says in raw units;
`caution`, `profile`, `robustness` and `units` say what to bear in mind.
"""
