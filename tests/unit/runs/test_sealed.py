"""Excluded ids reach the step that needs them, and nothing else holds them."""

import json

import pytest

from alliance.errors import AllianceError
from alliance.runs.sealed import begin_key, lock_object, seal_ids, unlock_object, unseal_ids

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


def test_what_one_step_leaves_for_the_next_is_read_by_its_run_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLIANCE_KEY", "")
    content = {"ids": ["Miller-7"] * 1000, "numbers": list(range(100))}
    assert begin_key()
    assert not begin_key(), "processes of the run keep its key"
    locked = lock_object(content)
    assert b"Miller" not in locked
    assert lock_object(content) != locked
    assert unlock_object(locked) == content
    with pytest.raises(AllianceError, match="written by another run"):
        unlock_object(locked[:-1] + bytes([locked[-1] ^ 1]))
    monkeypatch.setenv("ALLIANCE_KEY", "")
    with pytest.raises(AllianceError, match="written by another run"):
        unlock_object(locked)
    begin_key()
    with pytest.raises(AllianceError, match="written by another run"):
        unlock_object(locked)


def test_step_outside_a_run_needs_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLIANCE_KEY", "")
    assert unlock_object(lock_object([1, 2])) == [1, 2]
