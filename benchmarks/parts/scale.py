"""A study of a million sessions: 50,000 patients of 1,000 therapists, three levels, random slopes."""

from typing import Any

from children import Bench
from draws import read_arrays
from simulate import Study

from parts.nuts_brms import describe_draws

_LIMIT = 7200.0


def measure(bench: Bench) -> dict[str, Any]:
    """Fit by maximum likelihood and by NUTS, with the most memory either process held."""
    study = Study(200, 8, 20) if bench.quick else Study(50_000, 20, 1_000)
    length = {"tune": 100, "draws": 100} if bench.quick else {"tune": 500, "draws": 1000}
    maximum = bench.run_ours("maximum", {"study": vars(study), "repetitions": 1}, _LIMIT)
    file = bench.folder / "scale.npz"
    job = {"study": vars(study), "chains": 4, "target_accept": 0.8, "seed": 1, "draws_file": str(file), **length}
    sampled = bench.run_ours("sample", job, _LIMIT)
    if sampled["status"] == "ok":
        sampled = describe_draws(sampled, read_arrays(file))
    return {"size": study.text, "maximum": maximum, "sampled": sampled, **length}
