"""Do posteriors of registers hold the truth? Studies of 5,000 patients, whose posteriors come from a likelihood of second order.

Worlds are `static` and `lasting` of `config/recovery.yaml` (technique, alliance and symptoms in one session; slopes of both steps differ
between patients) with 5,000 patients of 500 therapists in four sessions, 30 % of whom leave before the last:

``varying``  as there
``equal``    the effect of the alliance is the same for all patients, while the model lets it differ: a variance at its edge
``lasting``  what is left of symptoms at a session lasts to the next (.5), and 15 % of the sessions are skipped

Each study is fitted twice, by restricted maximum likelihood and by `depth: laplace`, through the panel, the fit and the table of estimates
of a user's data. Studies are added to `results/registers/` one by one, and a run that was stopped goes on; counts are of what is there:

    nice python -m validation.registers.simulate 100            # studies of each world
    nice python -m validation.registers.simulate 100 lasting    # of this world; beside it another process may add to others
"""

import sys
from collections.abc import Sequence
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import pandas as pd

from alliance.certify.recovery import recover_studies
from alliance.certify.settings import Design, Recovery
from alliance.certify.summary import summarise_recovery
from alliance.steps.recovery import MAIN, SETTINGS, read_everything
from validation.resumed import add_studies

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
KEPT = ROOT / "results/registers"
SIZE = {"patients": 5000, "therapists": 500, "sessions": 4}
WORLDS: dict[str, tuple[str, dict[str, Any]]] = {  # world of the settings, and what is changed in it
    "varying": ("static", {}),
    "equal": ("static", {"patients": {"sd": {"alliance -> symptoms": 0.0}}}),
    "lasting": ("lasting", {}),
}
METHODS = ("ml", "laplace")
COMPARED = ["a", "b", "c_prime", "direct", "indirect", "indirect_product", "cov_ab", "total", "sd", "autocorrelation"]


def settings_of(settings: Recovery) -> Recovery:
    """Return the settings with the designs of registers in place of those of teams, and without the methods of those."""
    designs = {
        name: Design(label=name, world=world, change=change | {"size": SIZE})
        for name, (world, change) in WORLDS.items()
    }
    methods = {name: settings.methods[name] for name in METHODS}
    return settings.model_copy(update={"designs": designs, "methods": methods, "compared": COMPARED})


def fit(settings: Recovery, priors: Any, inference: Any, study: int, world: str, method: str) -> pd.DataFrame:
    """Return the rows of a study fitted by one method."""
    chosen = range(study, study + 1)
    table = recover_studies(settings, world, method, chosen, priors, inference)
    return table.rename(columns={"design": "world"})


def main(studies: int, worlds: Sequence[str]) -> None:
    """Add what is missing of these worlds, and write bias and coverage of all that are there."""
    whole, priors, inference = read_everything(ROOT / SETTINGS, ROOT / MAIN)
    fitted = partial(fit, settings_of(whole), priors, inference)
    for study, world in product(range(studies), worlds):
        wanted = ({"study": study, "world": world, "method": method} for method in METHODS)
        add_studies(KEPT / f"{world}.csv", wanted, fitted)
    kept = [
        pd.read_csv(path).rename(columns={"world": "design"})
        for world in WORLDS
        if (path := KEPT / f"{world}.csv").exists()
    ]
    table = pd.concat(kept, ignore_index=True)
    counts = summarise_recovery(table.fillna({"flag": "", "horizon": ""}))
    counts.rename(columns={"design": "world"}).round(4).to_csv(HERE / "coverage.csv", index=False)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:] or tuple(WORLDS))
