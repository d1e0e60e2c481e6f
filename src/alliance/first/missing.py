"""What stands for a missing answer in the measures that were recognised."""

from alliance.first.draft import Draft


def find_missing(draft: Draft) -> None:
    """Name the words and numbers that mean "missing"; each was found beside a measure, apart from all its other values."""
    # What follows the word "missing" may be a note about somebody; the checks point at such cells without quoting them.
    draft.words = [word for word in draft.words if not word.casefold().startswith("missing ")]
    found = [*draft.words, *(f"{code:g}" for code in sorted(draft.codes))]
    if found:
        evidence = "words for missing in columns of numbers" if draft.words else ""
        apart = "numbers that lie apart from all other values" if draft.codes else ""
        evidence = " and ".join(filter(None, [evidence, apart]))
        draft.say("missing_codes", f"missing answers: {', '.join(found)}", "fairly sure", evidence)
