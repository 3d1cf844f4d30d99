"""What Postgres might keep of a person who was erased, where nobody thinks of it."""

from __future__ import annotations

from pathlib import Path

import psycopg
from tests.plugins.log.postgres_storm import machine
from tests.plugins.log.test_postgres_erase import erase, fill, secrets_of, settle

from chopmark_log._erase import Done


def test_the_statistics_of_the_server_have_no_key_and_no_text(tmp_path: Path, store: str) -> None:
    folder = machine(tmp_path, store)
    ids = fill(folder, store, "anna-17", "bert", "carl", "anna-17")
    settle(folder)
    kept, never = secrets_of(folder, [ids[0], ids[3]])
    with psycopg.connect(store, autocommit=True) as base:
        base.execute(b"ANALYZE")  # as the server does by itself, from time to time
        assert erase(folder) == Done(erased=2)
        rows = base.execute(
            b"SELECT histogram_bounds::text || coalesce(most_common_vals::text, '') FROM pg_stats "
            b"WHERE schemaname ~ '^chopmark'"
        ).fetchall()
    assert rows
    told = " ".join(row for (row,) in rows if row)
    assert [one for one in kept + never if one.hex() in told] == []
