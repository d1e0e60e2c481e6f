"""The page of the codebook: every finding and variable, nothing from elsewhere, nothing taken for markup."""

from alliance.report.page.codebook import build_codebook_page
from tests.artefacts import builders


def test_page_holds_findings_and_variables_and_needs_nothing_else() -> None:
    config = builders.arms_config()
    codebook, findings = builders.codebook(config), builders.checks()
    codebook.loc[0, "label"] = "<b>bond</b> & more"
    findings.loc[1, "severity"] = "error"
    page = build_codebook_page(codebook, findings, config)
    assert all(f"<code>{name}</code>" in page for name in config.variables)
    assert all(message in page for message in findings["message"])
    assert page.index("What to do:") < page.index("What to do or know:")
    assert "&lt;b&gt;bond&lt;/b&gt; &amp; more" in page
    assert "<script" not in page
    assert "http://" not in page and "https://" not in page
    # On a narrow screen each cell says what it is.
    assert page.count('data-head="Missing"') == len(codebook)


def test_nothing_found_is_said() -> None:
    config = builders.arms_config()
    page = build_codebook_page(builders.codebook(config), builders.checks().head(0), config)
    assert "Nothing to correct." in page
