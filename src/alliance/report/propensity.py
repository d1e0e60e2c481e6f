"""What a yes/no or ordered outcome is called where a model takes it for the propensity behind its answers, and its units."""

from alliance.config import Config
from alliance.config.timing import answered_as, parse_term
from alliance.facts.families import FAMILIES
from alliance.report.labels import label_of, label_path, unit_of


def propensities_of(config: Config) -> list[str]:
    """List the outcomes that a fitted model takes for propensities."""
    named = [(outcome, name) for name in config.models.fit for outcome in config.models.specs[name].equations]
    return list(dict.fromkeys(outcome for outcome, name in named if is_propensity(outcome, name, config)))


def describe_scales(config: Config) -> str:
    """Return the sentence of a table's note on units, with a trailing blank; nothing where there is no propensity."""
    labels = [label_of(outcome, config) for outcome in propensities_of(config)]
    if not labels:
        return ""
    return (
        f"Of {', '.join(labels)} (yes/no or ordered) the unit is one standard deviation, between sessions, of the propensity behind the "
        "answers. "
    )


def is_propensity(term: str, model: str, config: Config) -> bool:
    """Whether a model takes a term for a propensity: one that is declared yes/no or ordered and has an equation in it."""
    spec, found = config.models.specs.get(model), parse_term(term, config.variables)
    return (
        spec is not None
        and found is not None
        and found.base in spec.equations
        and FAMILIES[spec.family].propensities
        and answered_as(found.base, spec, config.variables) != ""
    )


def name_in(term: str, model: str, config: Config) -> str:
    """Return the label of a term in a model: ``the propensity for rupture`` where that is what it stands for."""
    return f"the {bare_name_in(term, model, config)}" if is_propensity(term, model, config) else label_of(term, config)


def bare_name_in(term: str, model: str, config: Config) -> str:
    """Return the same without an article, as in tables and figures: ``propensity for rupture``."""
    label = label_of(term, config)
    return f"propensity for {label}" if is_propensity(term, model, config) else label


def path_in(path: str, model: str, config: Config) -> str:
    """Return a path of a model with labels: ``technique → propensity for rupture``."""
    return label_path(path, config, lambda name: bare_name_in(name, model, config))


def unit_in(term: str, model: str, config: Config) -> str:
    """Return the unit of a term in a model."""
    return "standard deviations" if is_propensity(term, model, config) else unit_of(term, config)
