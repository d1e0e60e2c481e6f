"""A trace as plain text for a terminal: titles in a column of their own, or above where lines are short."""

from collections.abc import Sequence

from alliance.config import Config
from alliance.report.accounts import account_of, write_account
from alliance.runs.lines import before_command, hanging
from alliance.trace.chain import Step, describe_row, write_value
from alliance.trace.find import ESTIMATE, Hit

_TITLE = 14  # width of the titles of steps
_SHORT = 72  # columns below which titles stand in lines of their own
_INSIDE = 3  # indentation below such titles
_ABOUT = 8  # width of what stands before a file, a module, a command


def write_trace(hit: Hit, steps: Sequence[Step], run: str, width: int) -> str:
    """Write the steps, each with what it is, its file, its module and its command, in lines of a width."""
    lines = [f"Run '{run}', {hit.table}, row {hit.row}", "=" * width]
    for number, step in enumerate(steps, 1):
        title = f"{number}  {step.title}"
        if width < _SHORT:
            lines.append(title)
            title = ""
        for line in step.lines:
            lines += _below(title, line, 4, width)
            title = ""
        for about, text in (("file", step.file), ("module", step.module), ("again", step.command)):
            lines += _below("", f"{about:<{_ABOUT}}{text}", _ABOUT, width)
        lines.append("")
    return "\n".join(lines).rstrip()


def write_hits(head: str, hits: Sequence[Hit], config: Config, width: int) -> str:
    """List rows, numbered, and say how to go on with one of them, in lines of a width."""
    lines = [*hanging(head, width, 0), ""]
    for number, hit in enumerate(hits, 1):
        names = [str(hit.content[name]) for name in ("model", "variable") if hit.content.get(name)]
        lines += hanging(f"{number:>3}  {hit.address:<12} {_value(hit)}   {' '.join(names)}".rstrip(), width, 18)
        lines += _below("", describe_row(hit.content, config), 2, width)
    how = f"alliance trace --run {config.run.name} {hits[0].address}"
    return "\n".join([*lines, "", *before_command("Trace one of them by its row:", how, width)])


def _value(hit: Hit) -> str:
    row, others = hit.content, [name for name in hit.columns if name not in (ESTIMATE, "low", "high")]
    shown = [f"{name} {write_value(row[name])}" for name in others]
    if {ESTIMATE, "low", "high"} <= set(row):
        shown.insert(0, write_account(row.get("effect", ""), account_of(row)))
    return ", ".join(shown)


def _below(title: str, text: str, indent: int, width: int) -> list[str]:
    """Return the lines of a text beside a title, or below where titles stand in lines of their own."""
    column = _TITLE if width >= _SHORT else _INSIDE
    return hanging(text, width, column + indent, f"{title:<{column}}")
