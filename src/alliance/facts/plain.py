"""What two texts have in common that look the same: one spelling for ids, labels and names, in data and in settings."""

import re
import unicodedata

# Letters of other alphabets that cannot be told from Latin ones, in small letters.
_LOOKS = str.maketrans(
    "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u043a\u043c\u043d\u0442\u0432\u0456\u0458\u0455"  # Cyrillic
    "\u03b1\u03b2\u03b5\u03b6\u03b7\u03b9\u03ba\u03bc\u03bd\u03bf\u03c1\u03c4\u03c5\u03c7",  # Greek
    "aeopcyxkmhtbijsabezhikmnoptyx",
)
_UMLAUTS = str.maketrans({"\u00e4": "ae", "\u00f6": "oe", "\u00fc": "ue"})
_AS_NUMBER = re.compile(r"(\d+)[.,]0+")  # an id that a program wrote as a number
_IN_GROUPS = re.compile(r"\d{1,3}([.,' ]\d{3})+")
_MARKS = re.compile(r"[\s_./\\'\"=\u2018\u2019\u00b4`-]+")


def plain_text(text: str) -> str:
    """Return a text in Unicode's composed form (NFC), with ordinary blanks and without characters that cannot be seen.

    No-break and other blanks and line breaks become a blank each; zero-width and control characters go. So `ü` written as `u` and
    two dots, or an id with a byte order mark before it, is not another id.
    """
    if text.isascii() and text.isprintable():
        return text
    kept = []
    for character in unicodedata.normalize("NFC", text):
        kind = unicodedata.category(character)
        if kind in ("Zs", "Zl", "Zp") or character in "\t\n\r\v\f":
            kept.append(" ")
        elif kind not in ("Cc", "Cf"):
            kept.append(character)
    return unicodedata.normalize("NFC", "".join(kept))


def folded_text(text: str) -> str:
    """Return a text by which labels are compared: without regard to case and to how many blanks stand where.

    >>> folded_text(" Not  at all")
    'not at all'
    """
    return " ".join(plain_text(text).casefold().split())


def alike_text(text: str) -> str:
    """Return what is left of an id if it is read as a person does who does not look closely: the same for ids that look alike.

    Kinds of dashes, blanks and quotation marks, letters of another alphabet, full width, accents, `\u00fc` written `ue`, and a number
    written with `.0` do not count. A mark between two digits does: `1-2` is not `12`.

    >>> alike_text("K-17"), alike_text("\u041a 17"), alike_text('="17.0"'), alike_text("1/2")
    ('k17', 'k17', '17', '1-2')
    """
    plain = unicodedata.normalize("NFKC", text).casefold().translate(_UMLAUTS).translate(_LOOKS)
    letters = [letter for letter in unicodedata.normalize("NFD", plain) if not unicodedata.combining(letter)]
    plain = "".join("-" if unicodedata.category(letter) == "Pd" else letter for letter in letters)
    plain = plain.strip("'\"= ")
    if number := _AS_NUMBER.fullmatch(plain):
        plain = number[1]
    if _IN_GROUPS.fullmatch(plain):
        plain = re.sub(r"\D", "", plain)
    return _MARKS.sub(_between_digits, plain)


def _between_digits(mark: re.Match[str]) -> str:
    before, after = mark.string[: mark.start()], mark.string[mark.end() :]
    return "-" if before[-1:].isdigit() and after[:1].isdigit() else ""
