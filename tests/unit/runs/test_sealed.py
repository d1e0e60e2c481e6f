"""Excluded ids reach the step that needs them, and nothing else holds them."""

import json
from pathlib import Path

import numpy as np
import pytest

from alliance.errors import AllianceError
from alliance.runs.sealed import begin_key, read_locked, seal_ids, unseal_ids, write_locked

CLEANING = {"orphans": "drop", "exclude": {"patients": ["Miller-7", "ü 8"]}}
EXPORT = {"sessions.csv": "ab12"}


@pytest.fixture(autouse=True)
def _nothing_carried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLIANCE_EXCLUDED", "")


def test_ids_go_in_and_come_out_but_are_not_in_the_settings() -> None:
    sealed = seal_ids(CLEANING, EXPORT)
    assert "Miller" not in json.dumps(sealed)
    assert unseal_ids(sealed) == CLEANING


def test_seal_changes_with_the_ids_and_only_with_them_for_one_export() -> None:
    other = {**CLEANING, "exclude": {"patients": ["Miller-7"]}}
    assert seal_ids(CLEANING, EXPORT) == seal_ids(CLEANING, EXPORT) != seal_ids(other, EXPORT)


def test_settings_without_ids_stay_as_they_are() -> None:
    none = {"exclude": {"patients": []}}
    assert seal_ids(none, EXPORT) == unseal_ids(none) == none
    assert unseal_ids(CLEANING) == CLEANING


def test_ids_that_did_not_come_along_stop_the_step(monkeypatch: pytest.MonkeyPatch) -> None:
    sealed = seal_ids(CLEANING, EXPORT)
    monkeypatch.setenv("ALLIANCE_EXCLUDED", "")
    with pytest.raises(AllianceError, match="nobody could be left out"):
        unseal_ids(sealed)


@pytest.mark.parametrize("rows", [1000, 700_000])
def test_what_one_step_leaves_for_the_next_is_read_by_its_run_only(
    rows: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALLIANCE_KEY", "")
    content = {"ids": ["Miller-7"] * 1000, "numbers": np.arange(rows), "again": np.arange(rows) / 7}
    assert begin_key()
    assert not begin_key(), "processes of the run keep its key"
    locked, other = tmp_path / "locked", tmp_path / "other"
    write_locked(content, locked)
    write_locked(content, other)
    bytes_of = locked.read_bytes()
    assert b"Miller" not in bytes_of
    assert np.arange(8).tobytes() not in bytes_of
    assert other.read_bytes() != bytes_of
    found = read_locked(locked)
    assert found.keys() == content.keys()
    assert all(np.array_equal(found[name], content[name]) for name in content)
    changed = [bytes_of[:-1] + bytes([bytes_of[-1] ^ 1]), bytes_of[:200] + bytes([bytes_of[200] ^ 1]) + bytes_of[201:]]
    for wrong in [*changed, bytes_of[:-36], bytes_of[: len(bytes_of) // 2], bytes_of[:20]]:
        other.write_bytes(wrong)
        with pytest.raises(AllianceError, match="written by another run"):
            read_locked(other)
    monkeypatch.setenv("ALLIANCE_KEY", "")
    with pytest.raises(AllianceError, match="written by another run"):
        read_locked(locked)
    begin_key()
    with pytest.raises(AllianceError, match="written by another run"):
        read_locked(locked)


def test_step_outside_a_run_needs_no_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLIANCE_KEY", "")
    write_locked([1, 2], tmp_path / "open")
    assert read_locked(tmp_path / "open") == [1, 2]
