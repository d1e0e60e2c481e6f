"""The two equations as two separate models in lme-python (Rust): ``python lme_peer.py job.json result.json``."""

import lme_python
from python_lmm import measure

if __name__ == "__main__":
    measure(
        lambda formula, data: lme_python.lmer(formula, data=data, reml=False),
        lambda fit: float(fit.log_likelihood),
    )
