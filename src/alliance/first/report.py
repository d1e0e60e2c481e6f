"""What `alliance new` says on the terminal."""

from alliance.first.draft import Draft, plural
from alliance.runs.lines import before_command, hanging
from alliance.runs.project import check_command, run_command

_MOST = 8  # columns and problems that are named


def describe(draft: Draft, text: str, overlay: str, checked: tuple[list[str], int], width: int) -> str:
    """Say what was recognised and how surely, what is left out, where the overlay is, and what the checks found."""
    errors, warnings = checked
    table = draft.sessions
    parts = _hanging(
        f"Read {table.path}: {plural(table.rows, 'row')}, {plural(len(table.columns), 'column')}.", 2, width
    )
    parts += [line for note in table.raw.notes for line in _hanging(f"  {note}", 2, width)]
    parts += ["", "Recognised:"]
    parts += [
        line
        for guess in draft.guesses
        for line in _hanging(f"  {guess.sureness:<12} {guess.what}: {guess.evidence}", 15, width)
    ]
    unused = [column.name for column in draft.free]
    left = [*draft.left_out]
    if unused:
        more = f" and {len(unused) - _MOST} more" if len(unused) > _MOST else ""
        left.append(f"not used: {', '.join(unused[:_MOST])}{more}")
    if left:
        parts += ["", "Left out:", *(line for one in left for line in _hanging(f"  - {one}", 4, width))]
    written = f"Written: {overlay} ({plural(text.count(chr(10)), 'line')}, {plural(draft.asked, 'question')})."
    parts += ["", *_hanging(written, 2, width)]
    if errors or draft.to_do:
        parts += ["", "Left to do:"]
        further = (
            [f"{plural(len(errors) - _MOST, 'further error')}, which the checks list"] if len(errors) > _MOST else []
        )
        parts += [
            line for one in [*draft.to_do, *errors[:_MOST], *further] for line in _hanging(f"  - {one}", 4, width)
        ]
        next_step = ("Then check it again:", check_command(overlay)) if errors else ("Run it:", run_command(overlay))
        parts += ["", *before_command(*next_step, width)]
        return "\n".join(parts)
    found = f" ({plural(warnings, 'warning')}, which the report lists)" if warnings else ""
    checks = f"Checked: no errors{found}. Read it, then run it:"
    return "\n".join([*parts, *before_command(checks, run_command(overlay), width)])


def _hanging(text: str, indent: int, width: int) -> list[str]:
    return [piece for line in text.splitlines() for piece in hanging(line, width, indent)] or [""]
