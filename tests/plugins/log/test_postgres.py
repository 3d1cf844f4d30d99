"""Several machines share one log in Postgres: it takes every record once, and loses none."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner, Result
from tests.plugins.log.postgres import Server
from tests.plugins.log.postgres_storm import faults_of, ids_of, log_of, machine, settle, storm

from chopmark import Chopmark, Content, LogError, Policy, PolicyError, load_policy
from chopmark.hookspecs import Log
from chopmark.testing import LogContract, sample_record
from chopmark_log import _postgres_intake
from chopmark_log._canonical import encode
from chopmark_log._commands import log as command
from chopmark_log._commands_care import COMMANDS as CARE
from chopmark_log._commands_proof import COMMANDS as PROOF
from chopmark_log._erase import registrar
from chopmark_log._folder import LogFolder
from chopmark_log._integrate import integrate, publish
from chopmark_log._log import make_log
from chopmark_log._master import Subject
from chopmark_log._postgres import PASSWORD, Address
from chopmark_log._postgres_intake import Intake
from chopmark_log._postgres_log import SharedLog
from chopmark_log._postgres_store import PostgresStore
from chopmark_log._sqlite_store import SqliteStore
from chopmark_log._store import OvertakenError
from chopmark_log.verify import Checkpoint, split_note


class TestLogContractInPostgres(LogContract):
    @pytest.fixture(autouse=True)
    def database(self, store: str) -> None:
        self.store = store

    def make(self, folder: Path) -> Log:
        return SharedLog({"path": str(folder / "log"), "store": self.store, "contents": True})

    def ids(self, log: Log, folder: Path) -> Sequence[str]:
        return ids_of(LogFolder(folder / "log"))


@pytest.mark.deep
class TestLogContractInPostgresLazily(TestLogContractInPostgres):
    def make(self, folder: Path) -> Log:
        given = {"path": str(folder / "log"), "store": self.store, "contents": True}
        return SharedLog({**given, "durability": "os"})


def test_a_log_whose_commits_are_lazy_keeps_every_record(tmp_path: Path, store: str) -> None:
    folder = machine(tmp_path, store)
    log = log_of(folder, store, durability="os")
    said = Content(answer="Hello.", user="anna")
    taken = [log.append_with(sample_record(str(n)), said).record for n in range(4)]
    log.close()
    assert ids_of(folder) == taken
    assert faults_of(folder) == ()


def test_machines_processes_threads_and_forks_lose_and_double_nothing(
    tmp_path: Path, store: str
) -> None:
    first = machine(tmp_path, store)
    folders = [first, machine(tmp_path, store, "b", first), machine(tmp_path, store, "c")]
    taken, told = os.pipe()

    def append(log: SharedLog, count: int) -> None:
        for _ in range(count):
            os.write(told, f"{log.append(sample_record()).record}\n".encode())

    children = []
    for folder in folders:
        child = os.fork()
        if child == 0:
            log = log_of(folder, store, contents=False)
            append(log, 3)
            inner = os.fork()
            threads = [threading.Thread(target=append, args=(log, 8)) for _ in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            log.close()
            if inner:
                os.waitpid(inner, 0)
            os._exit(0)
        children.append(child)
    os.close(told)
    text = b""
    while piece := os.read(taken, 1 << 16):
        text += piece
    os.close(taken)
    assert [os.waitpid(child, 0)[1] for child in children] == [0] * 3
    ids = text.decode().split()
    assert len(ids) == 3 * (3 + 2 * 32)
    assert Counter(ids_of(first)) == Counter(ids)
    assert faults_of(first) == ()


def test_what_was_taken_survives_kill_9_while_two_machines_take_in_and_sign(
    tmp_path: Path, store: str
) -> None:
    first = machine(tmp_path, store)
    found = storm([first, machine(tmp_path, store, "b", first)], store, rounds=2, seed=1)
    assert found.taken >= found.kills == 8
    assert (found.lost, found.doubled, found.faults) == (0, 0, 0)


def test_a_machine_knows_how_far_the_log_is_behind(tmp_path: Path, store: str) -> None:
    """Also of records that another machine made: of the one that came first."""
    first = machine(tmp_path, store)
    second = machine(tmp_path, store, "b", first)
    reading, writing = (log_of(folder, store, integrate=False) for folder in (first, second))
    assert reading.behind() == 0
    now = time.time_ns() // 1_000_000
    for age in (7_000, 60_000):
        writing.append(replace(sample_record(), time=now - age, duration=1_000))
    assert 6 <= reading.behind() < 30
    settle(first)
    assert reading.behind() == 0
    writing.close()
    reading.close()


def leaf(writer: str, number: int) -> bytes:
    return encode({"v": 1, "k": "gap", "w": {"h": writer, "n": number}, "why": "a test"})


def filled(store: str, count: int, writer: str = "w1") -> None:
    intake = Intake(Address.of(store), writer)
    for _ in range(count):
        intake.append(partial(leaf, writer))
    intake.close()


def test_a_store_in_postgres_is_what_one_in_sqlite_is(tmp_path: Path, store: str) -> None:
    folder = machine(tmp_path, store)
    SqliteStore.create(tmp_path / "log.db", "example.com/log")
    stores = [SqliteStore(tmp_path / "log.db", writing=True), PostgresStore(store, folder.path)]
    chance = random.Random(1)
    count = 0
    while count < 800:
        new = min(chance.choice((0, 1, 3, 100, 256, 300)), 800 - count)
        leaves = [(chance.randbytes(16), leaf("w", count + n)) for n in range(new)]
        count += new
        assert [one.take(leaves, {"w": count}) for one in stores] == [count] * 2
        head = Checkpoint("x", count, bytes(32))
        last = stores[0].checkpoint()
        if last is None or last.size < count:
            for one in stores:
                one.publish(head, count, f"note {count}", last.size if last else 0)
    here, there = stores
    assert list(here.entries(0, count)) == list(there.entries(0, count))
    assert list(here.entries(250, 600)) == list(there.entries(250, 600))
    assert sorted(here.ids()) == sorted(there.ids())
    assert here.checkpoints() == there.checkpoints()
    assert here.read() == there.read() == {"w": count}
    for level, number in ((0, 0), (0, 4), (1, 0), (2, 0)):
        assert here.tile(level, number) == there.tile(level, number)
    for start, _ in list(here.ids())[::97]:
        assert here.places(start) == there.places(start)
    for size in (1, 256, 257, 600, count):
        assert here.tree(size).root() == there.tree(size).root()
        assert here.tree(size).consistency(size // 2) == there.tree(size).consistency(size // 2)
    for one in stores:
        with pytest.raises(LogError):
            one.take([(None, leaf("w", 0))], {"w": None})  # type: ignore[dict-item]
        assert one.size == count
        with pytest.raises(LogError, match=f"it has {count}"):
            one.entry(count)
        one.forget_spool("w")
        assert one.read() == {}
        assert one.damages() == []
        one.close()


def test_two_that_take_in_at_once_give_each_record_one_place(tmp_path: Path, store: str) -> None:
    folder = machine(tmp_path, store)
    stores = [PostgresStore(store, folder.path) for _ in range(4)]
    writers = [
        threading.Thread(target=filled, args=(store, 30, f"w{number}")) for number in range(4)
    ]
    taken: list[int] = []
    over = threading.Event()

    def collect(one: PostgresStore) -> None:
        while not over.is_set() or one.waiting:
            taken.append(one.collect())

    takers = [threading.Thread(target=collect, args=(one,)) for one in stores]
    for thread in (*writers, *takers):
        thread.start()
    for thread in writers:
        thread.join()
    over.set()
    for thread in takers:
        thread.join()
    for one in stores:
        one.close()
    assert sum(taken) == 120
    settle(folder)
    assert faults_of(folder) == ()


def test_two_heads_are_never_signed_for_one_size(tmp_path: Path, store: str) -> None:
    first = machine(tmp_path, store)
    folders = [first, *(machine(tmp_path, store, name, first) for name in "bc")]
    notes: list[str] = []
    over = threading.Event()

    def sign(folder: LogFolder) -> None:
        one = folder.open(writing=True)
        while not over.is_set() or one.waiting:
            integrate(folder, one)
            note = publish(folder, one)
            if note is not None:
                notes.append(note)
        one.close()

    signers = [threading.Thread(target=sign, args=(folder,)) for folder in folders]
    for thread in signers:
        thread.start()
    for number in range(3):
        filled(store, 30, f"w{number}")
    over.set()
    for thread in signers:
        thread.join()
    heads = {Checkpoint.parse_body(split_note(note)[0]).size: note for note in notes}
    assert len(heads) == len(notes)
    settle(first)
    assert faults_of(first) == ()


def test_a_head_that_was_overtaken_is_not_kept(tmp_path: Path, store: str) -> None:
    folder = machine(tmp_path, store)
    filled(store, 2)
    settle(folder)
    one = folder.open(writing=True)
    with pytest.raises(OvertakenError, match="could contradict it"):
        one.publish(Checkpoint("x", 3, bytes(32)), 1, "a note", 1)
    kept = one.checkpoint()
    one.close()
    assert kept is not None
    assert kept.size == 2


def test_what_is_sent_twice_is_taken_once(tmp_path: Path, store: str) -> None:
    folder = machine(tmp_path, store)
    filled(store, 3)
    settle(folder)
    filled(store, 5)  # a writer that did not hear that three were there
    settle(folder)
    one = folder.open()
    assert one.size == 5
    one.close()
    assert faults_of(folder) == ()


def test_a_server_that_crashes_loses_nothing_and_calls_wait_for_it(
    tmp_path: Path, server: Server
) -> None:
    store = server.database()
    folder = machine(tmp_path, store)
    # A busy machine starts it slowly.
    log = log_of(folder, store, contents=False, store_seconds=120)
    ids = [log.append(sample_record()).record for _ in range(3)]
    server.stop(signal.SIGQUIT)
    back = threading.Timer(0.3, server.start)
    back.start()
    ids += [log.append(sample_record()).record for _ in range(3)]
    back.join()
    log.close()
    assert ids_of(folder) == ids
    assert faults_of(folder) == ()


def test_a_statement_that_nobody_knows_of_is_not_done_twice(
    tmp_path: Path, store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = machine(tmp_path, store)
    intake = Intake(Address.of(store), "w1")
    intake.append(partial(leaf, "w1"))
    done = _postgres_intake.put

    def lost(*given: Any) -> set[bytes]:
        monkeypatch.undo()
        done(*given)
        given[0].close()
        raise psycopg.OperationalError("the connection broke before the answer came")

    monkeypatch.setattr(_postgres_intake, "put", lost)
    assert [intake.append(partial(leaf, "w1")) for _ in range(2)] == [1, 2]
    intake.close()
    one = folder.open()
    assert one.waiting == 3
    one.close()
    settle(folder)
    assert faults_of(folder) == ()


def test_a_record_that_does_not_fit_harms_none_of_those_beside_it(
    tmp_path: Path, store: str
) -> None:
    folder = machine(tmp_path, store)
    intake = Intake(Address.of(store), "w1")
    refused: list[str] = []

    def append(bad: bool) -> None:
        try:
            intake.append(
                lambda number: encode(
                    {"v": 1, "w": {"h": "w1", "n": number}, "why": 0.5 if bad else ""}
                )
            )
        except LogError as error:
            refused.append(str(error))

    threads = [threading.Thread(target=append, args=(n % 3 == 0,)) for n in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    intake.close()
    assert len(refused) == 10
    settle(folder)
    one = folder.open()
    assert one.size == 20
    one.close()
    assert faults_of(folder) == ()


def test_a_machine_without_the_key_writes_and_does_not_sign(tmp_path: Path, store: str) -> None:
    first = machine(tmp_path, store)
    other = machine(tmp_path, store, "b")
    assert not other.signs
    assert other.public.read_text() == first.public.read_text()
    log = log_of(other, store, contents=False)
    name = log.append(sample_record()).record
    log.close()
    one = other.open()
    assert one.checkpoint() is None
    one.close()
    assert ids_of(first) == [name]


def test_a_database_that_was_set_back_is_not_signed_again(
    tmp_path: Path, server: Server, store: str
) -> None:
    folder = machine(tmp_path, store)
    filled(store, 2, "w1")
    settle(folder)
    name = store.partition("?")[0].rpartition("/")[2]
    with psycopg.connect(server.url(), autocommit=True) as base:
        base.execute(f"CREATE DATABASE {name}_old TEMPLATE {name}".encode())
    filled(store, 2, "w2")
    settle(folder)
    with psycopg.connect(server.url(), autocommit=True) as base:
        base.execute(f"ALTER DATABASE {name} RENAME TO {name}_new".encode())
        base.execute(f"ALTER DATABASE {name}_old RENAME TO {name}".encode())
    signed = folder.head.read_text()
    filled(store, 3, "w3")
    for _ in range(2):
        one = folder.open(writing=True)
        with pytest.raises(LogError, match="an older copy was put in its place"):
            integrate(folder, one)
        with pytest.raises(LogError, match="an older copy was put in its place"):
            publish(folder, one)
        one.close()
    assert folder.head.read_text() == signed


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("UPDATE entries SET leaf = leaf || 'x' WHERE at = 3", "entry 3"),
        ("DELETE FROM entries WHERE at = 3", "entry 3 is missing"),
        ("DELETE FROM entries WHERE at > 5", "a checkpoint of 10 entries was signed"),
        ("UPDATE tiles SET hashes = decode(repeat('00', 320), 'hex') WHERE level = 0",
         "is not the one that was taken"),
        ("UPDATE checkpoints SET note = replace(note, E'\\n10', E'\\n9')", "hold"),
    ],
)  # fmt: skip
def test_what_an_operator_changes_in_the_database_is_named(
    tmp_path: Path, store: str, change: str, told: str
) -> None:
    folder = machine(tmp_path, store)
    filled(store, 10)
    settle(folder)
    assert faults_of(folder) == ()
    with psycopg.connect(store, options="-c search_path=chopmark_log") as base:
        base.execute(change.encode())
    assert told in " ".join(faults_of(folder))


def test_a_fork_leaves_its_parents_connections_alone(tmp_path: Path, store: str) -> None:
    folder = machine(tmp_path, store)
    log = log_of(folder, store)
    log.append(sample_record())
    before = log._owns[os.getpid()].spool
    child = os.fork()
    if child == 0:
        try:
            log.append(sample_record())
            log.close()
            os._exit(0)
        finally:
            os._exit(1)
    assert os.waitpid(child, 0)[1] == 0
    log.append(sample_record())
    assert log._owns[os.getpid()].spool is before
    log.close()
    assert len(ids_of(folder)) == 3


def test_a_fork_leaves_its_parents_keys_connected(tmp_path: Path, store: str) -> None:
    log = log_of(machine(tmp_path, store), store)
    content = Content(messages=(), answer="yes", user="u-1")
    log.append_with(sample_record(), content)
    child = os.fork()
    if child == 0:
        os._exit(0)  # it does nothing at all
    assert os.waitpid(child, 0)[1] == 0
    log.append_with(sample_record(), replace(content, user="u-2"))  # whose key is asked for
    log.close()


PASSWORDS = [
    "postgresql://anna:hunter2@host/base",
    "postgresql://anna@host/base?password=hunter2",
    "postgres://anna:hunter2%zz@host/base",
    "anna:hunter2@host",
]


@pytest.mark.parametrize("address", PASSWORDS)
def test_a_password_in_the_policy_is_refused_and_not_shown(tmp_path: Path, address: str) -> None:
    with pytest.raises(PolicyError) as told:
        SharedLog({"path": str(tmp_path), "store": address})
    shown = f"{told.value} {told.value.__cause__} {told.value.__context__!r}"
    assert "hunter2" not in str(told.value)
    assert "hunter2" not in shown.replace(repr(address), "")


def test_a_password_of_the_environment_opens_the_store_and_is_shown_nowhere(
    tmp_path: Path, server: Server, store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = store.partition("?")[0].rpartition("/")[2]
    access = server.data / "pg_hba.conf"
    access.write_text(f"local {name} anna scram-sha-256\n{access.read_text()}")
    with psycopg.connect(server.url(), autocommit=True) as base:
        base.execute(b"CREATE ROLE anna LOGIN PASSWORD 'hunter2'")
        base.execute(f"ALTER DATABASE {name} OWNER TO anna".encode())
        base.execute(b"SELECT pg_reload_conf()")
    address = store.replace("postgres@", "anna@")
    monkeypatch.setenv(PASSWORD, "hunter3")
    log = log_of(LogFolder(tmp_path / "log"), address)
    with pytest.raises(LogError, match="password authentication failed") as told:
        log.append(sample_record())
    assert "hunter3" not in f"{told.value} {told.value.__cause__!r} {log.address!r}"
    monkeypatch.setenv(PASSWORD, "hunter2")
    folder = machine(tmp_path, address)
    log = log_of(folder, address)
    log.append_with(sample_record(), Content(answer="Hello.", user="bert"))
    log.close()
    with registrar(folder) as by:  # whoever owns the tables may, and need not be more
        assert by.erase(Subject.of("bert", ""), "a request").erased == 1
    assert len(ids_of(folder)) == 2
    for file in folder.path.rglob("*"):
        assert not file.is_file() or b"hunter" not in file.read_bytes()


def test_a_server_that_is_not_there_is_named(tmp_path: Path) -> None:
    store = f"postgresql://nobody@/none?host={tmp_path}"
    with pytest.raises(LogError, match=re.escape(store)):
        log_of(LogFolder(tmp_path / "log"), store).append(sample_record())
    assert not (tmp_path / "log" / "store").exists()


def test_a_folder_of_one_log_takes_no_other(tmp_path: Path, server: Server, store: str) -> None:
    folder = machine(tmp_path, store)
    other = server.database()
    with pytest.raises(LogError, match="a folder of its own"):
        log_of(folder, other).append(sample_record())
    with pytest.raises(LogError, match="has log"):
        log_of(LogFolder(tmp_path / "b"), store, origin="example.com/x").append(sample_record())


def test_a_signed_log_whose_database_is_empty_is_not_begun_anew(
    tmp_path: Path, server: Server, store: str
) -> None:
    folder = machine(tmp_path, store)
    filled(store, 1)
    settle(folder)
    with psycopg.connect(store, autocommit=True) as base:
        base.execute(b"DROP SCHEMA chopmark_log CASCADE")
    folder.where.unlink()
    with pytest.raises(LogError, match="has no log"):
        machine(tmp_path, store)


def test_a_policy_names_the_store(tmp_path: Path, store: str) -> None:
    (tmp_path / "p.toml").write_text(
        f'name = "p"\nplugins = ["log"]\n[settings.log]\npath = "here"\nstore = "{store}"\n'
    )
    policy: Policy = load_policy(str(tmp_path / "p.toml"))
    log = make_log(policy)
    assert isinstance(log, SharedLog)
    chop = Chopmark(policy)
    assert chop.guard(lambda prompt: "Hello.")("Hi.") == "Hello."
    chop.close()
    assert len(ids_of(LogFolder(tmp_path / "here"))) == 1


def run(*words: str) -> Result:
    for one in (*CARE, *PROOF):
        command.add_command(one)
    return CliRunner().invoke(command, words)


def test_commands_are_the_same_for_a_log_in_a_database(tmp_path: Path, store: str) -> None:
    here, there = str(tmp_path / "here"), str(tmp_path / "there")
    made = run("init", "--path", here, "--store", store, "--origin", "example.com/all")
    assert made.exit_code == 0, made.output
    joined = run("init", "--path", there, "--store", store)
    assert "which was there already" in joined.output
    assert "bring log.key" in joined.output
    filled(store, 3)
    shown = json.loads(run("status", "--path", there, "--json").output)
    assert (shown["origin"], shown["entries"], shown["waiting_records"]) == (
        "example.com/all",
        0,
        3,
    )
    settle(LogFolder(Path(here)))
    for path in (here, there):
        assert run("verify", "--path", path).exit_code == 0
        assert run("fsck", "--path", path).exit_code == 0
        assert json.loads(run("status", "--path", path, "--json").output)["signed_entries"] == 3
    proof = str(tmp_path / "0.tlog-proof")
    assert run("prove", "0", "--path", there, "-o", proof).exit_code == 0
    held = run("verify-proof", proof, proof[:-10] + "leaf", "--key", f"{there}/log.pub")
    assert held.exit_code == 0
    seen = run("doctor", "--path", here)
    assert "Postgres fsync" in seen.output
    assert "LOOK" in seen.output  # this server syncs nothing
    assert run("recover", "--path", here).exit_code == 0
    assert run("recover", "--path", here, "--new-origin", "example.com/b").exit_code == 2
    assert run("init", "--path", str(tmp_path / "x"), "--store", "mysql://x").exit_code == 2
    assert run("init", "--path", str(tmp_path / "x")).exit_code == 2
