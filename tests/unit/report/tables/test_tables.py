"""Every table for both studies, small golden cases, suppression, and escaping of what comes from data."""

import io
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from docx import Document
from lxml import html as lxml_html

from alliance.config import Config
from alliance.errors import ConfigError
from alliance.facts.artefacts import ARTEFACTS
from alliance.facts.cautions import CAUTIONS
from alliance.report.tables import TABLES, load_table
from alliance.report.tables.checks import published
from alliance.report.tables.latex import escape_latex, render_latex
from alliance.report.tables.render import columns_of, numeric_columns, render_html
from alliance.report.tables.table import Table
from alliance.report.tables.word import render_docx
from alliance.results.disclosure import bounds_of, suppress_counts
from alliance.runs.files import write_csv
from tests.artefacts import builders

STUDIES = {"arms": builders.arms_config(), "single": builders.single_config()}
INPUTS = {name: builders.artefacts(config) | builders.compared(config) for name, config in STUDIES.items()}
NASTY = '=HYPERLINK("http://x")<script>alert(1)</script> & 50% _a_ {b} \\cmd #1 ~ ^'


def _make(name: str, study: str, **changes: pd.DataFrame) -> Table:
    inputs = INPUTS[study] | changes
    module = load_table(name)
    table: Table = module.make({need: inputs[need] for need in module.NEEDS}, STUDIES[study])
    return table


def _small(cell: str = "1.5") -> Table:
    shown = pd.DataFrame({"Part": ["A", "A", "B"], "Name": ["x", "y", "z"], "Value": ["1.5", cell, "−2.0 [−3, 1]"]})
    return Table(shown, shown, "A caption", ["A note."], "Part")


# A run may have none of these: no moderator, nothing cleaned, no estimate that another run or a known truth has as well.
@pytest.mark.parametrize(
    "name", ["moderation", "agreement", "sensitivity", "trends", "autocorrelation",
           "influence", "predictive", "cleaning", "checks", "settings", "comparison", "truth"]
)  # fmt: skip
def test_table_of_nothing_renders_in_every_format(name: str) -> None:
    inputs = INPUTS["arms"]
    table = _make(name, "arms", **{need: inputs[need].iloc[:0] for need in load_table(name).NEEDS})
    assert columns_of(table)
    assert len(lxml_html.fromstring(render_html(table, name)).xpath("//thead//th")) >= len(columns_of(table))
    assert render_latex(table, name) and render_docx(table)


@pytest.mark.parametrize("study", STUDIES)
@pytest.mark.parametrize("name", TABLES)
def test_table_renders_in_every_format_without_codes_of_patients(name: str, study: str) -> None:
    table = _make(name, study)
    assert table.caption
    assert table.notes
    page, latex = render_html(table, name), render_latex(table, name)
    document = Document(io.BytesIO(render_docx(table)))
    rows = len(table.shown)
    headings = table.shown[table.group].ne(table.shown[table.group].shift()).sum() if table.group else 0
    assert len(document.tables[0].rows) == 1 + rows + headings
    assert len(lxml_html.fromstring(page).xpath("//tbody/tr")) == rows + headings
    assert latex.count(r"\bottomrule") == 1
    for written in (page, latex, table.data.to_csv()):
        assert not re.search(r"\bP\d{3}\b", written)
        assert "nan" not in written.lower().replace("dominan", "").split()


@pytest.mark.parametrize("study", STUDIES)
@pytest.mark.parametrize("name", TABLES)
def test_no_shown_number_is_rounded_away_to_zero(name: str, study: str) -> None:
    # Settings are quoted as the user wrote them.
    written = _make(name, study).shown.drop(columns="Setting", errors="ignore").to_csv()
    assert not re.search(r"(?<![\d.])[−-]?0\.0+(?!\d)", written)
    assert not re.search(r"(?<![\w.-])-\d", written)  # a hyphen instead of a minus sign


def test_html_says_which_cells_are_headings_of_what() -> None:
    tree = lxml_html.fromstring(render_html(_small(), "small"))
    assert tree.xpath("//caption/text()") == ["A caption"]
    assert tree.xpath("//thead//th/@scope") == ["col", "col"]
    assert tree.xpath("//th[@scope='rowgroup']/text()") == ["A", "B"]
    assert tree.xpath("//th[@scope='row']/text()") == ["x", "y", "z"]
    assert len(tree.xpath("//tbody")) == 2
    assert tree.xpath("//td[@class='number']/text()") == ["1.5", "1.5", "−2.0 [−3, 1]"]


