"""Mutations drawn by hypothesis, the same ones at every run."""

import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.fuzz.config_mutations import CONFIG_MUTATIONS
from tests.fuzz.data_mutations import DATA_MUTATIONS, Draw
from tests.fuzz.judge import Verdict, judge_config, judge_data

T = TypeVar("T")
Judge = Callable[[Any, Draw, Path], Verdict]
# Name of a mutation -> how it is judged.
WAYS: dict[str, tuple[Any, Judge]] = {
    **{way.__name__: (way, judge_data) for way in DATA_MUTATIONS},
    **{way.__name__: (way, judge_config) for way in CONFIG_MUTATIONS},
}


class _Choices:
    """Choices that hypothesis makes; each way begins at another place, since its first example is the simplest one."""

    def __init__(self, data: st.DataObject, name: str) -> None:
        self.data, self.shift, self.made = data, zlib.crc32(name.encode()), list[Any]()

    def one(self, options: Sequence[T]) -> T:
        """Return one of several."""
        return options[self.whole(0, len(options) - 1)]

    def whole(self, low: int, high: int) -> int:
        """Return a whole number, both ends included."""
        self.shift = zlib.crc32(b"%d" % self.shift)
        size = high - low + 1
        number = low + (self.data.draw(st.integers(0, size - 1)) + self.shift) % size
        self.made.append(number)
        return number


def verdicts(name: str, examples: int) -> list[Verdict]:
    """Judge mutations of one way."""
    mutate, judge = WAYS[name]
    found: list[Verdict] = []

    @settings(
        max_examples=examples,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def each(data: st.DataObject) -> None:
        with TemporaryDirectory() as folder:
            found.append(judge(mutate, _Choices(data, name), Path(folder)))

    each()
    return found
