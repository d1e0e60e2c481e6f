"""Hold the description of a finished run against the archives' own tools: rocrate-validator without an issue, runcrate lists every job.

Not a test of the suite, since the tools are no part of the project's environment. They go into one of their own, beside the version of
rocrate that brings the context of RO-Crate 1.1, so that nothing is fetched while it validates::

    python3 -m venv archive-tools
    archive-tools/bin/pip install roc-validator runcrate
    archive-tools/bin/pip install --no-deps --target archive-tools/context rocrate==0.9.0
    archive-tools/bin/python tests/archives/validate_crate.py results/main archive-tools/context/rocrate/data/ro-crate.jsonld
"""

import io
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from requests.adapters import HTTPAdapter
from requests_cache import CachedSession
from runcrate.report import dump_crate_actions
from urllib3 import HTTPResponse

CONTEXT = "https://w3id.org/ro/crate/1.1/context"


class FromFile(HTTPAdapter):
    """Answers every request with a file."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.content = path.read_bytes()

    def send(self, request, **_):
        raw = HTTPResponse(
            io.BytesIO(self.content),
            headers={"Content-Type": "application/ld+json"},
            status=200,
            preload_content=False,
            request_url=request.url,
        )
        return self.build_response(request, raw)


def keep_context(context: Path, cache: Path) -> None:
    """Put the context into the validator's cache, under its address."""
    with CachedSession(str(cache), backend="sqlite", expire_after=-1) as session:
        session.mount(CONTEXT, FromFile(context))
        session.get(CONTEXT)


def issues_of(folder: Path, context: Path, severity: str) -> list[str]:
    """Return what the validator says against a crate, for the profile and all it builds on."""
    with tempfile.TemporaryDirectory() as place:
        cache, report = Path(place) / "cache", Path(place) / "report.json"
        keep_context(context, cache)
        words = ["validate", "-p", "provenance-run-crate", "-l", severity, "--offline", "--cache-path", str(cache)]
        command = [
            str(Path(sys.executable).with_name("rocrate-validator")),
            "-y",
            *words,
            "-f",
            "json",
            "-o",
            str(report),
        ]
        done = subprocess.run([*command, str(folder)], capture_output=True, text=True, check=False)
        if not report.is_file():
            raise SystemExit(done.stdout + done.stderr)
        said = json.loads(report.read_text(encoding="utf-8"))
    return sorted(
        {f"{issue['severity']}: {issue['message']} ({issue.get('violatingEntity', '')})" for issue in said["issues"]}
    )


def main() -> int:
    """Print what both tools say; the exit status is 1 where something is required that is not there, or a job is not listed."""
    folder, context = map(Path, sys.argv[1:3])
    listed = io.StringIO()
    dump_crate_actions(str(folder), listed)
    print(listed.getvalue())
    graph = json.loads((folder / "ro-crate-metadata.json").read_text(encoding="utf-8"))["@graph"]
    actions = [entity["@id"] for entity in graph if entity["@type"] == "CreateAction"]
    missing = [action for action in actions if f"action: {action}\n" not in listed.getvalue()]
    required = issues_of(folder, context, "REQUIRED")
    recommended = issues_of(folder, context, "RECOMMENDED")
    print(f"runcrate report: {len(actions) - len(missing)} of {len(actions)} actions listed")
    print(f"rocrate-validator: {len(required)} issues at REQUIRED, {len(recommended)} at RECOMMENDED")
    print("\n".join(recommended))
    return 1 if required or missing else 0


if __name__ == "__main__":
    sys.exit(main())