def test_text_from_data_never_becomes_markup() -> None:
    tree = lxml_html.fromstring(render_html(_small(NASTY), "small"))
    assert tree.xpath("//script") == []
    assert NASTY in tree.xpath("//td/text()")
    assert Document(io.BytesIO(render_docx(_small(NASTY)))).tables[0].rows[3].cells[1].text == NASTY


def test_text_from_data_never_becomes_a_latex_command() -> None:
    assert escape_latex(r"50% \input{x} a_b & $1 #2 ~^") == (
        r"50\% \textbackslash{}input\{x\} a\_b \& \$1 \#2 \textasciitilde{}\textasciicircum{}"
    )
    assert escape_latex("−0.5 → 10⁻⁹") == r"$-$0.5 $\rightarrow$ 10$^{-}$$^{9}$"
    assert r"\cmd" not in render_latex(_small(NASTY), "small")


def test_latex_of_a_small_table_word_by_word() -> None:
    written = re.sub(r"\d\.\d{4}", "SHARE", render_latex(_small(), "small"))
    length = r"p{\dimexpr SHARE\linewidth-2\tabcolsep}"
    assert written == "\n".join(
        [
            r"% needs \usepackage{booktabs,array}",
            r"\begin{table}",
            r"\centering\fontsize{10}{12}\selectfont",
            r"\caption{A caption}\label{tab:small}",
            r"\begin{tabular}{>{\raggedright\arraybackslash}"
            + length
            + r">{\raggedleft\arraybackslash}"
            + length
            + "}",
            r"\toprule",
            r"\textbf{Name} & \textbf{Value} \\",
            r"\midrule",
            r"\multicolumn{2}{" + length + r"}{\textit{A}} \\",
            r"x & 1.5 \\",
            r"y & 1.5 \\",
            r"\addlinespace",
            r"\multicolumn{2}{" + length + r"}{\textit{B}} \\",
            r"z & $-$2.0~[$-$3,~1] \\",
            r"\bottomrule",
            r"\end{tabular}",
            r"\par\smallskip\raggedright\footnotesize \textit{Note.} A note.",
            r"\end{table}",
            "",
        ]
    )


def test_long_latex_table_may_break_across_pages() -> None:
    shown = pd.DataFrame({"Name": [f"row {i}" for i in range(60)], "Value": "1"})
    written = render_latex(Table(shown, shown, "Long", []), "long")
    assert r"\begin{longtable}" in written
    assert written.count(r"\endhead") == 1


def test_findings_of_a_report_name_neither_files_nor_unused_columns_nor_one_row() -> None:
    files = {"sessions": "data/raw/Praxis Meier.csv", "patients": "data/raw/Praxis Meier patients.csv"}
    written = [
        ("column_unmapped", "Praxis Meier.csv: 2 columns are not used: notes, called by Meier. Did you mean 'x'?", 2),
        ("out_of_range", "1 row of Praxis Meier.csv (row 4, column age) holds a value outside 1 to 5.", 1),
        (
            "patient_unknown",
            "3 rows of Praxis Meier.csv (first: row 4, column age) name a patient who is not in x.csv.",
            3,
        ),
        ("dates", "data/raw/Praxis Meier patients.csv has no dates; 12 rows of Praxis Meier.csv have some.", 12),
    ]
    table = pd.DataFrame(written, columns=["rule", "message", "count"]).assign(
        severity="warning", table="sessions", row=[None, 4, 4, None], column="age", value=None, remedy="-"
    )
    assert published(table, 5, files)["message"].tolist() == [
        "The file of sessions: 2 columns are not used; data/checks.csv of the run names them.",
        "Some rows of the file of sessions (column age) hold a value outside 1 to 5.",
        "Some rows of the file of sessions (column age) name a patient who is not in x.csv.",
        "The file of patients has no dates; 12 rows of the file of sessions have some.",
    ]


