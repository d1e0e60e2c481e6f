"""Whoever measures a figure reads no more digits than its numbers have."""

import io
import re

import pytest

from alliance.report.figures import theme
from alliance.report.figures.coordinates import in_tenths

VALUE = 0.1234567


def svg_with(value: float) -> str:
    with theme.applied():
        figure, (axes,) = theme.new_figure(theme.SINGLE, 2)
        axes.plot([value], [0.5], marker="o")
        axes.plot([value, 1.0], [0.2, 0.9])
        axes.fill_between([0.0, value, 1.0], [0.1, value, 0.3])
        axes.set_xlim(0, 1)
        axes.set_ylim(0, 1)
        file = io.StringIO()
        figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None})
    return in_tenths(file.getvalue())


def test_estimates_that_differ_beyond_their_digits_are_drawn_alike() -> None:
    def places(svg: str) -> list[str]:  # names of shapes are drawn from what they were before
        return re.sub(r"(?<=[#\"])[mpC]\w+", "", svg).splitlines()

    assert places(svg_with(VALUE)) == places(svg_with(VALUE + 1e-6))
    assert places(svg_with(VALUE)) != places(svg_with(VALUE + 0.01))


@pytest.mark.parametrize(
    "shape", ['<path d="M 0 1.5 C 0.397805 1.5 0.77937 1.341951 1.06066 1.06066"/>', '<use x="3" y="4"/>']
)
def test_markers_keep_their_form(shape: str) -> None:
    assert in_tenths(shape) == shape
