"""What a run says on the terminal when it ends: where the report is, or what went wrong."""

import textwrap
from pathlib import Path

from alliance.errors import AllianceError
from alliance.facts.quoting import without_quotes
from alliance.runs.lines import line_width
from alliance.runs.machine import shortage_in

# Opens the closing paragraph of the log of a failed job.
FAILED = "This step failed."
# In the environment of a run whose closing message is printed by who started it: make, or the command `alliance run`.
CLOSED_BY = {"MAKELEVEL", "ALLIANCE_RUN"}


def message_of(error: AllianceError) -> str:
    """Return an error a user can correct as one message, without a traceback."""
    return f"{type(error).__name__}: {error}"


def words_of(error: BaseException) -> str:
    """Return what an error of Python or a library says, without values that may be cells of the export; names of code are none."""
    return str(error) if isinstance(error, AttributeError | ImportError | NameError) else without_quotes(str(error))


def failure_of_step(step: str, explanation: str) -> str:
    """Return the closing paragraph of a failed job's log."""
    return f"{FAILED}\n{step}: {explanation}\n"


def defect_of(error: BaseException, log: str) -> str:
    """Return what to say of an exception that no user can have caused."""
    return (
        f"{type(error).__name__}: {words_of(error)}\n"
        "This is a defect of the project, not of your data or settings. "
        f"Please report it together with the file {log}, which holds the details."
    )


def failures_in(logs: Path, since: float) -> str:
    """Say what the jobs that failed since a moment (seconds of the epoch) said last, and what to do."""
    found = said_in(logs, since)
    if not found and (shortage := shortage_in(logs)):
        return f"\nThe run stopped. {shortage}"
    if not found:
        return f"\nThe run stopped before it was complete. Details: {logs}/ and the lines above."
    return "\n".join(
        ["", "The run stopped. What to do:", *found, "Then run again: everything finished so far is kept."]
    )


def said_in(logs: Path, since: float) -> list[str]:
    """Collect what the jobs that failed since a moment (seconds of the epoch) said last."""
    found: list[str] = []
    for log in sorted(logs.rglob("*.log")):
        if log.stat().st_mtime < since:
            continue
        _, mark, explanation = log.read_text(encoding="utf-8", errors="replace").rpartition(f"{FAILED}\n")
        if mark and explanation.strip() not in found:
            found.append(explanation.strip())
    return found


def in_lines(headline: str, width: int) -> str:
    """Return the headline in lines that a terminal of a width shows whole, the answer below its question."""
    lines = []
    for line in headline.splitlines():
        question, mark, answer = line.partition("? ")
        for said, indent in [(question + "?", ""), (answer, "  ")] if mark else [(line, "")]:
            wrapper = textwrap.TextWrapper(width, indent, indent, break_on_hyphens=False)
            lines.append(wrapper.fill(said))
    return "\n".join(lines)


def final_message(folder: Path) -> str:
    """Return where the report and its supplement lie, and the headline; what is not there, or was changed, is not shown."""
    from alliance.runs.made import changed_files, describe_touched, touched_files
    from alliance.runs.plan import RUN_FILES  # jobs, whose messages are here, need not wait for the configuration
    from alliance.runs.reuse import taken_over

    names = [RUN_FILES["report"], RUN_FILES["supplement"], RUN_FILES["headline"]]
    missing = [name for name in names if not (folder / name).is_file()]
    changed = changed_files(folder, names)
    if missing or changed:
        state = f"has no {missing[0]}" if missing else f"holds a {changed[0]} that is not as it was written"
        return f"\n{folder}/ {state}: there is no report to show. Run again: it is made anew."
    headline = (folder / RUN_FILES["headline"]).read_text(encoding="utf-8").strip()
    report, supplement = ((folder / RUN_FILES[name]).resolve() for name in ("report", "supplement"))
    touched = touched_files(folder)
    copied = sorted(
        {(run, file.split("/")[1]) for file, run in taken_over(folder).items() if file.startswith("models/")}
    )
    runs = ", ".join(dict.fromkeys(run for run, _ in copied))
    shared = f"{len(copied)} fitted model(s) as in {runs}: the same data, settings and code" if copied else ""
    return "\n".join(
        [
            *(["", describe_touched(folder, touched)] if touched else []),
            f"\nReport:     {report}",
            f"Supplement: {supplement}",
            *([f"Reused:     {shared}"] if shared else []),
            "",
            in_lines(headline, line_width()),
        ]
    )
