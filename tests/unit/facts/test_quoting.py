"""What messages may quote of the data."""

import pytest

from alliance.facts.quoting import means_missing, quoted, shown, without_quotes


@pytest.mark.parametrize(
    "text", ["7", "-7,5", "1.250", "1'250'000", "3e5", "12 %", "TRUE", "1 to 7", "k.A.", "missing", "-inf"]
)
def test_numbers_and_words_for_missing_are_quoted(text: str) -> None:
    assert quoted(text) == f"'{text}'"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Anna Meier", "text of 10 characters"),
        ("x", "text of 1 character"),
        ("missing since Anna left", "text of 23 characters"),
        ("24.12.1985", "text like 99.99.9999"),
        ("0176/555 0199", "text like 9999/999 9999"),
        ("7 Anna", "text of 6 characters"),
        ("040 123 456", "text like 999 999 999"),  # no number is grouped behind a zero
    ],
)
def test_other_text_is_not(text: str, said: str) -> None:
    assert shown(text) == quoted(text) == said


def test_declared_labels_are_quoted_however_they_are_spelled() -> None:
    assert quoted(" In  Person ", ["in person"]) == "' In  Person '"
    assert quoted("in persona", ["in person"]) == "text of 10 characters"


def test_errors_of_libraries_lose_what_they_quote() -> None:
    said = without_quotes("could not convert string to float: 'Anna Meier' at position 3, \"k.A.\", '7.5'")
    assert said == "could not convert string to float: text of 10 characters at position 3, 'k.A.', '7.5'"


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("can't parse 'Anna Meier'", "can't parse text of 10 characters"),
        ("no row for 'O'Brien' here", "no row for text of 7 characters here"),
        ("bytes b'Anna', text \"O'Brien\"", "bytes text of 4 characters, text text of 7 characters"),
    ],
)
def test_apostrophes_let_no_value_out(message: str, said: str) -> None:
    assert without_quotes(message) == said


def test_a_sentence_that_begins_with_missing_is_no_word_for_missing() -> None:
    assert means_missing("missing value") and not means_missing("missing Anna")
