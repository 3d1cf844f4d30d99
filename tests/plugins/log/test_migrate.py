"""A log moves from a folder into Postgres and stays the same log, with all that was in it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
import pytest
from tests.plugins.log.logs import content_of, fill, invoke, log_of, settle
from tests.plugins.log.postgres import Server
from tests.plugins.log.postgres_storm import log_of as shared_log_of

from chopmark import LogError
from chopmark.testing import sample_record
from chopmark_log import _migrate, _migrate_end, _migrate_tables
from chopmark_log._beside import audit_all
from chopmark_log._erase import holds, registrar
from chopmark_log._export import prove
from chopmark_log._folder import LogFolder
from chopmark_log._master import Subject
from chopmark_log._migrate import migrate
from chopmark_log._postgres import Address, PostgresFile
from chopmark_log._postgres_store import PostgresStore
from chopmark_log._signing import read_verifier_key
from chopmark_log._sql_store import ARRIVING
from chopmark_log._sqlite_store import SqliteStore
from chopmark_log._store import Entry, Head, Store
from chopmark_log._subject import Keys
from chopmark_log._witness import request_body
from chopmark_log._witness_state import WitnessFolder
from chopmark_log.verify import Proof, VerifierKey

LAW = "erasure as the law wants it"


class Before(NamedTuple):
    """What a log had before it was moved."""

    entries: list[Entry]
    heads: list[Head]
    proofs: dict[int, Proof]
    ids: dict[str, str]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[LogFolder, Before]:
    """A log of some 300 entries: records with texts, erased, restricted and held ones."""
    folder = LogFolder(tmp_path_factory.mktemp("made") / "log")
    folder.create("example.com/log")
    fill(folder, 300, contents=False)
    ids = {}
    log = log_of(folder, retention_days=5000)
    for user in ("anna", "bert", "dora"):
        ids[user] = log.append_with(sample_record(), content_of(user, f"said to {user}")).record
    log.close()
    log = log_of(folder)
    ids["carl"] = log.append_with(sample_record(), content_of("carl")).record
    log.close()
    with registrar(folder) as by:
        by.erase(Subject.of("carl", ""), LAW)
        by.erase(Subject.of("dora", ""), LAW)
        by.hold("case 4", Subject.of("bert", ""))
    one = folder.open()
    proofs = {at: prove(one, at) for at in (0, 255, 256, one.size - 1)}
    found = Before(list(one.entries(0, one.size)), one.checkpoints(), proofs, ids)
    one.close()
    return folder, found


@pytest.fixture
def before(folder: LogFolder, made: tuple[LogFolder, Before]) -> Before:
    """What is in the log that such a one was copied into."""
    shutil.rmtree(folder.path)
    shutil.copytree(made[0].path, folder.path)
    return made[1]


def public(folder: LogFolder) -> VerifierKey:
    return read_verifier_key(str(folder.public))


def faults_of(folder: LogFolder) -> tuple[str, ...]:
    one = folder.open()
    try:
        return audit_all(folder, one, [public(folder)], opening=True).faults
    finally:
        one.close()


def moved(folder: LogFolder, store: str) -> dict[str, Any]:
    done = invoke("log", "migrate", "--path", str(folder.path), "--store", store, "--json")
    assert done.exit_code == 0, done.output
    found: dict[str, Any] = json.loads(done.output.splitlines()[-1])
    return found


def same(before: Before, one: Store) -> None:
    """Fail unless a store begins with what was there before."""
    assert list(one.entries(0, len(before.entries))) == before.entries
    assert [head for head in one.checkpoints() if head in before.heads] == before.heads


def test_every_entry_receipt_proof_and_text_is_there_afterwards(
    folder: LogFolder, before: Before, store: str, tmp_path: Path
) -> None:
    told = moved(folder, store)
    assert (told["origin"], told["entries"], told["contents"]) == (
        "example.com/log", len(before.entries), 3,
    )  # fmt: skip
    one = folder.open()
    assert isinstance(one, PostgresStore)
    same(before, one)
    key = public(folder)
    for at, proof in before.proofs.items():
        leaf = one.entry(at).leaf
        assert proof.check(leaf, [key])[0].origin == "example.com/log"
        assert prove(one, at).check(leaf, [key])[0].size >= before.heads[-1].size
    one.close()
    assert faults_of(folder) == ()
    show = ["log", "show", before.ids["anna"], "--path", str(folder.path), "--open", "answer"]
    assert json.loads(invoke(*show).output)["opened"] == {"answer": "said to anna"}
    for user, why in (("carl", "was erased"), ("dora", "is restricted")):
        show[2] = before.ids[user]
        assert why in invoke(*show).output
    assert [one.reason for one in holds(folder)] == ["case 4"]
    assert moved(folder, store) == told  # there is nothing left to do
    log = shared_log_of(folder, store)
    more = log.append_with(sample_record(), content_of("anna", "said to anna again")).record
    log.close()
    settle(folder)
    show[2] = more
    assert json.loads(invoke(*show).output)["opened"] == {"answer": "said to anna again"}
    with registrar(folder) as by:  # all that there is of her, from before and from now
        assert by.erase(Subject.of("anna", ""), LAW)[:2] == (1, 1)
    older = tmp_path / "older"
    older.write_text(before.heads[0].note)
    consistent = invoke("log", "consistency", str(older), "--path", str(folder.path))
    assert consistent.output.startswith(f"holds: {before.heads[0].size} entries became 310")
    assert faults_of(folder) == ()
    one = folder.open(writing=True)
    one.prune(256)
    assert [entry.index for entry in one.entries(0, 260)] == [256, 257, 258, 259]
    one.close()
    assert faults_of(folder) == ()


def test_the_folder_is_sealed_and_has_neither_texts_nor_keys(
    folder: LogFolder, before: Before, store: str
) -> None:
    keys = Keys(folder)
    wrapped = [keys.wrapped(id) for id in keys.states(one.id for one in keys.leaving())]
    keys.close()
    assert wrapped
    assert wrapped[0] is not None
    secret = wrapped[0][0]
    aside = LogFolder(Path(moved(folder, store)["aside"]))
    for log in (log_of(folder), log_of(aside)):
        with pytest.raises(LogError, match=r"write (it|that) as `store` into the policy") as told:
            log.append(sample_record())
        assert store in str(told.value)
    with pytest.raises(LogError, match="was moved to"):
        aside.open(writing=True)
    with pytest.raises(LogError, match="was moved to"), registrar(aside):
        pass
    done = invoke("log", "verify", "--path", str(aside.path), "--json")
    assert (done.exit_code, json.loads(done.output)["faults"]) == (0, [])
    names = {path.name for path in folder.path.iterdir()}
    assert not names & {"log.db", "keys.db", "side.db", "fp", "moved-to", "arriving"}
    assert {"log.key", "master.key", "store"} <= names
    assert not (aside.path / "log.key").exists()
    data = b"".join(path.read_bytes() for path in folder.path.rglob("*") if path.is_file())
    assert secret not in data


def test_a_witness_sees_the_same_log_grow(folder: LogFolder, store: str, tmp_path: Path) -> None:
    witness = WitnessFolder(tmp_path / "witness")
    witness.create("witness.example/w")
    seen = witness.open()
    seen.add_log(public(folder))

    def ask(old: int) -> int:
        one = folder.open()
        last = one.checkpoint()
        assert last is not None
        proof = one.tree(last.size).consistency(old)
        one.close()
        assert isinstance(seen.answer(request_body(old, proof, last.note)), str)
        return last.size

    fill(folder, 30)
    size = ask(0)
    moved(folder, store)
    log = shared_log_of(folder, store)
    log.append(sample_record())
    log.close()
    settle(folder)
    assert ask(size) == size + 1


class Cut(Exception):
    """Stands for the end of the process."""


STEPS = (
    (PostgresFile, "many", 5),
    (_migrate, "compare", 3),
    (_migrate, "copy", 13),
    (_migrate, "compare", 13),
    (_migrate, "audit", 1),
    (_migrate_end, "declare", 1),
    (_migrate_end, "_forget_contents", 1),
    (_migrate_end, "_put_aside", 1),
)
"""What comes one after the other, and at which call of it the process ends."""


def test_what_was_cut_short_at_any_step_goes_on(
    folder: LogFolder, before: Before, store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_migrate_tables, "_AT_ONCE", 1)
    monkeypatch.setattr(_migrate_tables, "_SMALL", 200)

    def cut_at(step: tuple[Any, str, int]) -> None:
        where, name, at = step
        done, calls = getattr(where, name), iter(range(1, 1000))

        def cut(*given: Any) -> Any:
            if next(calls) == at:
                raise Cut
            return done(*given)

        with monkeypatch.context() as broken:
            broken.setattr(where, name, cut)
            with pytest.raises(Cut):
                migrate(folder, Address.of(store))

    for step in STEPS:
        cut_at(step)
        for log in (log_of(folder), shared_log_of(folder, store)):
            with pytest.raises(LogError, match=r"is being moved to|was moved to|belongs to"):
                log.append(sample_record())
    assert moved(folder, store)["entries"] == len(before.entries)
    one = folder.open()
    same(before, one)
    one.close()
    assert faults_of(folder) == ()
    assert not folder.moved.exists()


def test_a_move_can_be_taken_back_until_all_is_there(
    folder: LogFolder, before: Before, store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    back = ["log", "migrate", "--cancel", "--path", str(folder.path)]
    with monkeypatch.context() as broken:
        broken.setattr(_migrate, "audit", None)
        with pytest.raises(TypeError):
            migrate(folder, Address.of(store))
    with pytest.raises(LogError, match="is being moved there"):
        PostgresStore(store, folder.path)
    assert invoke(*back).exit_code == 0
    with psycopg.connect(store) as base:
        found = base.execute("SELECT count(*) FROM pg_namespace WHERE nspname ~ '^chopmark'")
        assert found.fetchone() == (0,)
    assert (invoke(*back).exit_code, "is not being moved" in invoke(*back).output) == (2, True)
    more = fill(folder, 5)
    with registrar(folder) as by:
        by.erase(Subject.of("anna", ""), LAW)
    assert moved(folder, store)["entries"] == len(before.entries) + 5 + 1
    assert (
        "is restricted"
        in invoke(
            "log", "show", before.ids["anna"], "--path", str(folder.path), "--open", "answer"
        ).output
    )
    one = folder.open()
    assert one.find(bytes.fromhex(more[-1].replace("-", ""))) is not None
    one.close()
    assert invoke(*back).exit_code == 2


def test_a_log_that_is_written_or_cannot_go_there_stays_as_it_is(
    folder: LogFolder, store: str, server: Server, tmp_path: Path
) -> None:
    command = ["log", "migrate", "--path", str(folder.path), "--store"]
    log = log_of(folder)
    log.append(sample_record())
    done = invoke(*command, store)
    assert (done.exit_code, "processes write the log (" in done.output) == (2, True)
    log.append(sample_record())
    log.close()
    other = LogFolder(tmp_path / "other")
    assert invoke(
        "log", "init", "--path", str(other.path), "--store", store, "--origin", "example.com/o"
    ).exit_code == 0  # fmt: skip
    for address, why in (
        (store, "has log example.com/o already"),
        (server.url("none"), "does not exist"),
        ("sqlite://x", "begins with postgresql://"),
    ):
        done = invoke(*command, address)
        assert (done.exit_code, why in done.output.replace("'", "")) == (2, True), done.output
    done = invoke("log", "migrate", "--path", str(other.path), "--store", server.url("none"))
    assert (done.exit_code, "already" in done.output) == (2, True)
    done = invoke("log", "migrate", "--path", str(tmp_path / "no"), "--store", store)
    assert (done.exit_code, "is no log" in done.output) == (2, True)
    for words in ((), ("--store", store, "--cancel")):
        done = invoke("log", "migrate", "--path", str(folder.path), *words)
        assert (done.exit_code, "say where to" in done.output) == (2, True)
    assert len(fill(folder, 1)) == 1
    one = folder.open()
    assert one.size == 3
    one.close()


@pytest.mark.parametrize("harm", ["here", "there", "texts"])
def test_what_does_not_hold_is_not_moved(
    folder: LogFolder, before: Before, store: str, monkeypatch: pytest.MonkeyPatch, harm: str
) -> None:
    if harm == "here":
        one = folder.open(writing=True)
        assert isinstance(one, SqliteStore)
        one.tables.rows("UPDATE entries SET leaf = replace(leaf, 'test', 'rest')")
        one.close()
    done = _migrate._copy_log

    def spoil(source: Any, target: Any, *given: Any) -> None:
        done(source, target, *given)
        if harm == "there":
            target.tables.rows("UPDATE entries SET leaf = (SELECT min(leaf) FROM entries)")

    def lose(table: Any, *given: Any) -> None:
        _migrate_tables.copy(table, *given)
        if table.name == "payloads":
            given[1].rows("DELETE FROM payloads WHERE part = 0")

    monkeypatch.setattr(_migrate, "_copy_log", spoil)
    if harm == "texts":
        monkeypatch.setattr(_migrate, "copy", lose)
    with pytest.raises(LogError, match=r"does not hold: .*entr|has \d+ rows"):
        migrate(folder, Address.of(store))
    assert folder.base.exists()
    with psycopg.connect(store) as base:
        found = base.execute("SELECT value FROM chopmark_log.meta WHERE name = 'format'")
        assert found.fetchone() == (str(ARRIVING),)
    assert invoke("log", "migrate", "--cancel", "--path", str(folder.path)).exit_code == 0
    assert len(fill(folder, 1)) == 1


def test_a_log_that_was_pruned_moves_as_it_is(
    folder: LogFolder, before: Before, store: str
) -> None:
    one = folder.open(writing=True)
    one.prune(256)
    one.close()
    assert moved(folder, store)["entries"] == len(before.entries)
    assert faults_of(folder) == ()
    one = folder.open()
    assert (one.minimum, one.entry(256)) == (256, before.entries[256])
    before.proofs[255].check(before.entries[255].leaf, [public(folder)])
    one.close()
