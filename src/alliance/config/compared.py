"""Which groups the fitted models compare, and how many patients each of them must have."""

from alliance.config.schema import Config
from alliance.config.timing import parse_term


def smallest_groups(config: Config) -> dict[str, int]:
    """Return variable -> patients that each of its groups must have, of categories that a fitted model has terms of.

    Groups that no model compares may be as small as they are: tables and figures suppress their counts.
    """
    specs = [config.models.specs[name] for name in config.models.fit if name in config.models.specs]
    terms = [parse_term(column, config.variables) for spec in specs for column in spec.named_columns()]
    used = {term.variable for term in terms if term is not None}
    return {
        name: config.privacy.minimum_cell
        for name, variable in config.variables.items()
        if name in used and variable.labels is not None
    }
