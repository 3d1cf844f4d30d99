"""The labelled sets of other makers: every reader takes the data folder and yields rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from ..rows import Row
from . import abuse, benign, injection, risk

Reader = Callable[[Path], Iterator[Row]]
READERS: tuple[Reader, ...] = (*abuse.READERS, *risk.READERS, *injection.READERS, *benign.READERS)


def read(data: Path) -> list[Row]:
    """Read every set, without empty texts."""
    return [row for reader in READERS for row in reader(data) if row.text.strip()]
