"""A person is forgotten from any machine: at once, and out of the files of the server."""

from __future__ import annotations

import base64
import json
import os
import shutil
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from tests.plugins.log.postgres import Server
from tests.plugins.log.postgres_storm import faults_of, log_of, machine, settle

from chopmark import Content, LogError, Message
from chopmark.testing import sample_record
from chopmark_log import _postgres_tables
from chopmark_log._changing import holding
from chopmark_log._content import disclose, record_id
from chopmark_log._erase import Done, registrar
from chopmark_log._export import prove
from chopmark_log._folder import LogFolder
from chopmark_log._integrate import publish
from chopmark_log._leaf import decode
from chopmark_log._master import FILE, MASTER, NEXT_FILE, Subject, read_master
from chopmark_log._opened import ClosedError, Opener, RestrictedError, content_faults
from chopmark_log._postgres_log import SharedLog
from chopmark_log._rotate import rotate_master
from chopmark_log._rotate_signing import rotate_signing
from chopmark_log._side import Side
from chopmark_log._signing import read_verifier_key
from chopmark_log._subject import Keys
from chopmark_log.verify import open_disclosure

ANNA = Subject.of("anna-17", "")
LAW = "erasure as the law wants it"
PATIENCE = 240.0
SCHEMAS = ("chopmark_log", "chopmark_keys", "chopmark_side")


@pytest.fixture
def first(tmp_path: Path, store: str) -> LogFolder:
    return machine(tmp_path, store)


@pytest.fixture
def second(tmp_path: Path, store: str, first: LogFolder) -> LogFolder:
    return machine(tmp_path, store, "b", first)


def say(log: SharedLog, user: str) -> str:
    asked = Message(role="user", text=f"the asked secret of <{user}>")
    said = Content(messages=(asked,), answer=f"the told secret of <{user}>", user=user)
    record = replace(sample_record(), time=time.time_ns() // 1_000_000)
    return log.append_with(record, said).record


def fill(folder: LogFolder, store: str, *users: str, **options: object) -> list[str]:
    log = log_of(folder, store, **options)
    ids = [say(log, user) for user in users]
    log.close()
    return ids


def leaves(folder: LogFolder, kind: str = "") -> list[dict[str, Any]]:
    settle(folder)
    store = folder.open()
    found = [decode(entry.leaf) for entry in store.entries(0, store.size)]
    store.close()
    return [leaf for leaf in found if kind in ("", leaf["k"])]


def answer(folder: LogFolder, id: str) -> str:
    settle(folder)
    store, opener = folder.open(), Opener(folder)
    try:
        entry = store.find(record_id(id))
        assert entry is not None
        leaf = decode(entry.leaf)
        return open_disclosure(opener.open(leaf)["answer"], leaf)[1]
    finally:
        opener.close()
        store.close()


def erase(folder: LogFolder, until: int = 0) -> Done:
    with registrar(folder) as by:
        return by.erase(ANNA, LAW, until)


def faults(folder: LogFolder) -> list[str]:
    store = folder.open()
    try:
        return content_faults(folder, store)
    finally:
        store.close()


def secrets_of(folder: LogFolder, ids: list[str]) -> tuple[list[bytes], list[bytes]]:
    """Return what is kept of records of Anna until it is erased, and what never is."""
    keys, side = Keys(folder), Side(folder)
    tag = read_master(folder).tag(ANNA)
    found = keys.find(tag)
    assert found is not None
    key = read_master(folder).unwrap(*found)
    ciphers, never = [], [key.secret, key.secret.hex().encode(), b"secret of <", b"anna-17"]
    for id in ids:
        kept = side.get(record_id(id))
        assert kept is not None
        ciphers.append(kept.cipher[12:])
        text = disclose(key, record_id(id), "answer", "")
        salt = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))[0]
        never += [salt.encode(), base64.urlsafe_b64decode(salt + "==")]
    keys.close()
    side.close()
    return [tag, bytes(found[1]), *ciphers], never


def in_tables(store: str, secrets: list[bytes]) -> set[bytes]:
    found = set()
    with psycopg.connect(store) as base:
        query = "SELECT schemaname, tablename FROM pg_tables WHERE schemaname = ANY(%s)"
        tables = base.execute(query, (list(SCHEMAS),)).fetchall()
        assert len(tables) > 10
        for schema, table in tables:
            for (row,) in base.execute(f"SELECT t::text FROM {schema}.{table} t".encode()):
                found |= {one for one in secrets if one.hex() in row or one in row.encode()}
    return found


