"""Write results so that a half-written file is never taken for a result.

Every writer makes a hidden file beside its target and renames it when it is complete; renaming is atomic. What a
killed job leaves behind starts with `UNFINISHED` and is removed when the run goes on.
"""

import json
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the workflow itself removes files and need not wait for pandas and xarray
    import pandas as pd
    import xarray as xr

UNFINISHED = ".unfinished-"
ORIGIN = "run.yaml"  # in a run's folder: the configuration it belongs to
MANIFEST = "manifest.csv"
CRATE = "ro-crate-metadata.json"  # as the standard has it
WORKFLOW = "workflow"  # the folder of the project, and of a run with the workflow that made it
SNAKEFILE = f"{WORKFLOW}/Snakefile"
PROVENANCE = "provenance.yaml"
CONFIG = "config.yaml"
CARD = "card.yaml"
README = "README.md"  # as archives look for it

# A text that a spreadsheet would run. Signed numbers such as "-0.25 [-0.40, -0.10]" are left alone.
_FORMULA = re.compile(r"^(?:[=@\t\r]|[+-](?![\d.]))")


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Give a temporary path to write to; on success it becomes `path`, on failure it is removed.

    The temporary name keeps the ending, since many writers choose the format by it.
    """
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f"{UNFINISHED}{os.getpid()}-{target.name}")
    try:
        yield temporary
        os.replace(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)


def write_text(text: str, path: str | Path) -> None:
    """Write text as UTF-8 with plain line feeds."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def write_new_text(text: str, path: str | Path) -> None:
    """Write text to a file that is not there yet.

    Raises
    ------
    FileExistsError
        It is there; it stays as it is.
    """
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    with Path(path).open("x", encoding="utf-8", newline="\n") as file:
        file.write(text)


def write_json(content: object, path: str | Path) -> None:
    """Write plain values as JSON for people and programs."""
    write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n", path)


def write_bytes(content: bytes, path: str | Path) -> None:
    """Write bytes as they are."""
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def write_csv(table: "pd.DataFrame", path: str | Path) -> None:
    """Write a table as UTF-8, comma separated, without index; no cell starts a spreadsheet formula.

    A text that would is preceded by an apostrophe, which spreadsheets take as "this is text".
    """
    safe = table.copy(deep=False)
    for position, dtype in enumerate(table.dtypes):
        if getattr(dtype, "kind", "O") not in "biufcmM":
            column = table.iloc[:, position]
            # Texts of millions of rows are few different ones, and hardly ever is one a formula.
            if dtype != "str" or any(_FORMULA.match(cell) for cell in column.dropna().unique()):
                safe.isetitem(position, [_without_formula(value) for value in column])
    with replacing(path) as temporary:
        safe.to_csv(temporary, index=False, encoding="utf-8", lineterminator="\n")


def _without_formula(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and _FORMULA.match(value) else value


def write_parquet(table: "pd.DataFrame", path: str | Path) -> None:
    """Write a table as Parquet, without index."""
    write_parquet_pieces([table], path)


def write_parquet_pieces(pieces: Iterable["pd.DataFrame"], path: str | Path) -> None:
    """Write a table as Parquet, without index, that comes in one or more pieces with the columns of the first."""
    import pyarrow as pa
    from pyarrow.parquet import ParquetWriter

    with replacing(path) as temporary, ExitStack() as open_files:
        writer = None
        for piece in pieces:
            table = pa.Table.from_pandas(piece, None if writer is None else writer.schema, preserve_index=False)
            if writer is None:
                writer = open_files.enter_context(ParquetWriter(temporary, table.schema))
            writer.write_table(table)


def write_tree(tree: "xr.DataTree", path: str | Path) -> None:
    """Write a container of draws as NetCDF 4."""
    with replacing(path) as temporary:
        tree.to_netcdf(temporary, engine="h5netcdf")


def read_tree(path: str | Path) -> "xr.DataTree":
    """Read a container of draws into memory."""
    import xarray as xr

    with xr.open_datatree(path, engine="h5netcdf") as tree:
        return tree.load()


def remove_unfinished(folder: str | Path) -> list[Path]:
    """Remove what killed jobs left half-written below a run's folder, and say what it was.

    Only the holder of the run's lock may call this: otherwise another job may be writing.
    """
    leftovers = sorted(Path(folder).rglob(f"{UNFINISHED}*"))
    for path in leftovers:
        path.unlink(missing_ok=True)
    return leftovers
