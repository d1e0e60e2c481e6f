"""Which studies are fitted after which: so that whenever a long run ends, every design has as many studies as the others."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from alliance.certify.settings import Recovery, jobs_of


@dataclass(frozen=True)
class Batch:
    """Studies `first` to `end` - 1 of a design, fitted by one method in one go."""

    design: str
    method: str
    first: int
    end: int

    def place(self, key: str) -> str:
        """Return where its studies are kept, below a folder; `key` stands for everything that they depend on."""
        return f"{self.design}/{self.method}/{self.first:04d}-{self.end:04d}.{key}.parquet"


def plan_batches(settings: Recovery) -> list[Batch]:
    """List all batches in the order in which they are fitted: methods by their turn, then by number of study, over all designs."""
    found = [
        (method.turn, first, Batch(design, name, first, end))
        for name, method in settings.methods.items()
        for design in settings.designs
        if method.designs is None or design in method.designs
        for first, end in jobs_of(method.studies, method.per_job)
    ]
    return [batch for *_, batch in sorted(found, key=lambda each: each[:2])]


def key_of(settings: Recovery, design: str, method: str, others: Mapping[str, Any]) -> str:
    """Return a name for everything that the studies of a design, fitted by one method, depend on.

    Parameters
    ----------
    others
        Further settings, and the fingerprint of the code, as plain values.
    """
    content = json.dumps([settings.used_by(design, method), dict(others)], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()[:12]


def count_studies(batches: Iterable[Batch], methods: Sequence[str]) -> pd.DataFrame:
    """Return how many studies batches hold: one row per design, one column per method."""
    rows = [(batch.design, batch.method, batch.end - batch.first) for batch in batches]
    table = pd.DataFrame(rows, columns=["design", "method", "studies"])
    counts = table.pivot_table(index="design", columns="method", values="studies", aggfunc="sum", sort=False)
    return counts.reindex(columns=list(methods)).fillna(0).astype(int)
