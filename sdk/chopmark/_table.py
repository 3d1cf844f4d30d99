"""Sets a plain table for a terminal, where Han characters are two columns wide."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a plain table with aligned columns; wide characters count twice."""
    lines = [list(header), *([str(cell) for cell in row] for row in rows)]
    widths = [max(_width(line[n]) for line in lines) for n in range(len(header))]
    return "\n".join(
        "  ".join(cell + " " * (widths[n] - _width(cell)) for n, cell in enumerate(line)).rstrip()
        for line in lines
    )


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)
