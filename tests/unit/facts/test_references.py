"""References are cited, listed and exported from one declaration each."""

import re

import pytest

from alliance.facts.references import REFERENCES, Reference


@pytest.mark.parametrize("name", REFERENCES)
def test_reference_is_named_after_its_first_author_or_software_and_year(name: str) -> None:
    reference = REFERENCES[name]
    assert re.fullmatch(rf"[a-z]+{reference.year}", name)
    assert all(re.fullmatch(r"[^,]+, [A-Z]\.(?:[ -][A-Z]\.)*", author) for author in reference.authors)
    assert not reference.doi or re.fullmatch(r"10\.\d{4,9}/\S+", reference.doi)


def test_one_two_and_more_authors_are_cited_in_the_manner_of_apa() -> None:
    one, two, more = (REFERENCES[name].cited for name in ("wooldridge2005", "preacher2012", "kenny2003"))
    assert (one, two, more) == ("Wooldridge, 2005", "Preacher & Selig, 2012", "Kenny et al., 2003")


def test_reference_has_volume_issue_pages_and_address() -> None:
    assert REFERENCES["kenny2003"].text == (
        "Kenny, D. A., Korchmaros, J. D., & Bolger, N. (2003). Lower level mediation in multilevel models. "
        "Psychological Methods, 8(2), 115–128. https://doi.org/10.1037/1082-989X.8.2.115"
    )


def test_entry_of_bibtex_escapes_what_latex_would_take_for_commands() -> None:
    made = Reference("x2020", ("Y, Z.",), 2020, "50 % of A & B_1", "Proceedings", pages="1–2").bibtex
    assert made == (
        "@inproceedings{x2020,\n  author = {Y, Z.},\n  year = {2020},\n  title = {{50 \\% of A \\& B\\_1}},\n"
        "  booktitle = {Proceedings},\n  pages = {1--2}\n}\n"
    )
