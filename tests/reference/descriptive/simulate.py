"""Write the data that R fits: 60 patients with up to 9 sessions, some of them skipped, and what became of 200 patients."""

from pathlib import Path

import numpy as np
import pandas as pd

HERE = Path(__file__).parent


def main() -> None:
    """Write both files."""
    rng = np.random.default_rng(20261126)
    rows = []
    for patient in range(60):
        level, slope = rng.multivariate_normal([40, 0.3], [[9, 0.3], [0.3, 0.09]])
        error = 0.0
        for session in range(1, int(rng.integers(4, 10)) + 1):
            error = 0.4 * error + rng.normal(0, 2)
            if session == 1 or rng.random() > 0.1:
                value = level + slope * (session - 1) - 0.04 * (session - 5) ** 2 + error
                rows.append((f"p{patient:02d}", session, round(value, 2)))
    pd.DataFrame(rows, columns=["patient", "session", "y"]).to_csv(HERE / "growth.csv", index=False)
    early, first = rng.normal(41, 5, 200), rng.normal(15, 4, 200)
    better = rng.random(200) < 1 / (1 + np.exp(0.8 - 0.08 * (early - 41) - 0.1 * (first - 15)))
    table = pd.DataFrame({"early": early.round(2), "first": first.round(2), "better": better.astype(int)})
    table.to_csv(HERE / "better.csv", index=False)


if __name__ == "__main__":
    main()
