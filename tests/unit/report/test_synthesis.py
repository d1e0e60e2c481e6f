"""What people see of a synthesis: figure, tables and sentences, each with its uncertainty, its N and its cautions."""

import re

from alliance.report.figures.synthesis import draw_synthesis
from alliance.report.prose.synthesis import describe_synthesis
from alliance.report.tables.synthesis import make_pooled, make_refused, make_sites
from alliance.synthesis.combine import cautions_of, combine
from alliance.synthesis.names import PREDICTION, told_rows
from tests.unit.synthesis.cards import site

FOUND = combine(
    [site("north", -1.0), site("south", 0.5), site("east", 2.0, outcome={"instrument": "core_10"}), site("west", -2.0)]
)


def said(found=FOUND) -> str:
    return " ".join(str(sentence) for passage in describe_synthesis(found) for sentence in passage.sentences)


def test_every_quantity_is_told_with_interval_n_and_spread() -> None:
    points = describe_synthesis(FOUND)[0].sentences
    assert len(points) == len(told_rows(FOUND.pooled)) > 2
    for point in points:
        assert re.search(
            r"\[−?\d.*\] standard deviations of .* \(95% interval; 4 sites, \d+ patients, [\d,]+ sessions\)", str(point)
        )
        assert "Sites differ with a standard deviation of" in str(point) and "At another site like these" in str(point)


def test_few_sites_confounding_and_flags_limit_what_is_said() -> None:
    assert "4 sites say little about how far sites differ" in said()
    assert "all sites may share a confounder" in said()
    assert "The treatment was assigned at random at all sites" in said()
    two = said(combine([site("north"), site("south", 1.0)]))
    assert "Two sites do not tell what to expect of a third" in two


def test_prediction_intervals_never_stand_without_what_is_known_of_them() -> None:
    assert (
        PREDICTION in said()
        and PREDICTION in " ".join(make_pooled(FOUND).notes)
        and PREDICTION in draw_synthesis(FOUND).notes
    )
    assert PREDICTION not in said(combine([site("north"), site("south", 1.0)]))


def test_cautions_of_all_quantities_are_told_once() -> None:
    assert said().count("4 sites say little about how far sites differ") == 1


def test_tables_hold_every_quantity_site_and_refusal() -> None:
    pooled, sites, refused = make_pooled(FOUND), make_sites(FOUND), make_refused(FOUND)
    assert len(pooled.shown) == len(FOUND.pooled) and len(sites.shown) == len(FOUND.sites)
    assert refused.shown["Why not"].iloc[0].startswith("Outcome was measured with phq_9")
    for shown, row in zip(pooled.shown["Mean [interval]"], FOUND.pooled.to_dict("records"), strict=True):
        assert shown.endswith("†") == bool(cautions_of(row))
    assert set(sites.shown["Patients"]) != {""}


def test_figure_shows_sites_with_their_n_the_mean_and_another_site() -> None:
    drawing = draw_synthesis(FOUND)
    first = drawing.values.groupby(["question", "path", "effect", "level", "horizon"], sort=False).get_group(
        tuple(told_rows(FOUND.pooled).iloc[0][["question", "path", "effect", "level", "horizon"]])
    )
    assert len(first) == 6
    assert list(first["label"])[-2:] == ["Mean over sites", "Another site"]
    assert re.fullmatch(r"north \(\d+\)", first["label"].iloc[0])
    assert "over 4 sites" in drawing.alt
