"""The calibration of posteriors: jobs that simulate and fit, tables, plots, and what is kept as documentation."""

import shutil
from collections.abc import Sequence
from typing import Any

import pandas as pd

from alliance.certify.settings import Calibration
from alliance.config.schema import Inference, Priors, Sampling
from alliance.report.figures.drawing import Drawing
from alliance.runs.files import replacing, write_csv, write_parquet


def rank_parameters(
    *,
    ranks: str,
    calibration: dict[str, Any],
    engine: str,
    numbers: tuple[int, int],
    seed: int,
    priors: dict[str, Any],
    sampling: dict[str, Any],
    inference: dict[str, Any],
) -> None:
    """Rank parameters drawn from the priors among draws of the posterior of data simulated from them.

    Parameters
    ----------
    ranks
        Parquet file to be written.
    numbers
        First data set, and the one after the last.
    """
    from alliance.certify.calibration import rank_data_sets

    table = rank_data_sets(
        Calibration.model_validate(calibration),
        engine,
        range(*numbers),
        seed,
        Priors.model_validate(priors),
        Sampling.model_validate(sampling),
        Inference.model_validate(inference),
    )
    write_parquet(table, ranks)


def summarise_calibration(
    *,
    ranks: Sequence[str],
    table: str,
    counts: str,
    ecdf_svg: str,
    ecdf_png: str,
    histogram_svg: str,
    histogram_png: str,
    level: float,
    seed: int,
    engines: dict[str, str],
    dpi: int,
) -> None:
    """Write the test of uniformity of every quantity, how often ranks occurred, and both plots of the ranks.

    Parameters
    ----------
    engines
        Name -> label, in the order in which they are shown.
    """
    from alliance.certify.calibration import summarise_calibration as summarise
    from alliance.report.figures.ranks import draw_histograms, draw_rank_ecdf

    found = pd.concat([pd.read_parquet(path) for path in ranks], ignore_index=True)
    write_csv(summarise(found, level, seed), table)
    save_drawing(draw_rank_ecdf(found, engines, level, seed), ecdf_svg, ecdf_png, dpi)
    histograms = draw_histograms(found, engines, level)
    write_csv(histograms.values, counts)
    save_drawing(histograms, histogram_svg, histogram_png, dpi)


def publish_validation(*, made: Sequence[str], **kept: str) -> None:
    """Copy tables and plots to where they are committed as documentation.

    Parameters
    ----------
    made, kept
        Files and their copies, in the same order.
    """
    for source, target in zip(made, kept.values(), strict=True):
        with replacing(target) as path:
            shutil.copyfile(source, path)


def save_drawing(drawing: Drawing, svg: str, png: str, dpi: int) -> None:
    """Write a figure in both formats."""
    from alliance.report.figures.theme import applied

    figure: Any = drawing.figure
    with applied():
        # Without dates and versions of programs, so that the same figure is the same file.
        with replacing(svg) as path:
            figure.savefig(path, format="svg", metadata={"Date": None, "Creator": None})
        with replacing(png) as path:
            figure.savefig(path, format="png", dpi=dpi, metadata={"Software": None})
