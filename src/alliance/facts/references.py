"""What a report can cite, each once: methods and software. A report cites those whose method was run, and no other.

A DOI stands here only where it is known for sure. Citations of questionnaires are facts of their instrument files.
"""

import re
from dataclasses import dataclass
from typing import Final

from alliance.facts.registry import Registry


@dataclass(frozen=True)
class Reference:
    """One source.

    Parameters
    ----------
    name
        What it is asked for by, and its key in a bibliography.
    authors
        Family name and initials of each, as in ``Kenny, D. A.``.
    source
        Journal, or proceedings.
    volume
        With the issue, as in ``8(2)``; empty for proceedings.
    pages
        First and last, or the number of an article.
    """

    name: str
    authors: tuple[str, ...]
    year: int
    title: str
    source: str
    volume: str = ""
    pages: str = ""
    doi: str = ""

    @property
    def cited(self) -> str:
        """Authors and year, as they stand in parentheses."""
        family = [author.partition(",")[0] for author in self.authors]
        who = (
            family[0]
            if len(family) == 1
            else f"{family[0]} & {family[1]}"
            if len(family) == 2
            else f"{family[0]} et al."
        )
        return f"{who}, {self.year}"

    @property
    def text(self) -> str:
        """The whole reference in the manner of APA."""
        *first, last = self.authors
        who = f"{', '.join(first)}, & {last}" if first else last
        where = ", ".join(part for part in (self.source, self.volume, self.pages) if part)
        address = f" https://doi.org/{self.doi}" if self.doi else ""
        return f"{who} ({self.year}). {self.title}. {where}.{address}"

    @property
    def bibtex(self) -> str:
        """The reference as an entry of BibTeX."""
        number = re.fullmatch(r"(\w+)\((\w+)\)", self.volume)
        fields = {
            "author": " and ".join(self.authors),
            "year": str(self.year),
            "title": f"{{{self.title}}}",
            "journal" if self.volume else "booktitle": self.source,
            "volume": number[1] if number else self.volume,
            "number": number[2] if number else "",
            "pages": self.pages.replace("–", "--"),
            "doi": self.doi,
        }
        return entry_of("article" if self.volume else "inproceedings", self.name, fields)


def entry_of(kind: str, key: str, fields: dict[str, str]) -> str:
    """Return an entry of BibTeX; fields without a value are left out."""
    lines = [f"  {name} = {{{_escaped(value)}}}" for name, value in fields.items() if value]
    return f"@{kind}{{{key},\n" + ",\n".join(lines) + "\n}\n"


def _escaped(text: str) -> str:
    return re.sub(r"([&%#_$])", r"\\\1", text)


