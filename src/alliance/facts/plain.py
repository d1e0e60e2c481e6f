"""What two texts have in common that look the same: one spelling for ids, labels and names, in data and in settings."""

import unicodedata


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
