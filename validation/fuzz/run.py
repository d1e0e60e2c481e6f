"""Spoil an export and its settings in more than five hundred ways, and count how each ends.

Each goes through the door of a user (settings, reading, checks, cleaning, scores, panel, models posed but not fitted) and must end in a
message with place and remedy, in findings, or be read as it looks; never in a crash, in silence with another panel, or after 30 seconds.
The same mutations at every run, one in seven of them in `tests/fuzz/test_fuzz.py`. Counts are written beside this file, way by way, and a
run that was stopped goes on:

    nice python validation/fuzz/run.py [name of a way ...]
"""

import sys
from collections import Counter
from pathlib import Path

import pandas as pd

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1]))

from tests.fuzz.config_mutations import CONFIG_MUTATIONS  # noqa: E402
from tests.fuzz.sample import WAYS, verdicts  # noqa: E402

COUNTS = HERE / "counts.csv"
OF_DATA, OF_SETTINGS = 4, 11  # mutations of each way


def main() -> None:
    """Judge the ways that have no counts yet, or those that are named."""
    named = sys.argv[1:]
    done = pd.read_csv(COUNTS) if COUNTS.is_file() else pd.DataFrame(columns=["way", "end", "count", "slowest"])
    ways = named or [way for way in WAYS if way not in set(done["way"])]
    settings = {way.__name__ for way in CONFIG_MUTATIONS}
    for way in ways:
        found = verdicts(way, OF_SETTINGS if way in settings else OF_DATA)
        for verdict in found:
            if not verdict.good:
                print(f"{way}: {verdict.end}\n{verdict.detail}\n", flush=True)
        slowest = max(verdict.seconds for verdict in found)
        rows = [
            {"way": way, "end": end, "count": count, "slowest": round(slowest, 1)}
            for end, count in sorted(Counter(verdict.end for verdict in found).items())
        ]
        done = pd.concat([done[done["way"] != way], pd.DataFrame(rows)], ignore_index=True)
        done.to_csv(COUNTS, index=False)
    print(done.groupby("end")["count"].sum().to_string(), f"\nslowest: {done['slowest'].max()} s")


if __name__ == "__main__":
    main()
