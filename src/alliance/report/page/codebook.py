"""Findings and codebook as a page of their own, in the style of the report; on a narrow screen each row becomes a card."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from alliance.config import Config
from alliance.report.numbers import format_count
from alliance.report.page.fill import fill_template
from alliance.report.tables.checks import group_findings
from alliance.report.tables.codebook import make_whole
from alliance.report.tables.render import columns_of, numeric_columns, rows_of
from alliance.report.tables.table import said_table
from alliance.report.words import Speech


def build_codebook_page(codebook: pd.DataFrame, findings: pd.DataFrame, config: Config) -> str:
    """Return the page (HTML), self-contained and without scripts.

    Parameters
    ----------
    codebook, findings
        The artefacts `codebook` and `checks`.
    """
    speech = Speech(config)
    table = said_table(make_whole({"codebook": codebook}, speech.config), speech)
    groups = [_group(findings, severity, speech) for severity in ("error", "warning")]
    return fill_template(
        "codebook.html.j2",
        {
            "config": config,
            "facts": [
                ("Run", config.run.name),
                ("Variables", format_count(len(config.variables))),
                *((group["title"], format_count(group["count"])) for group in groups),
            ],
            "groups": [group for group in groups if group["count"]],
            "columns": columns_of(table),
            "numeric": numeric_columns(table),
            "rows": rows_of(table),
            "table": table,
        },
    )


def _group(findings: pd.DataFrame, severity: str, speech: Speech) -> Mapping[str, Any]:
    meaning = "A run would stop." if severity == "error" else "A run would go on and tell them in the report."
    groups = [group.said(speech) for group in group_findings(findings, severity)]
    count = sum(len(group.messages) for group in groups)
    is_error = severity == "error"
    return {
        "title": f"{severity.capitalize()}s", "count": count, "meaning": meaning, "findings": groups, "open": is_error,
        "remedy": "What to do" if is_error else "What to do or know",
    }  # fmt: skip
