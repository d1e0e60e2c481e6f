"""Text of settings that YAML alone would take in silence, or never finish with."""

import time
from pathlib import Path

import pytest

from alliance.config import read_yaml
from alliance.errors import ConfigError

BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]\n" for level in range(1, 10)
)
REFUSED = {
    "key twice": ("panel:\n  lag: 2\n  max_gap_days: 7\n  lag: 1\n", ["line 4", "'lag' stands twice", "line 2"]),
    "section twice": ("panel: {lag: 2}\nrun: {}\npanel: {lag: 1}\n", ["line 3", "'panel'"]),
    "key twice in brackets": ("panel: {lag: 2, lag: 1}\n", ["line 1", "'lag'"]),
    "key with and without quotes": ("e: {on: [a], 'on': [b]}\n", ["'on' stands twice"]),
    "references that explode": (BOMB, ["written out"]),
    "merged references that explode": (
        "a0: &a0 {k0: 1}\n" + "".join(f"a{n}: &a{n} {{x: *a{n - 1}, y: *a{n - 1}}}\n" for n in range(1, 30)),
        ["written out"],
    ),
    "reference to itself": ("a: &a [*a]\n", ["part of"]),
    "brackets without end": ("a: " + "[" * 50_000, ["levels deep"]),
    "mappings without end": ("a: " + "{a: " * 50_000, ["levels deep"]),
    "lists in lines without end": ("- " * 50_000 + "x", ["levels deep"]),
    "date that is none": ("run: {title: 2024-13-45}\n", ["line 1", "'2024-13-45'", "quotes"]),
    "number that is none": ("run: {seed: !!int x}\n", ["line 1", "'x'"]),
    "number without end": ("run: {seed: " + "9" * 6000 + "}\n", ["line 1", "quotes"]),
    "code": ("run: !!python/object/apply:os.getcwd []\n", ["line 1"]),
    "control characters": ("run: {title: \x07}\n", ["special characters"]),
    "two documents": ("run: {}\n---\nrun: {}\n", ["line 2"]),
}


@pytest.mark.parametrize("name", REFUSED)
def test_text_is_refused_within_a_second_by_file_and_line(tmp_path: Path, name: str) -> None:
    text, expected = REFUSED[name]
    path = tmp_path / "odd.yaml"
    path.write_text(text, encoding="utf-8")
    began = time.process_time()  # of the processor, however busy the machine is
    with pytest.raises(ConfigError) as caught:
        read_yaml(path)
    assert time.process_time() - began < 1.0
    message = str(caught.value)
    assert all(part in message for part in ["odd.yaml", *expected]), message
    assert len(message) < 600


def test_references_that_mean_the_same_twice_are_allowed(tmp_path: Path) -> None:
    path = tmp_path / "shared.yaml"
    path.write_text("a: &a {x: 1, y: 2}\nb: {<<: *a, x: 3}\nc: [*a, *a]\n", encoding="utf-8")
    assert read_yaml(path)["b"] == {"x": 3, "y": 2}


def test_folder_in_place_of_a_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be opened"):
        read_yaml(tmp_path)