def test_corrected_estimates_stand_beside_flagged_ones_and_of_a_curve_the_last_only() -> None:
    corrected = INPUTS["arms"]["corrected"]
    curve = corrected[corrected["effect"] == "indirect"].assign(effect="accumulated")
    curve = pd.concat([curve.assign(horizon=f"after {count} sessions") for count in (2, 3, 4)])
    flagged = INPUTS["arms"]["estimates"].assign(flag="measurement error")
    table = _make("corrected", "arms", corrected=pd.concat([corrected, curve], ignore_index=True), estimates=flagged)
    assert table.shown["When"].str.startswith("After").sum() == curve["model"].nunique()
    assert set(table.shown["When"]) >= {"After 4 sessions"}
    assert table.shown["As it is [interval]"][: len(corrected)].str.endswith("†").all()
    assert any("measurement error" in note for note in table.notes)


def test_what_varies_is_named_with_what_its_number_is_of() -> None:
    config, estimates = STUDIES["arms"], INPUTS["arms"]["estimates"]
    first = estimates.head(1).assign(
        model="technique_jointly", level="patient", horizon="", outcome="symptoms", flag=""
    )
    rows = [
        first.assign(effect="sd", path="variability -> symptoms"),
        first.assign(effect="correlation", path="symptoms_lag, variability -> symptoms"),
        first.assign(effect="sd", path="residual -> symptoms", level="session"),
        first.assign(effect="autocorrelation", path="residual -> symptoms", level="session", horizon="7 days apart"),
    ]
    table = load_table("components").make({"estimates": pd.concat(rows)}, config)
    assert table.shown["Of"].tolist() == [
        "Logarithm of the residual variance of symptoms",
        "Slope of symptoms on symptoms, previous session and logarithm of the residual variance of symptoms",
        "Residual of symptoms",
        "Residual of symptoms",
    ]
    assert table.shown["Quantity"].tolist()[-1] == "Correlation with the one before (7 days apart)"
    assert "exp(SD / 2)" in table.notes[0]
    held = config.models.specs["technique_jointly"].model_copy(
        update={"residual_correlations": {"symptoms": {"alliance": 0.2}}}
    )
    specs = config.models.specs | {"technique_jointly": held}
    beside = config.model_copy(update={"models": config.models.model_copy(update={"specs": specs})})
    notes = load_table("components").make({"estimates": pd.concat(rows)}, beside).notes
    assert any("held, and not estimated: symptoms and working alliance by 0.20" in note for note in notes)


def test_word_file_is_the_same_bytes_again_and_has_no_author() -> None:
    first, second = render_docx(_small()), render_docx(_small())
    assert first == second
    assert Document(io.BytesIO(first)).core_properties.author == ""


def test_value_of_a_finding_is_left_out_and_not_the_beginning_of_another_number() -> None:
    message = "A value is out of range (row 4): 1, and others are: 12 of them, 1.5 at most"
    checks = INPUTS["arms"]["checks"].head(1).assign(row=4, value="1", message=message, column="age")
    (said,) = published(checks, 1, {})["message"]

    assert said == "A value is out of range (column age), and others are: 12 of them, 1.5 at most"


def test_cell_that_looks_like_a_formula_is_neutralised_in_csv(tmp_path) -> None:
    table = _make("checks", "arms", checks=INPUTS["arms"]["checks"].assign(column="=1+1"))
    assert "=1+1" in set(table.data["column"])
    write_csv(table.data, tmp_path / "checks.csv")
    assert "'=1+1" in (tmp_path / "checks.csv").read_text(encoding="utf-8")


def test_numbers_are_set_to_the_right_and_words_are_not() -> None:
    shown = pd.DataFrame(
        {
            "a": ["1", "2"],
            "n": ["1,234", "<5"],
            "share": ["12 (5%)", "suppressed"],
            "word": ["5 apples", "x"],
            "p": [">0.999", "–"],
        }
    )
    assert numeric_columns(Table(shown, shown, "", [])) == {"n", "share", "p"}


def test_small_count_takes_another_with_it_wherever_a_sum_would_reveal_it() -> None:
    # Three levels in two arms and in total: 3 of level b in the first arm.
    counts = np.array([[20, 18, 38], [3, 9, 12], [17, 13, 30]])
    hidden = suppress_counts(counts, 5, rows_add_up=True, columns_add_up=True)
    assert hidden[1, 0]
    assert not (hidden.sum(axis=0) == 1).any()
    assert not (hidden.sum(axis=1) == 1).any()
    assert hidden.sum() == 4  # a rectangle is the least that hides one cell in a table with both sums


