"""Groups that the labels of a category tell apart, and the names of the columns that stand for them."""

import re
import unicodedata


def plain_group(label: str) -> str:
    """Return a label as it stands in names of columns: small letters, digits and _; empty where nothing of it can stand there."""
    letters = unicodedata.normalize("NFKD", label.casefold())
    letters = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return re.sub(r"[^a-z0-9]+", "_", letters).strip("_")


def group_column(variable: str, label: str) -> str:
    """Return the column that is 1 where a category holds a label, and 0 elsewhere: ``delivery_video``."""
    return f"{variable}_{plain_group(label)}"
