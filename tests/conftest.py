"""What all tests share: one thread for linear algebra, as in every job of the workflow, and the order of files among several processes."""

import gc
from pathlib import Path

import pytest

from alliance.runs.threads import use_one_thread

use_one_thread()

LONGEST = ("workflow", "recovery", "reference", "notebooks", "artefacts", "config", "steps")


def pytest_collection() -> None:
    """Look for no garbage while modules are imported, which make hardly any, and millions of objects that stay."""
    gc.disable()


def pytest_collection_finish() -> None:
    """Leave what was imported out of every later search for garbage: going through all of it takes half a second each time."""
    gc.collect()
    gc.freeze()
    gc.enable()


def pytest_sessionfinish() -> None:
    """Let objects be found again: Hypothesis, which is imported late where no test uses it, asks who refers to a generator."""
    gc.unfreeze()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the folders whose files take longest: the last file must not keep one process when all others have finished."""
    order = {name: number for number, name in enumerate(LONGEST)}
    here = Path(__file__).parent
    items.sort(key=lambda item: order.get(item.path.relative_to(here).parts[0], len(order)))
