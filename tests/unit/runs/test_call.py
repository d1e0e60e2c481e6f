"""What the call of Snakemake is given where a machine is barer than usual."""

import os
import pwd
from pathlib import Path

import pytest

from alliance.runs.call import environment_in


@pytest.mark.parametrize("named", [True, False])
def test_user_who_is_a_number_has_a_name_for_snakemake(
    named: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def unknown(number: int) -> None:
        raise KeyError(number)

    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(name, raising=False)
    if not named:
        monkeypatch.setattr(pwd, "getpwuid", unknown)
    assert environment_in(tmp_path).get("LOGNAME") == (None if named else str(os.getuid()))


def test_cache_lies_beside_the_records_where_the_home_takes_none(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert "XDG_CACHE_HOME" not in environment_in(tmp_path)
    (tmp_path / "file").write_text("", encoding="utf-8")
    monkeypatch.setenv("HOME", str(tmp_path / "file"))
    assert environment_in(tmp_path)["XDG_CACHE_HOME"] == str(tmp_path / ".snakemake/cache")
