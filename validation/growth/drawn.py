"""How far do scores spread in the studies themselves, before anything is estimated?

The 38 studies of `coverage.csv`, the hundred with the next seeds, and the large ones that say what is true:

    nice python -m validation.growth.drawn
"""

from pathlib import Path

import numpy as np
import pandas as pd

from validation.growth.simulate import LARGE, SESSIONS, simulate

SEEDS = {"counted": range(7000, 7038), "next": range(7038, 7138), "large": range(90_000, 90_000 + LARGE)}


def main() -> None:
    """Write the mean standard deviation of all scores, unseen ones too, with its standard error."""
    rows = []
    for kind, seeds in SEEDS.items():
        size = {"patients": 9000, "therapists": 900} if kind == "large" else {}
        scores = [simulate(seed, **size)[1]["alliance"][:, :SESSIONS] for seed in seeds]
        for of, spread in (
            ("session 1", [one[:, 0].std(ddof=1) for one in scores]),
            ("patients' means", [one.mean(axis=1).std(ddof=1) for one in scores]),
        ):
            error = np.std(spread, ddof=1) / np.sqrt(len(spread))
            rows.append({"studies": kind, "n": len(spread), "of": of, "sd": np.mean(spread), "se": error})
    pd.DataFrame(rows).round(3).to_csv(Path(__file__).parent / "drawn.csv", index=False)


if __name__ == "__main__":
    main()
