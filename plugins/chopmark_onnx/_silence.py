"""Tells a text that says something from one that no model need read."""

from __future__ import annotations

import unicodedata

_SOON = 32
_SILENT = frozenset("PZ")
_SILENT_CONTROLS = frozenset(("Cc", "Cf", "Cs"))


def says_something(text: str) -> bool:
    """Return whether `text` has more than punctuation, space and control characters.

    A text of nothing but full stops has as many clauses as characters; no model is asked then.
    """
    # Nearly every text speaks at once; of one that is long silent each character is looked at once.
    return any(map(_speaks, text[:_SOON])) or any(map(_speaks, {*text[_SOON:]}))


def _speaks(character: str) -> bool:
    if character.isalnum():
        return True
    category = unicodedata.category(character)
    return category[0] not in _SILENT and category not in _SILENT_CONTROLS
