"""Where the file of an instrument lies: a study's own come before those that the program brings."""

from pathlib import Path

INSTRUMENTS = Path("config/instruments")


def instrument_files(*folders: Path) -> dict[str, Path]:
    """Return every instrument by its name; where several folders have one, the first of them counts."""
    return {path.stem: path for folder in reversed(folders) for path in sorted(folder.glob("*.yaml"))}


def named_in_results(path: str | Path) -> str:
    """Return what results call the file of an instrument: where the program lies that brings it is nothing to them."""
    return (INSTRUMENTS / Path(path).name).as_posix()
