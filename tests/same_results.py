"""Are two folders of the same run the same? Tables byte by byte, draws of models number by number; for the scripts that run a study twice.

    python tests/same_results.py results/study elsewhere/study

The manifest is left out: it has the hashes of files that say when, and on what machine, they were made.
"""

import sys
from pathlib import Path

import numpy as np
import xarray as xr

_SHOWN = 10


def tables(folder: Path) -> dict[str, bytes]:
    """Return the tables of a run with what they hold."""
    found = [path for path in folder.rglob("*") if path.suffix in {".csv", ".parquet"} and path.name != "manifest.csv"]
    return {
        name: path.read_bytes()
        for path in sorted(found)
        if not (name := path.relative_to(folder).as_posix()).startswith("logs/")
    }


def draws(folder: Path) -> dict[str, np.ndarray]:
    """Return every array of the draws of every model."""
    arrays = {}
    for path in sorted(folder.glob("models/*/draws.nc")):
        with xr.open_datatree(path, engine="h5netcdf") as tree:
            for group in tree.subtree:
                arrays |= {f"{path.parent.name}{group.path}/{name}": group[name].values for name in group.data_vars}
    return arrays


def is_same(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether two arrays hold the same numbers, to the last bit; nothing is equal to nothing."""
    return one.dtype == other.dtype and one.shape == other.shape and one.tobytes() == other.tobytes()


def main() -> int:
    """Say how many are the same and which are not; the exit status is 1 where one differs or stands in one folder only."""
    one, other = map(Path, sys.argv[1:3])
    texts, theirs = tables(one), tables(other)
    arrays, their_arrays = draws(one), draws(other)
    wrong = sorted(texts.keys() ^ theirs.keys()) + [
        name for name in texts.keys() & theirs.keys() if texts[name] != theirs[name]
    ]
    apart = sorted(arrays.keys() ^ their_arrays.keys()) + [
        name for name in arrays.keys() & their_arrays.keys() if not is_same(arrays[name], their_arrays[name])
    ]
    print(
        f"tables (CSV, Parquet): {len(texts.keys() | theirs.keys()) - len(wrong)} identical byte by byte, {len(wrong)} not"
    )
    print(
        f"arrays of draws: {len(arrays.keys() | their_arrays.keys()) - len(apart)} identical bit by bit, {len(apart)} not"
    )
    for name in [*wrong[:_SHOWN], *apart[:_SHOWN]]:
        print(f"  differs: {name}")
    return 1 if wrong or apart or not texts or not arrays else 0


if __name__ == "__main__":
    sys.exit(main())
