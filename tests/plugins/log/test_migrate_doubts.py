"""What could be lost while a log moves: by writers nobody saw, by two moves, by what is left."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from tests.plugins.log.logs import content_of, fill, invoke, log_of
from tests.plugins.log.postgres import Server
from tests.plugins.log.postgres_storm import log_of as shared_log_of

from chopmark import LogError
from chopmark.testing import sample_record
from chopmark_log import _migrate
from chopmark_log._epochs import epochs_in
from chopmark_log._find import find
from chopmark_log._folder import LogFolder
from chopmark_log._migrate import cancel, migrate
from chopmark_log._migrate_end import State
from chopmark_log._postgres import Address
from chopmark_log._postgres_tables import create


def cut_short(folder: LogFolder, store: str) -> None:
    """Begin a move, and end it when all is copied and nothing compared."""
    with pytest.MonkeyPatch.context() as broken:
        broken.setattr(_migrate, "audit", None)
        with pytest.raises(TypeError):
            migrate(folder, Address.of(store))


def test_a_writer_is_seen_also_by_a_move_that_goes_on(folder: LogFolder, store: str) -> None:
    log = log_of(folder)
    log.append_with(sample_record(), content_of("anna"))
    State(store, False, "moved-1").keep(folder)  # killed before it looked for writers
    with pytest.raises(LogError, match="processes write the log"):
        migrate(folder, Address.of(store))
    late = log.append_with(sample_record(), content_of("bert", "said to bert")).record
    with pytest.raises(LogError, match="is being moved to"):
        log.close()
    migrate(folder, Address.of(store))
    shown = invoke("log", "show", late, "--open", "answer", "--path", str(folder.path))
    assert "said to bert" in shown.output


def test_no_machine_records_into_a_log_that_may_be_taken_back(
    folder: LogFolder, store: str, tmp_path: Path
) -> None:
    fill(folder, 3)
    cut_short(folder, store)
    early = shared_log_of(LogFolder(tmp_path / "early"), store)
    with pytest.raises(LogError, match=r"a log is being moved to .* try again"):
        early.append(sample_record())
    migrate(folder, Address.of(store))
    early.append(sample_record())
    early.close()


@pytest.mark.parametrize("harm", ["another log", "a move"])
def test_of_two_moves_to_one_database_one_is_refused(
    folder: LogFolder, store: str, monkeypatch: pytest.MonkeyPatch, harm: str
) -> None:
    fill(folder, 3)
    address = Address.of(store)
    with address.connect("public") as base:
        if harm == "another log":  # it comes when nobody looks any more
            done = _migrate.publish

            def late(*given: object) -> object:
                create(address, "example.com/other", {"key": "k", "format": "0"})
                return done(*given)  # type: ignore[arg-type]

            monkeypatch.setattr(_migrate, "publish", late)
            why = r"has log 'example\.com/other' already; give another database"
        else:
            base.execute("SELECT pg_advisory_lock(hashtext('chopmark_log'), 1)")
            why = "another process moves a log"
        with pytest.raises(LogError, match=why):
            migrate(folder, address)
    with psycopg.connect(store) as base:
        assert base.execute("SELECT count(*) FROM chopmark_log.entries").fetchone() == (0,)


def test_the_keys_of_fingerprints_are_written_over_before_they_are_deleted(
    folder: LogFolder, store: str, tmp_path: Path
) -> None:
    words = "the ferry to the island leaves from the old pier at a quarter past seven in summer"
    log = log_of(folder)
    log.append_with(sample_record(), content_of("anna", words))
    log.close()
    assert find(folder, words).matches
    kept = folder.path / "fp" / "keys"
    assert epochs_in(kept.parent)
    os.link(kept, tmp_path / "keys")  # what a disk has of it
    migrate(folder, Address.of(store))
    assert not any((tmp_path / "keys").read_bytes())
    assert not kept.parent.exists()


def test_a_log_whose_new_database_is_gone_can_be_taken_back(
    folder: LogFolder, server: Server, store: str
) -> None:
    fill(folder, 3)
    cut_short(folder, store)
    (folder.path / "arriving").mkdir()
    state = State.read(folder)
    assert state is not None
    state._replace(to=server.url("gone")).keep(folder)
    with pytest.raises(LogError, match=r"gone for good, delete .*moved-to'"):
        cancel(folder)
    state.keep(folder)
    cancel(folder)
    assert not (folder.path / "arriving").exists()
    assert len(fill(folder, 1)) == 1


def test_a_spool_that_goes_away_stops_no_move(
    folder: LogFolder, store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(folder, 3)
    (folder.spools / "1-2-3.new").write_bytes(b"")
    look: Callable[[Path], bool] = _migrate.is_alive

    def late(path: Path) -> bool:
        path.unlink()
        return look(path)

    monkeypatch.setattr(_migrate, "is_alive", late)
    assert migrate(folder, Address.of(store)).entries == 3
