"""How deep a likelihood can be explored, by the names that declarations of models use.

To add a depth: one entry here, and a function ``draw_<name>`` in `alliance.inference.depths`.
"""

from dataclasses import dataclass
from typing import Final

from alliance.errors import suggest
from alliance.facts.registry import Registry


@dataclass(frozen=True)
class Depth:
    """A way from the maximum of a likelihood to draws of its parameters.

    Parameters
    ----------
    posterior
        Whether the draws are from a posterior, so that priors count; otherwise they are from a sampling distribution.
    """

    name: str
    posterior: bool


DEPTHS: Final = Registry(
    Depth("ml", posterior=False),
    Depth("laplace", posterior=True),
    Depth("nuts", posterior=True),
)


def known_depth(name: str) -> str:
    """Return the name of a depth.

    Raises
    ------
    ValueError
        There is none of that name.
    """
    if name not in DEPTHS:
        raise ValueError(f"there is no depth '{name}'.{suggest(name, DEPTHS)} Known depths: {', '.join(DEPTHS)}")
    return name
