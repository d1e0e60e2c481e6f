"""Media types of the files that a run reads and writes, each declared once by the ending of its name."""

from pathlib import PurePath
from typing import Final

_TEXT: Final = "text/plain"

FORMATS: Final = {
    "": _TEXT,  # a Snakefile
    ".bib": "application/x-bibtex",
    ".csv": "text/csv",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".html": "text/html",
    ".json": "application/json",
    ".md": "text/markdown",
    ".nc": "application/x-netcdf",
    ".parquet": "application/vnd.apache.parquet",
    ".png": "image/png",
    ".py": "text/x-python",
    ".sav": "application/x-spss-sav",
    ".smk": _TEXT,
    ".svg": "image/svg+xml",
    ".tex": "application/x-tex",
    ".tsv": "text/tab-separated-values",
    ".txt": _TEXT,
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".yaml": "application/yaml",
}


def format_of(name: str) -> str:
    """Return the media type of a file by its name, or by its ending alone; that of any bytes where the ending is not declared."""
    return FORMATS.get(PurePath(f"x{name}").suffix.lower(), "application/octet-stream")
