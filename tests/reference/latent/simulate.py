"""Write indicators.csv: three indicators of a mediator, x -> mediator -> y, at 8 sessions of 120 patients, for twolevel.R."""

from pathlib import Path

import numpy as np
import pandas as pd

PATIENTS, SESSIONS, SEED = 120, 8, 20
A, B, DIRECT = 0.4, -0.4, 0.1
LOADINGS, INTERCEPTS, ERRORS, LASTING = (1.1, 1.0, 0.9), (0.3, 0.0, -0.3), (1.0, 1.3, 0.8), (0.4, 0.3, 0.5)


def main() -> None:
    """Simulate; what the mediator really is stays behind."""
    rng = np.random.default_rng(SEED)
    levels = rng.multivariate_normal([0, 0], [[0.5, -0.2], [-0.2, 0.6]], PATIENTS)
    patient, session = np.repeat(np.arange(PATIENTS), SESSIONS), np.tile(np.arange(1, SESSIONS + 1), PATIENTS)
    count = len(patient)
    x = rng.standard_normal(count)
    f = levels[patient, 0] + A * x + rng.standard_normal(count)
    y = levels[patient, 1] + B * f + DIRECT * x + rng.standard_normal(count)
    table = pd.DataFrame({"patient": [f"P{number + 1:03d}" for number in patient], "session": session, "x": x, "y": y})
    for number, (loading, intercept, error, own) in enumerate(zip(LOADINGS, INTERCEPTS, ERRORS, LASTING, strict=True)):
        lasting = own * rng.standard_normal(PATIENTS)[patient]
        table[f"i{number + 1}"] = intercept + loading * f + lasting + np.sqrt(error) * rng.standard_normal(count)
    table.round(4).to_csv(Path(__file__).parent / "indicators.csv", index=False)


if __name__ == "__main__":
    main()