REFERENCES: Final = Registry(
    Reference(
        "baldwin2007",
        ("Baldwin, S. A.", "Wampold, B. E.", "Imel, Z. E."),
        2007,
        "Untangling the alliance-outcome correlation: Exploring the relative importance of therapist and patient variability in the "
        "alliance",
        "Journal of Consulting and Clinical Psychology",
        "75(6)",
        "842–852",
        "10.1037/0022-006X.75.6.842",
    ),
    Reference(
        "geldhof2014",
        ("Geldhof, G. J.", "Preacher, K. J.", "Zyphur, M. J."),
        2014,
        "Reliability estimation in a multilevel confirmatory factor analysis framework",
        "Psychological Methods",
        "19(1)",
        "72–91",
        "10.1037/a0032138",
    ),
    Reference(
        "hartung2001",
        ("Hartung, J.", "Knapp, G."),
        2001,
        "A refined method for the meta-analysis of controlled clinical trials with binary outcome",
        "Statistics in Medicine",
        "20(24)",
        "3875–3889",
        "10.1002/sim.1009",
    ),
    Reference(
        "hoffman2014",
        ("Hoffman, M. D.", "Gelman, A."),
        2014,
        "The No-U-Turn sampler: Adaptively setting path lengths in Hamiltonian Monte Carlo",
        "Journal of Machine Learning Research",
        "15(47)",
        "1593–1623",
    ),
    Reference(
        "holm1979",
        ("Holm, S.",),
        1979,
        "A simple sequentially rejective multiple test procedure",
        "Scandinavian Journal of Statistics",
        "6(2)",
        "65–70",
    ),
    Reference(
        "kenny2003",
        ("Kenny, D. A.", "Korchmaros, J. D.", "Bolger, N."),
        2003,
        "Lower level mediation in multilevel models",
        "Psychological Methods",
        "8(2)",
        "115–128",
        "10.1037/1082-989X.8.2.115",
    ),
    Reference(
        "lam2015",
        ("Lam, S. K.", "Pitrou, A.", "Seibert, S."),
        2015,
        "Numba: A LLVM-based Python JIT compiler",
        "Proceedings of the Second Workshop on the LLVM Compiler Infrastructure in HPC",
        pages="1–6",
        doi="10.1145/2833157.2833162",
    ),
    Reference(
        "molder2021",
        ("Mölder, F.", "Jablonski, K. P.", "Letcher, B.", "Hall, M. B.", "Tomkins-Tinch, C. H.", "Sochat, V.", "Forster, J.", "Lee, S.",
         "Twardziok, S. O.", "Kanitz, A.", "Wilm, A.", "Holtgrewe, M.", "Rahmann, S.", "Nahnsen, S.", "Köster, J."),
        2021,
        "Sustainable data analysis with Snakemake",
        "F1000Research",
        "10",
        "33",
        "10.12688/f1000research.29032.2",
    ),
    Reference(
        "patterson1971",
        ("Patterson, H. D.", "Thompson, R."),
        1971,
        "Recovery of inter-block information when block sizes are unequal",
        "Biometrika",
        "58(3)",
        "545–554",
        "10.1093/biomet/58.3.545",
    ),
    Reference(
        "preacher2012",
        ("Preacher, K. J.", "Selig, J. P."),
        2012,
        "Advantages of Monte Carlo confidence intervals for indirect effects",
        "Communication Methods and Measures",
        "6(2)",
        "77–98",
        "10.1080/19312458.2012.679848",
    ),
    Reference(
        "pymc2023",
        ("Abril-Pla, O.", "Andreani, V.", "Carroll, C.", "Dong, L.", "Fonnesbeck, C. J.", "Kochurov, M.", "Kumar, R.", "Lao, J.",
         "Luhmann, C. C.", "Martin, O. A.", "Osthege, M.", "Vieira, R.", "Wiecki, T.", "Zinkov, R."),
        2023,
        "PyMC: A modern, and comprehensive probabilistic programming framework in Python",
        "PeerJ Computer Science",
        "9",
        "e1516",
        "10.7717/peerj-cs.1516",
    ),
    Reference(
        "seabold2010",
        ("Seabold, S.", "Perktold, J."),
        2010,
        "Statsmodels: Econometric and statistical modeling with Python",
        "Proceedings of the 9th Python in Science Conference",
        pages="92–96",
        doi="10.25080/Majora-92bf1922-011",
    ),
    Reference(
        "stram1994",
        ("Stram, D. O.", "Lee, J. W."),
        1994,
        "Variance components testing in the longitudinal mixed effects model",
        "Biometrics",
        "50(4)",
        "1171–1177",
        "10.2307/2533455",
    ),
    Reference(
        "vehtari2021",
        ("Vehtari, A.", "Gelman, A.", "Simpson, D.", "Carpenter, B.", "Bürkner, P.-C."),
        2021,
        "Rank-normalization, folding, and localization: An improved R-hat for assessing convergence of MCMC",
        "Bayesian Analysis",
        "16(2)",
        "667–718",
        "10.1214/20-BA1221",
    ),
    Reference(
        "vehtari2024",
        ("Vehtari, A.", "Simpson, D.", "Gelman, A.", "Yao, Y.", "Gabry, J."),
        2024,
        "Pareto smoothed importance sampling",
        "Journal of Machine Learning Research",
        "25(72)",
        "1–58",
    ),
    Reference(
        "viechtbauer2005",
        ("Viechtbauer, W.",),
        2005,
        "Bias and efficiency of meta-analytic variance estimators in the random-effects model",
        "Journal of Educational and Behavioral Statistics",
        "30(3)",
        "261–293",
        "10.3102/10769986030003261",
    ),
    Reference(
        "weesie1999",
        ("Weesie, J.",),
        1999,
        "sg121: Seemingly unrelated estimation and the cluster-adjusted sandwich estimator",
        "Stata Technical Bulletin",
        "52",
        "34–47",
    ),
    Reference(
        "wooldridge2005",
        ("Wooldridge, J. M.",),
        2005,
        "Simple solutions to the initial conditions problem in dynamic, nonlinear panel data models with unobserved heterogeneity",
        "Journal of Applied Econometrics",
        "20(1)",
        "39–54",
        "10.1002/jae.770",
    ),
)  # fmt: skip
