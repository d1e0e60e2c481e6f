"""What a message may quote of the data: numbers, labels that the configuration declares, and words for "missing".

Any other cell may hold a name, an id or a note, wherever it stands, and messages are kept: in findings, logs and records. So it is
said how long a text is, and where it stands. Of what has digits and marks only (a date, a number of a telephone) the form is shown.
"""

import re
from collections.abc import Collection

from alliance.facts.plain import folded_text

_ONE = r"[-+]?((\d+([.,]\d*)?|[.,]\d+|[1-9]\d{0,2}([.,' ]\d{3})+([.,]\d+)?)(e[-+]?\d+)?\s?%?|inf(inity)?)"
_NUMBER = re.compile(rf"{_ONE}( to {_ONE})?|true|false|#[A-Z/0]+[!?]?", re.IGNORECASE)  # or an error of a spreadsheet
_FORM = re.compile(r"(?=.*\d)[\d\s.,:/+()-]+")
_MEANS_MISSING = re.compile(
    r"n\.?\s?/?\s?a\.?|nan|null|#null!|#n/?a|k\.?\s?a\.?|keine angabe(n)?|missing( (value|data|answer))?|fehlend(er wert)?|fehlt|"
    r"unknown|unbekannt|not (answered|applicable|available|known|stated)|no (answer|response|data)|"
    r"nicht (beantwortet|zutreffend|bekannt)|wei(ß|ss) nicht|don'?t know|refused|verweigert|system missing|[-.?*]+",
    re.IGNORECASE,
)
# An apostrophe within a word marks nothing, and bytes have a letter before their mark.
_MARKED = re.compile(r"(?<!\w)[bu]?(?:'([^\n]*?)'|\"([^\n]*?)\")(?!\w)")


def means_missing(label: str) -> bool:
    """Whether a label reads as if there were no answer ("k.A.", "missing", "NA")."""
    return _MEANS_MISSING.fullmatch(label.strip()) is not None


def may_be_quoted(text: str, declared: Collection[str] = ()) -> bool:
    """Whether a cell is a number, a word for "missing", or a declared label, however that is spelled."""
    if _NUMBER.fullmatch(text.strip()) or means_missing(text):
        return True
    return _letters(text) in {_letters(label) for label in declared}


def _letters(label: str) -> str:
    """Reduce a label to what tells it from others: not its case, its blanks, hyphens and underscores."""
    return re.sub(r"[\s_-]+", "", folded_text(label)) or label


def shown(text: str, declared: Collection[str] = ()) -> str:
    """Return a cell as messages may show it.

    >>> shown("7,5"), shown("Anna Meier"), shown("24.12.1985")
    ('7,5', 'text of 10 characters', 'text like 99.99.9999')
    """
    if may_be_quoted(text, declared):
        return text
    if _FORM.fullmatch(text):
        return f"text like {re.sub(r'\d', '9', text[:40])}"
    return text_of(text)


def text_of(text: str) -> str:
    """Say how long a text is that is not shown."""
    return f"text of {len(text)} character{'s' * (len(text) != 1)}"


def quoted(text: str, declared: Collection[str] = ()) -> str:
    """Return a cell in quotation marks if messages may show it, otherwise what they may say of it."""
    return f"'{text}'" if may_be_quoted(text, declared) else shown(text)


def without_quotes(message: str) -> str:
    """Return what a library says of an error, without the values it quotes: it does not know which of them are cells."""
    return _MARKED.sub(lambda mark: quoted(mark[1] if mark[1] is not None else mark[2]), message)
