"""Sizes that no machine or no number of draws can serve, found before anything runs."""

from alliance.config.schema import Config
from alliance.facts.families import FAMILIES

_FEWEST_BEYOND = 2  # draws expected beyond each limit of an interval; fewer, and the limit is the most extreme draw
_MOST_DRAWS = 400_000  # of a posterior, all chains together
_MOST_VARYING = 16  # effects of one model that vary at one level: matrices of their covariances grow with the square


def check_sizes(config: Config) -> list[str]:
    """List sizes that cannot be served: too many draws, limits of intervals that no draw lies beyond, too many varying effects."""
    problems = []
    share, sampling = (1 - config.inference.interval) / 2, config.sampling
    counts = {"inference.monte_carlo_draws": config.inference.monte_carlo_draws}
    fitted = [config.models.specs[name] for name in config.models.fit if name in config.models.specs]
    if any("sampling" in FAMILIES[spec.family].sections for spec in fitted):
        counts["sampling.draws"] = sampling.draws * sampling.chains
        if config.inference.divergences_max >= counts["sampling.draws"]:
            problems.append(
                f"inference.divergences_max: {config.inference.divergences_max:,} transitions may diverge, which is all that "
                f"{counts['sampling.draws']:,} draws (sampling) have, so nothing would ever be flagged. Write 0, or a small number."
            )
    for key, count in counts.items():
        if count * share < _FEWEST_BEYOND:
            problems.append(
                f"inference.interval: limits of an interval of {config.inference.interval:.12g} lie where {count:,} draws ({key}) have "
                f"{count * share:.2g} values. Write {_widest(count):.12g} or less, or raise {key}."
            )
    if sampling.draws * sampling.chains > _MOST_DRAWS:
        problems.append(
            f"sampling.draws: {sampling.chains} chains of {sampling.draws:,} draws do not fit into memory. Keep at most "
            f"{_MOST_DRAWS // sampling.chains:,} of each chain; 1,000 serve a paper."
        )
    for name in config.models.fit:
        for level in ("patient", "therapist"):
            spec = config.models.specs.get(name)
            parts = [len(equation.vary.get(level, [])) for equation in spec.equations.values()] if spec else [0]
            varying = sum(parts) if spec and FAMILIES[spec.family].joint else max(parts, default=0)
            if varying > _MOST_VARYING:
                problems.append(
                    f"models.specs.{name}.equations: {varying} effects vary by {level}, more than the {_MOST_VARYING} that a study can "
                    f"tell apart. Leave in 'vary' the intercept and the predictors of the path that is asked for."
                )
    return problems


def _widest(draws: int) -> float:
    """Return the widest interval, in steps of .01 or finer, beyond whose limits enough draws lie."""
    widest = 1 - 2 * _FEWEST_BEYOND / draws
    return next(level for level in (0.999, 0.99, 0.95, 0.9) if level <= widest + 1e-12)
