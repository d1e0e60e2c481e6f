"""One fitted model: what it estimates, how it went, and its draws."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import pandas as pd

from alliance.config import Config, ModelSpec
from alliance.errors import suggest
from alliance.study.show import Text, html_page, html_table

if TYPE_CHECKING:  # a look at the data need not wait for xarray
    import xarray as xr


@dataclass(frozen=True, repr=False)
class Fit:
    """A fitted model, made by `Study.fit` or read back by `Run.fit`.

    Beside the attributes below, a fit has the tables that it adds to a run: ``priors``, ``predictive``, ``trends``, ``influence``,
    ``sensitivity``, ``shrinkage``, ``moderation``; those it has nothing for are empty.

    Parameters
    ----------
    model
        Its name in the configuration.
    config
        The whole configuration it was fitted with.
    draws
        The draws of its paths and, of Bayesian fits, of its parameters: an ArviZ ``DataTree``, ready for
        ``arviz.summary(fit.draws, group="paths")`` or ``arviz.plot_trace``.
    flow
        From the panel to the rows of each equation: N, and why rows were left out.
    """

    model: str
    config: Config
    draws: "xr.DataTree"
    flow: pd.DataFrame

    @property
    def spec(self) -> ModelSpec:
        """The model's declaration."""
        return self.config.models.specs[self.model]

    @property
    def estimates(self) -> pd.DataFrame:
        """Every path, effect, coefficient and variance component, with interval, N and flag; see ``estimates.csv``."""
        return self._table("estimates")

    @property
    def diagnostics(self) -> pd.DataFrame:
        """What the fit says about itself: what was looked at, its value and threshold, and what it means."""
        return self._table("diagnostics")

    def summary(self) -> Text:
        """Return the fit in the manner of a console: equations, effects, differences between units, warnings.

        Examples
        --------
        >>> print(study.fit("technique_jointly", depth="ml").summary())
        """
        from alliance.study.summary import summarise_fit

        return Text(summarise_fit(self.spec, self.estimates, self.diagnostics, self.draws.attrs))

    @cached_property
    def _tables(self) -> Mapping[str, pd.DataFrame]:
        from alliance.results.fits import tabulate_fit  # with ArviZ, which a look at a study does not need

        tables = tabulate_fit(self.draws, self.config.inference)
        del tables["draws"]  # thinned for figures; all of them are here
        return tables

    def _table(self, name: str) -> pd.DataFrame:
        return self._tables[name].copy(deep=False)

    def __getattr__(self, name: str) -> pd.DataFrame:
        if name.startswith("_"):
            raise AttributeError(name)
        if name not in self._tables:
            raise AttributeError(f"A fit has no '{name}'.{suggest(name, self._tables)} It has: {', '.join(dir(self))}.")
        return self._table(name)

    def __dir__(self) -> list[str]:
        own = {name for name in (*vars(type(self)), *self.__dataclass_fields__) if not name.startswith("_")}
        return sorted({*own, *self._tables})

    def __repr__(self) -> str:
        return self.summary()

    def _repr_html_(self) -> str:
        from alliance.results.estimates import main_rows

        shown = main_rows(self.estimates)[["path", "effect", "level", "horizon", "estimate", "low", "high", "flag"]]
        attributes = self.draws.attrs
        about = f"{self.model}: {attributes['family']}, {attributes['engine']}"
        more = "More: .estimates, .diagnostics, .summary(), .draws"
        return html_page(self.spec.label, [about], html_table(shown), html_page("", [more]))
