"""What a log asks of the tables of a database, in the SQL that SQLite and Postgres both know."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol


class Tables(Protocol):
    """Tables in a database. Values of a statement stand at `?`; each method raises `LogError`."""

    def rows(self, query: str, values: Sequence[object] = ()) -> list[Any]:
        """Run a statement, and return what it finds."""

    def many(self, query: str, values: Sequence[Sequence[object]]) -> None:
        """Run a statement for each of `values`."""

    def transaction(self) -> AbstractContextManager[None]:
        """Do all of the block, or nothing of it; no other one runs at the same time, anywhere."""

    def close(self) -> None:
        """Close it; it is opened again where it is needed."""
