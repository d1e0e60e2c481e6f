"""What may come out of a mutation, and what came out: one verdict."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from alliance.facts.plain import plain_text
from tests.fuzz.config_mutations import MutateConfig, Where, Written, at
from tests.fuzz.data_mutations import Case, Draw, Expected, Mutate
from tests.fuzz.door import Seen, is_clear, same_panel, walk
from tests.fuzz.study import csv_text, overlay, write_overlay, write_table

OVERLAY = "overlay.yaml"


@dataclass(frozen=True)
class Verdict:
    """How a mutation ended.

    Parameters
    ----------
    end
        ``refused``, ``errors`` (findings that stop), ``warned``, ``harmless``, ``as said``; what is wrong otherwise.
    """

    end: str
    good: bool
    detail: str = ""
    seconds: float = 0.0


def judge_data(mutate: Mutate, draw: Draw, folder: Path) -> Verdict:
    """Spoil the study, give it through the door, and say whether what comes out may come out."""
    case = Case()
    expected = mutate(case, draw)
    path = case.file(folder)
    for table in ("sessions", "patients"):
        case.settings["data"][table]["path"] = str(path)
    write_overlay(case.settings, folder / OVERLAY)
    seen = walk(folder / OVERLAY, pose=False)
    end = _unclear(seen) or _end_of_data(seen, expected)
    return Verdict(end, end in GOOD, _detail(seen, case), seen.seconds)


GOOD = ("refused", "errors", "warned", "harmless", "as said")


def _end_of_data(seen: Seen, expected: Expected) -> str:
    clean = read_plainly(None)
    stopped = "refused" if seen.findings is None else "errors"
    if expected.words and not any(word in seen.said for word in expected.words):
        return f"does not say {' or '.join(expected.words)}"
    if seen.refused is not None:
        return f"{stopped} though harmless" if expected.pass_ else stopped
    assert seen.panel is not None
    if expected.like is not None:
        plain = read_plainly(csv_text(expected.like))
        if plain.panel is not None and same_panel(seen.panel, plain.panel):
            return "harmless" if not expected.told or seen.warned - clean.warned else "not told"
        if expected.pass_:
            return "another panel"
    elif not expected.told and not seen.warned - clean.warned:
        assert clean.panel is not None
        return "harmless"
    return "warned" if seen.warned - clean.warned else "silence with another panel"


def _unclear(seen: Seen) -> str | None:
    if seen.crash is not None:
        return "crash"
    messages = [*([seen.refused] if seen.refused else []), *seen.models]
    if not all(map(is_clear, messages)):
        return "unclear message"
    if seen.findings is not None:
        errors = seen.findings[seen.findings["severity"] == "error"]
        if not all(is_clear(f"{row.message} {row.remedy}") for row in errors.itertuples()):
            return "unclear finding"
    return None


def _detail(seen: Seen, case: Case) -> str:
    told = seen.crash or seen.refused or ""
    found = (
        "" if seen.findings is None else "; ".join(f"{row.rule}: {row.message}" for row in seen.findings.itertuples())
    )
    return f"[{case.kind}] {told[-1500:]}\n    FOUND {found[:600]}\n    MODELS {seen.models[:2]}"


@cache
def read_plainly(text: str | None) -> Seen:
    """Return what comes out of a table as plain CSV; None for the clean one."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        path = folder / "clinic.csv"
        if text is None:
            write_table(Case().frame, path)
        else:
            path.write_text(text, encoding="utf-8", newline="")
        settings = overlay()
        for table in ("sessions", "patients"):
            settings["data"][table]["path"] = str(path)
        write_overlay(settings, folder / OVERLAY)
        return walk(folder / OVERLAY, pose=False)


DATA_SECTIONS = ("data", "variables", "cleaning", "panel")


def judge_config(mutate: MutateConfig, draw: Draw, folder: Path) -> Verdict:
    """Spoil the settings, give them through the door, and say whether what comes out may come out."""
    path = folder / "clinic.csv"
    write_table(Case().frame, path)
    settings = overlay()
    for table in ("sessions", "patients"):
        settings["data"][table]["path"] = str(path)
    written = mutate(settings, draw)
    content = written.bytes_ if written.bytes_ is not None else written.text.encode("utf-8", errors="surrogatepass")
    (folder / OVERLAY).write_bytes(content)
    seen = walk(folder / OVERLAY)
    end = _unclear(seen) or _end_of_config(seen, written)
    return Verdict(
        end, end in GOOD, f"{written.log} {written.where} {written.value!r:.80} {_detail(seen, Case())}", seen.seconds
    )


def _end_of_config(seen: Seen, written: Written) -> str:
    if seen.refused is not None:
        return "refused though harmless" if written.harmless else "refused" if seen.findings is None else "errors"
    clean = read_plainly(None)
    assert clean.panel is not None
    assert seen.panel is not None
    same = same_panel(seen.panel, clean.panel)
    if written.where is None:
        if written.harmless and not same:
            return "another panel"
        return "harmless" if same else "warned" if seen.warned - clean.warned else "as said"
    if not _means(_understood(seen, written.where), written.value):
        return "understood otherwise"
    if same:
        return "harmless"
    if written.where[0] not in DATA_SECTIONS:
        return "another panel"
    return "warned" if seen.warned - clean.warned else "as said"


def _understood(seen: Seen, where: Where) -> Any:
    try:
        return at(seen.settings, where)
    except (KeyError, IndexError, TypeError):
        return MISSING


MISSING = object()


def _means(understood: Any, written: Any) -> bool:
    """Whether a setting was taken as it was written; parts that were left out may be filled in."""
    if understood is MISSING:
        return written in (None, {}, [])
    if isinstance(written, bool) or isinstance(understood, bool):
        return understood is written
    if isinstance(written, dict) and isinstance(understood, dict):
        return all(_means(understood.get(key, MISSING), value) for key, value in written.items())
    if isinstance(written, list | tuple) and isinstance(understood, list | tuple):
        return len(written) == len(understood) and all(map(_means, understood, written))
    if isinstance(written, str) and isinstance(understood, str):
        return plain_text(written) == plain_text(understood)
    if isinstance(understood, int | float) and isinstance(written, int | float | str):
        return understood in (written, float(written))
    return understood == written or (understood in ([], {}, None) and written is None)