def test_suppressed_counts_cannot_be_computed_from_what_is_shown() -> None:
    rng = np.random.default_rng(3)
    for _ in range(25):
        cells = rng.poisson(rng.choice([1, 4, 12]), (rng.integers(2, 5), rng.integers(2, 4)))
        counts = np.column_stack([cells, cells.sum(axis=1)])
        hidden = suppress_counts(counts, 5, rows_add_up=True, columns_add_up=True)
        assert hidden[(counts > 0) & (counts < 5)].all()
        assert not (hidden.sum(axis=0) == 1).any()
        assert not (hidden.sum(axis=1) == 1).any()
        exact = [
            (np.eye(cells.size)[i * cells.shape[1] + j], counts[i, j])
            for i, j in np.ndindex(cells.shape)
            if not hidden[i, j]
        ]
        exact += [
            (np.kron(row, np.ones(cells.shape[1])), counts[i, -1])
            for i, row in enumerate(np.eye(len(cells)))
            if not hidden[i, -1]
        ]
        exact += [
            (np.kron(np.ones(len(cells)), column), cells[:, j].sum()) for j, column in enumerate(np.eye(cells.shape[1]))
        ]
        shown, values = (np.array(part, dtype=float) for part in zip(*exact, strict=True))
        for i, j in zip(*np.nonzero((cells > 0) & (cells < 5)), strict=True):
            low, high = bounds_of(np.eye(cells.size)[i * cells.shape[1] + j], shown, values, values)
            # A column or a row in which all counts are small may leave less open: then nothing of it is shown.
            assert (low < 1 + 1e-6 and high > 4 - 1e-6) or hidden[i].all() or hidden[:, j].all()


def test_counts_without_sums_are_suppressed_one_by_one() -> None:
    hidden = suppress_counts(np.array([[3], [50]]), 5, rows_add_up=False, columns_add_up=False)
    assert hidden.ravel().tolist() == [True, False]
    assert not suppress_counts(np.array([[0, 7]]), 5, rows_add_up=True, columns_add_up=True).any()


def test_sample_by_arm_counts_patients_by_hand() -> None:
    config, inputs = STUDIES["arms"], INPUTS["arms"]
    shown = _make("sample", "arms").shown.set_index("")
    assert shown.loc["Patients", ["Standard", "Alliance focused", "Total"]].to_list() == ["40", "40", "80"]
    women = inputs["patients"].query("gender == 'woman' and arm == 'standard'")
    assert shown.loc["Gender: woman", "Standard"].startswith(f"{len(women)} (")
    ages = inputs["patients"].query("arm == 'standard'")["age"]
    # The standard error is 10.45 / sqrt(40) = 1.65, a quarter of it .41, the next step .5.
    assert (
        shown.loc["Age (years), mean (SD)", "Standard"]
        == f"{round(2 * ages.mean()) / 2:.1f} ({round(2 * ages.std()) / 2:.1f})"
    )
    assert config.privacy.minimum_cell == 5


def test_sample_never_writes_a_suppressed_number_into_the_csv() -> None:
    table = _make("sample", "arms")
    counts = table.data[table.data["statistic"] == "count"]
    assert table.data.loc[table.data["suppressed"], "value"].isna().all()
    shown = counts.loc[~counts["suppressed"], "value"]
    assert ((shown == 0) | (shown >= 5)).all()
    assert counts["suppressed"].any()
    assert "<5" in table.shown.to_csv()


def test_sample_mean_of_few_patients_hides_the_total_as_well() -> None:
    patients = INPUTS["arms"]["patients"].copy()
    standard = patients.index[patients["arm"] == "standard"]
    patients.loc[standard[3:], "age"] = np.nan
    shown = _make("sample", "arms", patients=patients).shown.set_index("")
    row = shown.loc["Age (years), mean (SD)"]
    assert (row["Standard"], row["Total"]) == ("–", "–")
    assert row["Alliance focused"] != "–"


