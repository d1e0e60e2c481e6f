"""What a compared run has made already is copied if nothing at all differs, and computed again otherwise."""

from pathlib import Path

import pytest

from alliance.runs.files import ORIGIN
from alliance.runs.made import changed_files, record_made
from alliance.runs.provenance import manifest_rows
from alliance.runs.reuse import RECEIPTS, key_of, leave_receipt, shorten_receipts, take_over, taken_over

FILES = ("models/both/draws.nc", "models/both/flow.csv")
CODE = {"modules": ["alliance.steps.fit"], "fingerprint": "c0ffee"}


def run_at(folder: Path, panel: str = "patient,session\nP001,1\n") -> Path:
    """Return the folder of a run with a panel."""
    for name, text in ((ORIGIN, ""), ("data/panel.csv", panel)):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def key(run: Path, **changes: object) -> str:
    settings = {"model": "both", "spec": {"depth": "ml"}, "settings": {"seed": 1}} | changes
    return key_of("fit_model", {"panel": str(run / "data/panel.csv")}, settings, CODE)


@pytest.fixture
def main(tmp_path: Path) -> Path:
    """A run that fitted a model."""
    run = run_at(tmp_path / "results/main")
    for name in FILES:
        (run / name).parent.mkdir(parents=True, exist_ok=True)
        (run / name).write_text(f"made: {name}\n", encoding="utf-8")
    leave_receipt(key(run), [run / name for name in FILES])
    return run


def test_same_job_of_another_run_is_copied_and_the_manifest_says_from_where(main: Path, tmp_path: Path) -> None:
    other = run_at(tmp_path / "results/other")
    outputs = [other / name for name in FILES]

    assert take_over(key(other), outputs, [tmp_path / "results/none", main]) == "main"
    leave_receipt(key(other), outputs, "main")
    record_made(outputs)
    assert [path.read_bytes() for path in outputs] == [(main / name).read_bytes() for name in FILES]
    assert changed_files(other, FILES) == []
    rows = manifest_rows(other, [*outputs, other / ORIGIN], [], taken_over(other))
    assert {row["file"]: row["taken_from"] for row in rows} == {**dict.fromkeys(FILES, "main"), ORIGIN: ""}
    assert taken_over(main) == {}


@pytest.mark.parametrize(
    ("changed", "panel"),
    [
        ({"settings": {"seed": 2}}, None),
        ({"spec": {"depth": "laplace"}}, None),
        ({"model": "another"}, None),
        ({}, "patient,session\nP001,2\n"),
    ],
    ids=["seed", "declaration", "model", "data"],
)
def test_job_that_differs_in_anything_is_not_copied(
    changed: dict[str, object], panel: str | None, main: Path, tmp_path: Path
) -> None:
    other = run_at(tmp_path / "results/other", *([panel] if panel else []))

    assert take_over(key(other, **changed), [other / name for name in FILES], [main]) == ""
    assert not (other / FILES[0]).exists()


def test_other_code_makes_another_key(main: Path) -> None:
    read = {"panel": str(main / "data/panel.csv")}

    assert key_of("fit_model", read, {}, CODE) != key_of("fit_model", read, {}, CODE | {"fingerprint": "beef"})


@pytest.mark.parametrize("harm", ["edited", "deleted", "receipt cut short"])
def test_result_that_is_not_as_it_was_written_is_not_copied(harm: str, main: Path, tmp_path: Path) -> None:
    other = run_at(tmp_path / "results/other")
    if harm == "edited":
        (main / FILES[1]).write_text("1,2\n", encoding="utf-8")
    elif harm == "deleted":
        (main / FILES[1]).unlink()
    else:
        text = (main / RECEIPTS).read_text(encoding="utf-8")
        (main / RECEIPTS).write_text(text[: len(text) // 2], encoding="utf-8")

    assert take_over(key(other), [other / name for name in FILES], [main]) == ""


def test_result_made_anew_is_no_copy_any_more(main: Path, tmp_path: Path) -> None:
    other = run_at(tmp_path / "results/other")
    outputs = [other / name for name in FILES]
    take_over(key(other), outputs, [main])
    leave_receipt(key(other), outputs, "main")
    for path in outputs:
        path.write_text("another prior\n", encoding="utf-8")
    leave_receipt(key(other, settings={"seed": 2}), outputs)

    assert taken_over(other) == {}
    shorten_receipts(other)
    assert len((other / RECEIPTS).read_text(encoding="utf-8").splitlines()) == 1
    assert taken_over(other) == {}
