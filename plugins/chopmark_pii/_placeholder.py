"""The form of the vault's placeholders, and how a text is found that has it already."""

from __future__ import annotations

import re

from ._hits import CERTAIN, Hit
from ._kinds import PLACEHOLDER

CONSONANTS = "BCDFGHJKLMNPQRSTVWXZ"
TAG_LENGTH = 10
CORE = re.compile(rf"[A-Z]{{2,8}}_[{CONSONANTS}]{{{TAG_LENGTH}}}")
"""A placeholder without its angle brackets, which models like to drop."""

_NAME = re.compile(r"[A-Z]{2,8}\Z").search


def literal(text: str, at: int, floor: int) -> Hit | None:
    """Return the placeholder that stands in `text`, its underscore at `at`."""
    name = _NAME(text, max(floor, at - 8), at)
    if name is None:
        return None
    return Hit(PLACEHOLDER, name.start(), at + 1 + TAG_LENGTH, CERTAIN, "format")
