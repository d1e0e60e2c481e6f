"""Coordinates of an SVG, to a tenth of a point: no eye sees less, and whoever measures them reads no more digits than are published.

An interval of an estimate is some fifty points wide, so a tenth is about a hundredth of its standard error. Exact coordinates would give
estimates with five digits more than the tables.
"""

import re

_PATH = re.compile(r' d="([^"]*)"')
_PLACE = re.compile(r'(?<= [xy]=")-?\d+\.\d+(?=")')
_NUMBER = re.compile(r"-?\d+\.\d+")
_MARKER = 20.0  # points; a shape whose coordinates are all nearer to its origin is a marker, and keeps its form


def in_tenths(svg: str) -> str:
    """Return an SVG with the coordinates of paths, markers and texts rounded.

    >>> in_tenths('<path d="M 1.23456 77.08765 L 2 3"/><use x="4.5678" y="9"/>')
    '<path d="M 1.2 77.1 L 2 3"/><use x="4.6" y="9"/>'
    """
    return _PLACE.sub(_tenth, _PATH.sub(_of_path, svg))


def _of_path(path: re.Match[str]) -> str:
    if all(abs(float(number)) < _MARKER for number in _NUMBER.findall(path[1])):
        return path.group()
    return f' d="{_NUMBER.sub(_tenth, path[1])}"'


def _tenth(number: re.Match[str]) -> str:
    return f"{float(number.group()):.1f}".removesuffix(".0")