def test_single_group_has_one_column_and_no_therapists() -> None:
    table = _make("sample", "single")
    assert list(table.shown.columns) == ["Part", "", "Total"]
    assert "Therapists" not in set(table.shown["Part"])


def test_effects_table_keeps_every_estimate_and_its_flag() -> None:
    table = _make("effects", "arms")
    estimates = INPUTS["arms"]["estimates"]
    expected = estimates[~estimates["effect"].isin(["icc", "variance", "coefficient", "conditional", "index"])]
    curves = expected[expected["effect"] == "accumulated"]
    expected = expected.drop(index=curves.index[curves["horizon"] != "after 10 sessions"])
    assert len(table.shown) == len(expected)
    assert table.shown["Estimate [interval]"].str.endswith("†").sum() == (expected["flag"] != "").sum() > 0
    assert any("boundary variance" in note for note in table.notes)
    assert any("working alliance on" in note for note in table.notes)


def test_effects_table_shows_what_the_data_say_without_priors_only_where_it_is_far() -> None:
    estimates = INPUTS["arms"]["estimates"]
    assert "Without priors" not in _make("effects", "arms").shown
    far = estimates["effect"].eq("a")
    moved = estimates["estimate"] - np.where(far, 0.3, 0.2) * estimates["sd"]
    table = _make("effects", "arms", estimates=estimates.assign(without_priors=moved))
    assert (table.shown["Without priors"] != "").sum() == far.sum() > 0
    assert any("restricted maximum likelihood" in note for note in table.notes)


def test_flow_table_shows_labels_and_reconciles() -> None:
    table = _make("flow", "arms")
    for _, rows in table.data.groupby(["model", "outcome"], sort=False):
        lost = rows["removed_sessions"].iloc[1:].to_numpy()
        assert (rows["n_sessions"].to_numpy()[:-1] - lost == rows["n_sessions"].to_numpy()[1:]).all()
    assert "Left out: no earlier session (working alliance)" in set(table.shown["Stage"])


def test_failed_diagnostic_is_counted_in_the_note() -> None:
    table = _make("diagnostics", "arms")
    assert (table.shown["Verdict"] == "† flagged").sum() == 1
    assert table.notes[0].startswith("† 1 of ")


def test_diagnostics_have_no_more_digits_than_say_something_and_levels_in_words() -> None:
    known = INPUTS["arms"]["diagnostics"].iloc[[0, 0]]
    changed = known.assign(
        caution=["bulk_ess", "influential_unit"],
        value=[1508.5123, 0.1803],
        subject="technique -> symptoms (total, between_patient): patients",
    )
    table = _make("diagnostics", "arms", diagnostics=changed)
    assert list(table.shown["Value"]) == ["1,508.5", "0.180"]
    assert table.shown["Concerns"].str.contains("(total, between patients): patients", regex=False).all()


def test_few_patients_with_several_therapists_are_not_counted_among_the_diagnostics() -> None:
    known = INPUTS["arms"]["diagnostics"].iloc[[0, 0, 0]]
    several = known.assign(caution="one_therapist_each", value=[3.0, 12.0, 0.0], detail="models.fit: one_name")
    table = _make("diagnostics", "arms", diagnostics=several)
    assert list(table.shown["Value"]) == ["<5", "12", "0"] and table.data["value"].isna().tolist() == [
        True,
        False,
        False,
    ]
    assert set(table.shown["Remark"]) == {"models.fit: one_name"}


def test_run_without_bayesian_model_says_so() -> None:
    assert "no priors" in _make("priors", "single").notes[0]
    assert len(_make("priors", "arms").shown) == len(INPUTS["arms"]["priors"])


def test_registry_holds_every_table_of_the_configuration_and_known_artefacts() -> None:
    config: Config = STUDIES["arms"]
    assert set(config.output.tables) <= set(TABLES)
    for name in TABLES:
        assert set(load_table(name).NEEDS) <= set(ARTEFACTS)


def test_unknown_table_is_refused_with_a_suggestion() -> None:
    with pytest.raises(ConfigError, match="Did you mean 'effects'"):
        load_table("efects")


def test_effects_table_keeps_the_last_session_of_what_accumulates() -> None:
    shown = _make("effects", "arms").shown
    rows = shown[shown["Quantity"] == "Indirect, accumulated over sessions"]
    assert set(rows["When"]) == {"After 10 sessions"}
    assert not rows.duplicated(["Model", "Path", "Level"]).any()


