"""Each newer part of a model with its nearest peer: do the estimates agree, what does it cost beside the model without it, and the peer."""

from typing import Any

from children import HERE, Bench
from simulate import Study

# Capability -> the peer, and its script; none where no package can fit the model.
PEERS = {
    "series by sessions": ("nlme, corAR1", "newer.R"),
    "series by days": ("nlme, corExp", "newer.R"),
    "answers": ("lme4, glmer, 15 points", "newer.R"),
    "ordered answers": ("ordinal, clmm, 15 points", "newer.R"),
    "constructs": ("lavaan, two levels", "newer.R"),
    "variability": ("PyMC, NUTS", "pymc_peer.py"),
    "missing cells": ("", ""),
}
_OURS = str(HERE / "capabilities.py")


def measure(bench: Bench) -> dict[str, Any]:
    """Fit with each capability and without, and let the peer fit the same data."""
    study = Study(30, 8) if bench.quick else Study(100, 20)
    rows = []
    for capability, (peer, script) in PEERS.items():
        data = bench.folder / f"{capability.replace(' ', '_')}.csv"
        job = {"capability": capability, "study": vars(study), "data": str(data)}
        ours = bench.run_python(_OURS, job)
        row = {"capability": capability, "size": study.text, "peer": peer, "ours": ours}
        if script and ours["status"] == "ok":
            length = {"draws": 100, "tune": 100} if bench.quick else {"draws": 500, "tune": 500}
            asked = {**job, "repetitions": 1 if bench.quick else 5, "priors": ours["priors"], **length}
            row["theirs"] = bench.run_peer(script, asked)
            if row["theirs"]["status"] == "ok":
                row |= _compare(ours["estimates"], row["theirs"])
        rows.append(row)
    return {"rows": rows}


def _compare(ours: dict[str, float], theirs: dict[str, Any]) -> dict[str, Any]:
    """Return the largest differences: in the peer's standard errors where it gives one, else in per cent."""
    apart, percent = {}, {}
    for name, value in theirs["estimates"].items():
        if name in theirs["errors"]:
            apart[name] = abs(ours[name] - value) / theirs["errors"][name]
        else:
            percent[name] = 100 * abs(ours[name] / value - 1)
    return {"apart": max(apart.values()), "percent": max(percent.values(), default=None)}
