"""Measure this project's engine and its peers side by side: ``python benchmarks/run.py [--only name ...] [--quick --out DIR]``.

Writes one JSON file for each part, a table and a plot. The parts are described in README.md.
"""

import argparse
import json
import tempfile
from importlib import import_module
from pathlib import Path
from typing import Any

from children import HERE, Bench, describe_machine, make_environment
from plot import draw_figure
from tables import write_tables

PARTS = ("ml_peers", "crossed", "capabilities", "unchanged", "growth", "nuts_brms", "python_peers", "scale")
RESULTS = HERE / "results"
README = HERE / "README.md"
_START, _END = "<!-- results -->", "<!-- end of results -->"


def main() -> None:
    """Run the parts that were asked for and write what they found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS), metavar="name", help=", ".join(PARTS))
    parser.add_argument("--quick", action="store_true", help="tiny sizes, to see that everything works")
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="folder for the results (default: results, next to this file)"
    )
    parser.add_argument("--peers-env", type=Path, metavar="DIR", help="make an environment with further peers there")
    arguments = parser.parse_args()
    if arguments.quick and arguments.out is None:
        parser.error("--quick measures nothing worth keeping; say with --out where it may write")
    folder = arguments.out or RESULTS
    folder.mkdir(exist_ok=True)
    machine, earlier = describe_machine(), folder / "machine.json"
    if earlier.exists():  # packages of parts that are not measured again
        machine["r"] = json.loads(earlier.read_text(encoding="utf-8"))["r"] | machine["r"]
    _write_json(earlier, machine)
    with tempfile.TemporaryDirectory(prefix="alliance-benchmarks-") as temporary:
        bench = Bench(Path(temporary), arguments.quick)
        if arguments.peers_env is not None:
            bench.peers_python = make_environment(arguments.peers_env.resolve())
        for name in arguments.only:
            print(f"{name} ...", flush=True)
            _write_json(folder / f"{name}.json", import_module(f"parts.{name}").measure(bench))
    results = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))}
    table = write_tables(results)
    (folder / "table.md").write_text(table, encoding="utf-8")
    draw_figure(results, folder)
    if arguments.out is None:
        _update_readme(table)
    print(f"Written to {folder}")


def _write_json(path: Path, values: dict[str, Any]) -> None:
    path.write_text(json.dumps(values, indent=1) + "\n", encoding="utf-8")


def _update_readme(table: str) -> None:
    before, rest = README.read_text(encoding="utf-8").split(_START)
    after = rest.split(_END)[1]
    README.write_text(f"{before}{_START}\n\n{table}\n{_END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