def test_moderation_table_puts_values_change_and_region_of_a_path_together() -> None:
    estimates, grid = INPUTS["arms"]["estimates"], INPUTS["arms"]["moderation"]
    aged = estimates[estimates["effect"] == "conditional"].copy()
    aged = aged.assign(moderator="age", value=aged["value"].map({0.0: 40.0, 1.0: 55.0}))
    shown = _make("moderation", "arms", estimates=pd.concat([estimates, aged])).shown
    assert list(shown["Moderator"]) == [
        "Treatment arm: standard",
        "Treatment arm: alliance focused",
        "Change per unit of treatment arm",
        "Age = 40 years",
        "Age = 55 years",
        "Values of age at which the interval excludes zero",
    ]
    inside = grid[(grid["moderator"] == "age") & grid["excludes_zero"]]["value"]
    assert shown["Estimate [interval]"].iloc[-1] == f"{inside.min():.1f} to {inside.max():.1f}"
    assert "no fitted model has a moderator" in _make("moderation", "single").notes[0].lower()


def test_priors_beyond_the_threshold_are_marked_and_the_data_never() -> None:
    table = _make("sensitivity", "arms")
    blocks = list(table.shown.columns[4:-1])
    assert table.shown.columns[-1] == "Spread left" and set(table.shown["Spread left"]) == {"12%"}
    assert blocks == ["Data", "Effects", "Differences between patients"]
    marked = {name for name in blocks if table.shown[name].str.endswith("†").any()}
    assert marked == {"Differences between patients"}
    assert len(table.shown) * len(blocks) == len(table.data)
    assert "no fitted model" in _make("sensitivity", "single").notes[0].lower()


def test_block_of_priors_that_a_model_does_not_have_is_a_dash() -> None:
    rows = INPUTS["arms"]["sensitivity"]
    without = rows.drop(index=rows.index[rows["block"] == "effects"][0])
    assert list(_make("sensitivity", "arms", sensitivity=without).shown["Effects"]).count("–") == 1


def test_influence_table_holds_single_patients_only_where_they_are_allowed() -> None:
    whole = _make("influence", "arms")
    assert (
        set(whole.data.groupby(["model", "path", "level", "unit"]).size()) == {1} and whole.data["without"].isna().all()
    )
    allowed = builders.arms_config(privacy={"original_ids": False, "minimum_cell": 5, "single_patients": True})
    table = load_table("influence").make(INPUTS["arms"], allowed)
    kinds = table.data[table.data["unit"] == "patient"].groupby(["model", "path", "level"])
    assert set(kinds["rank"].max()) == {5} and set(kinds.size()) == {5}
    assert set(table.data[table.data["unit"] == "therapist"].groupby(["model", "path", "level"]).size()) == {1}
    rows = INPUTS["arms"]["influence"]
    first = rows[
        (rows["unit"] == "patient") & (rows["level"] == "within") & (rows["model"] == table.data["model"].iloc[0])
    ]
    assert table.data["lowest"].iloc[0] == pytest.approx(first["without"].min(), abs=0.02)
    assert "no fitted model" in _make("influence", "single").notes[0].lower()


def test_correlations_within_stand_below_the_diagonal_and_those_between_above() -> None:
    table = _make("correlations", "arms")
    found = table.data.set_index(["variable", "other", "level"])["estimate"]
    shown = table.shown.set_index("Measure")
    assert [name.split(". ")[1] for name in shown.index] == [
        "Working alliance",
        "Symptoms",
        "Alliance-helping technique",
    ]
    assert [shown.iloc[place, place] for place in range(3)] == ["—"] * 3
    assert shown.iloc[1, 0] == f"{found['alliance', 'symptoms', 'session']:.2f}".replace("-", "−")
    assert shown.iloc[0, 1] == f"{found['alliance', 'symptoms', 'patient']:.2f}".replace("-", "−")
    assert set(table.bounded) == numeric_columns(table) == {"1", "2", "3"}
    assert "80 patients, 517 to 526 sessions" in table.notes[0]


