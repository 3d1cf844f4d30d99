from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from chopmark_log._folder import LogFolder

if TYPE_CHECKING:
    from tests.plugins.log.postgres import Server


@pytest.fixture
def folder(tmp_path: Path) -> LogFolder:
    """An empty log."""
    made = LogFolder(tmp_path / "log")
    made.create("example.com/log")
    return made


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A Postgres server, which takes old segments of its write-ahead log away at once: what was
    erased must not wait there to be used again.
    """
    from tests.plugins.log.postgres import serving  # most tests of a log need no Postgres

    with serving("fsync=off", "shared_buffers=16MB", "wal_recycle=off") as found:
        yield found


@pytest.fixture(scope="module")
def one_duckdb() -> Iterator[None]:
    """Have all share one DuckDB in memory, which takes a fortieth of a second to make."""
    import duckdb

    with duckdb.connect() as base, pytest.MonkeyPatch.context() as patch:
        patch.setattr(duckdb, "connect", base.cursor)
        yield


@pytest.fixture
def store(server: Server) -> str:
    """The address of an empty database."""
    return server.database()