def in_files(where: Path, secrets: list[bytes]) -> set[bytes]:
    found = set()
    files = [file for file in where.rglob("*") if file.is_file()]
    assert len(files) > 3
    for file in files:
        data = file.read_bytes()
        found |= {one for one in secrets if one in data}
    return found


def test_nothing_of_a_person_who_is_erased_from_another_machine_stays_in_any_table_or_file(
    tmp_path: Path, server: Server, store: str, first: LogFolder, second: LogFolder
) -> None:
    log = log_of(first, store)
    ids = [say(log, "anna-17") for _ in range(3)]
    other = say(log, "bert")
    settle(first)
    kept, never = secrets_of(first, ids)
    with psycopg.connect(server.url(), autocommit=True) as base:
        base.execute(b"CHECKPOINT")
        assert in_files(server.data / "base", kept) == set(kept)
        assert in_tables(store, kept) == set(kept)
        assert erase(second) == Done(erased=3)
        assert in_tables(store, kept + never) == set()
        # What the server wrote ahead goes with its next segments, unless it archives them.
        for _ in range(2):
            base.execute(b"SELECT pg_switch_wal()")
            base.execute(b"CHECKPOINT")
        assert in_files(server.folder, kept + never) == set()
    for folder in (first, second):
        assert in_files(folder.path, kept + never) == set()
        for id in ids:
            with pytest.raises(ClosedError, match="was erased"):
                answer(folder, id)
        assert answer(folder, other) == "the told secret of <bert>"
        assert faults(folder) == []
    log.close()
    (leaf,) = leaves(first, "erase")
    assert {"count": 3, "basis": LAW}.items() <= leaf.items()
    assert faults_of(first) == ()


def test_a_service_on_another_machine_begins_another_key_with_its_next_call(
    store: str, first: LogFolder, second: LogFolder
) -> None:
    log = log_of(first, store)
    before = say(log, "anna-17")
    assert erase(second) == Done(erased=1)
    after = [say(log, "anna-17") for _ in range(2)]
    log.close()
    with pytest.raises(ClosedError, match="was erased"):
        answer(second, before)
    assert {answer(second, id) for id in after} == {"the told secret of <anna-17>"}
    assert faults(first) == []
    assert faults_of(first) == ()


def test_nothing_gets_under_a_key_while_and_after_it_is_erased(
    store: str, first: LogFolder, second: LogFolder
) -> None:
    log = log_of(first, store)
    ids: list[str] = []
    over = threading.Event()

    def call() -> None:
        while not over.is_set():
            ids.append(say(log, "anna-17"))
            time.sleep(0.002)

    threads = [threading.Thread(target=call) for _ in range(2)]
    for thread in threads:
        thread.start()
    erased, end = 0, time.monotonic() + PATIENCE
    try:
        for _ in range(2):
            before = len(ids)
            while len(ids) < before + 3 and time.monotonic() < end:
                time.sleep(0.01)  # one of each thread may be of before
            erased += erase(second).erased
    finally:
        over.set()
        for thread in threads:
            thread.join()
    log.close()
    assert erased > 0
    keys, side = Keys(first), Side(first)
    assert not set(keys.erased()) & set(side.keys())
    gone = sum(side.is_gone(record_id(id)) for id in ids)
    keys.close()
    side.close()
    assert gone == erased
    assert sorted(leaf["id"] for leaf in leaves(first, "call")) == sorted(ids)
    assert faults(first) == []
    assert faults_of(first) == ()