def test_correlations_do_not_tell_how_few_patients_lack_a_measure() -> None:
    panel = INPUTS["arms"]["panel"]
    codes = panel["patient"].unique()
    for blank, told in ((codes[:2], [80, 80]), (codes[:6], [75, 80])):
        without = panel.assign(alliance=panel["alliance"].where(~panel["patient"].isin(blank)))
        table = _make("correlations", "arms", panel=without)
        assert sorted(set(table.data["n_patients"])) == sorted(set(told))
    assert (
        "75 to 80 patients" in table.notes[0]
        and "multiples of 5, or all where fewer than 5 lack a measure" in table.notes[0]
    )


def test_correlations_of_few_patients_are_not_shown() -> None:
    config = STUDIES["arms"]
    few = config.model_copy(update={"privacy": config.privacy.model_copy(update={"minimum_cell": 81})})
    table = load_table("correlations").make(INPUTS["arms"], few)
    assert table.data.empty and set(table.shown[["1", "2", "3"]].to_numpy().ravel()) == {"—", "–"}
    assert "fewer than 81 patients" in table.notes[1]


def test_correlations_explain_a_dash_where_there_is_one() -> None:
    panel = INPUTS["arms"]["panel"]
    level = panel.groupby("patient")["alliance"].transform("mean")
    for alliance, explained in ((panel["alliance"], False), (panel["alliance"] - level, True)):
        table = _make("correlations", "arms", panel=panel.assign(alliance=alliance))
        assert ("–" in table.shown.to_numpy()) is explained
        assert table.notes[1:] == ["–: lasting levels do not differ enough to tell."] * explained


def test_methods_that_lie_apart_are_called_so() -> None:
    estimates = INPUTS["arms"]["estimates"].copy()
    steps = (
        (estimates["model"] == "technique_jointly") & (estimates["effect"] == "a") & (estimates["level"] == "within")
    )
    estimates.loc[steps, "estimate"] += 5 * estimates.loc[steps, "sd"]
    table = _make("agreement", "arms", estimates=estimates)
    apart = table.shown[table.shown["Verdict"] == "apart"]
    assert list(apart["Quantity"]) == ["First step (a)"]
    assert apart["Models"].str.endswith("Alliance-helping technique through working alliance").all()
    assert table.data.loc[apart.index, "distance"].item() > 2
    assert "both kinds of model" in _make("agreement", "single").notes[0]


def test_meanings_list_every_caution_with_what_this_run_found() -> None:
    table = _make("cautions", "arms")
    shown = dict(zip(table.data["caution"], table.shown["In this run"], strict=True))
    assert set(shown) == set(CAUTIONS)
    flagged = INPUTS["arms"]["diagnostics"].query("not passed")["caution"]
    assert {name for name, found in shown.items() if found.startswith("†")} == set(flagged)
    assert shown["bulk_ess"] == "not looked at"
    assert "1.01 or less" in table.shown["Verdict"][list(CAUTIONS).index("rhat")]  # of the settings


def test_several_tables_stand_in_one_word_file_each_with_its_number_and_on_paper_that_holds_it() -> None:
    wide = pd.DataFrame({f"Diagnostic {number}": ["uninterruptedword"] for number in range(6)})
    tables = [
        replace(_small(), number="1"),
        replace(Table(wide, wide, "Wide"), number="2"),
        replace(_small(), number="3"),
    ]
    document = Document(io.BytesIO(render_docx(*tables)))
    assert len(document.tables) == 3
    assert [one.text for one in document.paragraphs if one.text.startswith("Table")] == [
        "Table 1",
        "Table 2",
        "Table 3",
    ]
    assert [section.page_width > section.page_height for section in document.sections] == [False, True, False]
    assert Document(io.BytesIO(render_docx())).tables == []


def test_number_of_a_table_is_the_same_in_all_formats() -> None:
    table = replace(_small(), number="S3")
    assert "<caption><b>Table S3.</b> " in render_html(table, "small")
    assert "\\renewcommand{\\thetable}{S3}\n\\caption{" in render_latex(table, "small")
    first, second = Document(io.BytesIO(render_docx(table))).paragraphs[:2]
    assert (first.text, first.runs[0].bold) == ("Table S3", True)
    assert (second.text, second.runs[0].italic) == (table.caption, True)
