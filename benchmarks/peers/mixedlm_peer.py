"""The two equations as two separate models in mixedlm (Rust): ``python mixedlm_peer.py job.json result.json``."""

import mixedlm
from python_lmm import measure

if __name__ == "__main__":
    measure(
        lambda formula, data: mixedlm.lmer(formula, data, REML=False),
        lambda fit: float(fit.logLik().value),
    )
