"""Excluded ids reach the step that needs them, and nothing else holds them."""

import json

import pytest

from alliance.errors import AllianceError
from alliance.runs.sealed import seal_ids, unseal_ids

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