def test_what_must_be_kept_is_restricted_for_every_machine_and_erased_once(
    store: str, first: LogFolder, second: LogFolder
) -> None:
    (id,) = fill(first, store, "anna-17", retention_days=183)
    assert erase(second).restricted == 1
    for folder in (first, second):
        with pytest.raises(RestrictedError):
            answer(folder, id)
    with psycopg.connect(store) as base:
        base.execute(b"UPDATE chopmark_side.payloads SET until = 1")
    erased: list[int] = []

    def prune(folder: LogFolder) -> None:
        with registrar(folder) as by:
            erased.append(by.prune().erased)

    threads = [threading.Thread(target=prune, args=(one,)) for one in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(erased) == [0, 1]
    assert [leaf["count"] for leaf in leaves(first, "erase")] == [1]
    assert faults_of(first) == ()


def test_who_reads_the_tables_for_long_stops_no_calls_and_the_rest_is_done_later(
    store: str, first: LogFolder, second: LogFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_postgres_tables, "TRIES", 2)
    log = log_of(first, store)
    id = say(log, "anna-17")
    settle(first)
    with psycopg.connect(store) as base:  # such as a backup
        base.execute(b"SELECT count(*) FROM chopmark_keys.keys")
        with pytest.raises(LogError, match=r"chopmark_keys\.keys is being read"):
            erase(second)
        say(log, "bert")
        with pytest.raises(ClosedError, match="was erased"):
            answer(first, id)
    with registrar(second) as by:
        by.prune()
    log.close()
    assert [leaf["count"] for leaf in leaves(first, "erase")] == [1]
    assert faults(first) == []
    assert faults_of(first) == ()


def test_old_proofs_hold_after_an_erasure(store: str, first: LogFolder, second: LogFolder) -> None:
    fill(first, store, "anna-17", "bert")
    key = read_verifier_key(str(first.public))
    one = first.open()
    proofs = [(one.entry(n).leaf, prove(one, n)) for n in range(2)]
    one.close()
    erase(second)
    for leaf, proof in proofs:
        assert proof.check(leaf, [key]).checkpoint.size >= 2


def test_a_machine_without_the_master_key_says_so_and_takes_it_from_the_environment(
    tmp_path: Path, store: str, first: LogFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(first, store, "anna-17")
    third = machine(tmp_path, store, "c")
    with pytest.raises(LogError, match=r"master\.key"):
        fill(third, store, "anna-17")
    assert not (third.path / "master.key").exists()
    text = (first.path / "master.key").read_text()
    monkeypatch.setenv(MASTER, base64.b64encode(os.urandom(32)).decode())
    with pytest.raises(LogError, match="is not that of log"):
        fill(third, store, "anna-17")
    monkeypatch.setenv(MASTER, text)
    (id,) = fill(third, store, "anna-17")
    assert answer(first, id) == "the told secret of <anna-17>"
    with registrar(third) as by:
        assert by.erase(ANNA, LAW) == Done(erased=2)
    assert [leaf["count"] for leaf in leaves(first, "erase")] == [2]


def test_a_master_key_that_is_changed_on_one_machine_is_wanted_on_the_others(
    first: LogFolder, second: LogFolder, store: str
) -> None:
    (anna,) = fill(first, store, "anna-17")
    running = log_of(second, store)
    said = say(running, "anna-17")
    with registrar(first) as by:
        assert rotate_master(by)[:2] == (1, 1)
    with pytest.raises(LogError, match=f"{FILE}, which was given up"):
        say(running, "bert")
    shutil.copy(first.path / FILE, second.path / NEXT_FILE)  # better brought before
    bert = say(running, "bert")
    running.close()
    told = [answer(second, id) for id in (anna, said, bert)]
    assert told == [f"the told secret of <{name}>" for name in ("anna-17", "anna-17", "bert")]
    assert erase(second) == Done(erased=2)
    with registrar(second) as by:
        assert rotate_master(by)[:2] == (0, 1)  # it ends what was begun elsewhere
    assert (second.path / FILE).read_bytes() == (first.path / FILE).read_bytes()
    assert faults_of(second) == ()


def test_a_machine_with_a_signing_key_that_was_changed_elsewhere_signs_nothing(
    first: LogFolder, second: LogFolder, store: str
) -> None:
    fill(first, store, "anna-17")
    settle(first)
    with holding(first) as one:
        key = rotate_signing(first, one).public
        one.take([(None, b'{"k":"x","v":1,"w":{"h":"a","n":0}}')], {})
    with holding(second) as other:
        with pytest.raises(LogError, match="was handed over to key"):
            publish(second, other)
        (said,) = other.tables.rows("SELECT value FROM meta WHERE name = 'key'")[0]
    assert said == str(key)
    shutil.copy(first.key, second.key)
    with holding(second) as other:
        assert publish(second, other) is not None
    assert faults_of(first) == ()
