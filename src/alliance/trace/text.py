"""A trace as plain text for a terminal, 100 columns wide."""

import textwrap
from collections.abc import Sequence

from alliance.config import Config
from alliance.report.accounts import account_of, write_account
from alliance.trace.chain import Step, describe_row, write_value
from alliance.trace.find import ESTIMATE, Hit

_WIDTH = 100
_TITLE = 14  # width of the titles of steps
_ABOUT = 8  # width of what stands before a file, a module, a command


def write_trace(hit: Hit, steps: Sequence[Step], run: str) -> str:
    """Write the steps, each with what it is, its file, its module and its command."""
    lines = [f"Run '{run}', {hit.table}, row {hit.row}", "=" * _WIDTH]
    for number, step in enumerate(steps, 1):
        title = f"{number}  {step.title}"
        for line in step.lines:
            lines += _hanging(title, line, 4)
            title = ""
        for about, text in (("file", step.file), ("module", step.module), ("again", step.command)):
            lines += _hanging("", f"{about:<{_ABOUT}}{text}", _ABOUT)
        lines.append("")
    return "\n".join(lines).rstrip()


def write_hits(head: str, hits: Sequence[Hit], config: Config) -> str:
    """List rows, numbered, and say how to go on with one of them."""
    lines = [*textwrap.wrap(head, _WIDTH), ""]
    for number, hit in enumerate(hits, 1):
        names = [str(hit.content[name]) for name in ("model", "variable") if hit.content.get(name)]
        lines.append(f"{number:>3}  {hit.address:<12} {_value(hit)}   {' '.join(names)}".rstrip())
        lines += _hanging("", describe_row(hit.content, config), 2)
    how = f"alliance trace --run {config.run.name} {hits[0].address}"
    return "\n".join([*lines, "", f"Trace one of them by its row: {how}"])


def _value(hit: Hit) -> str:
    row, others = hit.content, [name for name in hit.columns if name not in (ESTIMATE, "low", "high")]
    shown = [f"{name} {write_value(row[name])}" for name in others]
    if {ESTIMATE, "low", "high"} <= set(row):
        shown.insert(0, write_account(row.get("effect", ""), account_of(row)))
    return ", ".join(shown)


def _hanging(title: str, text: str, indent: int) -> list[str]:
    return textwrap.wrap(
        text,
        _WIDTH,
        initial_indent=f"{title:<{_TITLE}}",
        subsequent_indent=" " * (_TITLE + indent),
        break_on_hyphens=False,
        break_long_words=False,
    )
