"""Is the working alliance a mediator of change? A pipeline with a package inside.

For people there are two names, in notebooks, scripts and anywhere in Python::

    from alliance import Run, Study

`Study` is a configuration and its data, up to models that are fitted on the spot; `Run` is what the workflow has made.
"""

from importlib import import_module
from typing import Any

__all__ = ["Run", "Study"]


def __getattr__(name: str) -> Any:
    """Import the two names when they are asked for: every job of the workflow imports this package and needs neither."""
    if name in __all__:
        return getattr(import_module("alliance.study"), name)
    raise AttributeError(f"module 'alliance' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
