"""Reading tables."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path


def table(path: Path, encoding: str = "utf-8-sig") -> Iterator[dict[str, str]]:
    """Read a CSV file with a header; lines of comment may stand before it."""
    with path.open(encoding=encoding, errors="replace", newline="") as lines:
        place = lines.tell()
        while lines.readline().startswith("#"):
            place = lines.tell()
        lines.seek(place)
        yield from csv.DictReader(lines)
