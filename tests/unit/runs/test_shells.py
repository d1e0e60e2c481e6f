"""Paths in commands: quoted where a shell would take them apart, and refused where nothing quotes them."""

import shlex
import subprocess

import pytest

from alliance.runs.shells import Quoted, unsafe_in_scripts


@pytest.mark.parametrize("path", ["/usr/bin/python", '/it\'s "my" Übung/python', "/a b/$HOME/`x`", "/a;b&c"])
def test_path_is_itself_and_one_word_of_a_command(path: str) -> None:
    quoted = Quoted(path)
    assert quoted == path
    assert subprocess.list2cmdline([quoted]) == subprocess.list2cmdline([path])
    assert shlex.split(f"{quoted} -m x") == [path, "-m", "x"]


def test_first_path_that_job_scripts_cannot_hold_is_named() -> None:
    assert unsafe_in_scripts("/srv/müller/study-1_a.b", "/usr/bin/python3.13") is None
    assert unsafe_in_scripts("/fine", "/our study", "/it's") == "/our study"
