"""What a spreadsheet makes of text."""

#: A spreadsheet takes a cell that begins so for a formula, and would run what a file's name says.
FORMULA_BEGINNINGS = ("=", "+", "-", "@", "\t", "\r", "\n")


def defused(value: object) -> object:
    """Return a cell's content; text that a spreadsheet would take for a formula gets an apostrophe before it."""
    if isinstance(value, str) and value.startswith(FORMULA_BEGINNINGS):
        return f"'{value}"
    return value
