"""What the log keeps of contents: sealed, bound to its leaf, and never lost without a word."""

from __future__ import annotations

import hashlib
import hmac
import os
import signal
import sqlite3
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.depth import scaled
from tests.plugins.log.logs import content_of, invoke, leaves

from chopmark import Content, LogError, Message, PolicyError
from chopmark.testing import sample_record
from chopmark_log import _content
from chopmark_log._content import (
    FIELDS,
    SubjectKey,
    disclose,
    disclosures,
    is_payload,
    read_payload,
    record_id,
    seal,
    texts_of,
    unseal,
)
from chopmark_log._folder import LogFolder
from chopmark_log._integrate import integrate, integrating, publish
from chopmark_log._keyring import Keyring
from chopmark_log._log import TransparencyLog
from chopmark_log._master import MASTER, Subject
from chopmark_log._opened import ClosedError, Opener, content_faults
from chopmark_log._sqlite_store import SqliteStore
from chopmark_log._store import Store
from chopmark_log.verify import VerifyError, commit, open_disclosure

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="forks, kills and locks")
KEY = SubjectKey(b"k" * 16, b"s" * 32)
RECORD = bytes(range(16))
texts = st.text(st.characters(codec=None), max_size=40)  # lone surrogates, too
ids = st.binary(min_size=16, max_size=16)
contents = st.builds(
    Content,
    messages=st.lists(st.builds(Message, role=texts, text=texts), max_size=3).map(tuple),
    answer=texts,
    user=texts,
)


def take(folder: LogFolder) -> Store:
    with integrating(folder) as mine:
        assert mine
        store = folder.open(writing=True)
        integrate(folder, store)
        publish(folder, store)
        store.close()
    return folder.open()


def opened(folder: LogFolder, leaf: dict[str, Any]) -> dict[str, str]:
    opener = Opener(folder)
    found = opener.open(leaf)
    opener.close()
    return {name: open_disclosure(one, leaf)[1] for name, one in found.items()}


@given(contents)
def test_what_is_sealed_comes_back_and_opens_what_the_leaf_says(content: Content) -> None:
    sealed = seal(KEY, RECORD, content, until=5)
    (frame,) = sealed.frames
    assert is_payload(frame)
    payload = read_payload(frame)
    assert (payload.record, payload.key, payload.until) == (RECORD, KEY.id, 5)
    assert unseal(KEY, RECORD, payload.data) == texts_of(content)
    leaf = {"commit": sealed.commitments}
    for name, disclosure in disclosures(KEY, RECORD, payload.data, leaf).items():
        assert open_disclosure(disclosure, leaf) == (name, texts_of(content)[name])


@given(contents, st.sampled_from(FIELDS), texts)
def test_no_other_text_opens_a_commitment(content: Content, name: str, other: str) -> None:
    sealed = seal(KEY, RECORD, content, until=0)
    leaf = {"commit": sealed.commitments}
    if other == texts_of(content)[name]:
        return
    with pytest.raises(VerifyError):
        open_disclosure(disclose(KEY, RECORD, name, other), leaf)


@given(contents, st.integers(0, 2), st.data())
@settings(max_examples=scaled(50))
def test_ciphertext_that_was_changed_or_moved_is_refused(
    content: Content, which: int, data: st.DataObject
) -> None:
    (frame,) = seal(KEY, RECORD, content, until=0).frames
    cipher = bytearray(read_payload(frame).data)
    record, key = RECORD, KEY
    if which == 0:
        cipher[data.draw(st.integers(0, len(cipher) - 1))] ^= 1
    elif which == 1:
        record = bytes(16)
    else:
        key = SubjectKey(KEY.id, b"t" * 32)
    with pytest.raises(LogError, match="not the one that was sealed"):
        unseal(key, record, bytes(cipher))


@given(st.lists(st.tuples(ids, st.sampled_from(FIELDS)), unique=True))
def test_each_field_of_each_record_has_a_salt_of_its_own(fields: list[tuple[bytes, str]]) -> None:
    commitments = {commit(disclose(KEY, record, name, "same")) for record, name in fields}
    assert len(commitments) == len(fields)


def test_the_key_of_a_record_is_that_of_hkdf() -> None:
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

    known = HKDFExpand(SHA256(), 32, b"enc" + RECORD).derive(KEY.secret)
    assert _content._secret(KEY, RECORD) == known


def test_a_disclosure_is_the_one_that_is_written_down() -> None:
    salt = hmac.digest(KEY.secret, b"salt" + RECORD + b"answer", "sha256")[:16]
    import base64

    text = base64.urlsafe_b64encode(salt).decode().rstrip("=")
    data = f'["{text}","answer","答 \\"a\\""]'.encode()
    expected = base64.urlsafe_b64encode(data).decode().rstrip("=")
    assert disclose(KEY, RECORD, "answer", '答 "a"') == expected
    digest = base64.urlsafe_b64encode(hashlib.sha256(expected.encode()).digest()).decode()
    assert commit(expected) == digest.rstrip("=")


def test_what_a_call_said_is_kept_and_its_leaf_holds_nothing_of_it(tmp_path: Path) -> None:
    folder = LogFolder(tmp_path / "log")
    log = TransparencyLog({"path": str(folder.path)})
    for user in ("anna", "", "anna"):
        assert log.append_with(sample_record(), content_of(user)).salt == ""
    log.append(sample_record())
    log.close()
    first, second, third, without = leaves(folder)
    assert opened(folder, first)["answer"] == "an answer to her"
    assert opened(folder, second)["request"] == '[["user","a question of "]]'
    assert first["commit"]["user"] != third["commit"]["user"]  # no pseudonym
    with pytest.raises(ClosedError, match="no content was kept"):
        opened(folder, without)
    assert content_faults(folder, folder.open()) == []
    for file in folder.path.rglob("*"):
        assert not file.is_file() or b"answer to her" not in file.read_bytes()


def test_a_large_content_goes_in_parts(tmp_path: Path) -> None:
    folder = LogFolder(tmp_path / "log")
    log = TransparencyLog({"path": str(folder.path)})
    answer = "长" * 1_000_000
    log.append_with(sample_record(), content_of(answer=answer))
    log.append_with(sample_record(), content_of())
    log.close()
    first, second = leaves(folder)
    assert opened(folder, first)["answer"] == answer
    assert opened(folder, second)["answer"] == "an answer to her"


def test_a_child_of_a_fork_keeps_contents_under_the_same_key(tmp_path: Path) -> None:
    folder = LogFolder(tmp_path / "log")
    log = TransparencyLog({"path": str(folder.path)})
    log.append_with(sample_record(), content_of())
    child = os.fork()
    if child == 0:
        try:
            log.append_with(sample_record(), content_of())
            log.append_with(sample_record(), content_of("bert"))
            log.close()
            os._exit(0)
        except BaseException:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    log.append_with(sample_record(), content_of("bert"))
    log.close()
    take(folder)
    found = leaves(folder)
    assert [opened(folder, leaf)["answer"] for leaf in found] == ["an answer to her"] * 4
    base = sqlite3.connect(folder.path / "keys.db")
    assert base.execute("SELECT count(*) FROM keys").fetchone() == (2,)
    base.close()


@pytest.mark.parametrize("moment", ["before", "after"])
def test_kill_9_between_side_store_and_log_loses_and_doubles_nothing(
    tmp_path: Path, moment: str
) -> None:
    folder = LogFolder(tmp_path / "log")
    log = TransparencyLog({"path": str(folder.path), "integrate": False})
    taken = [log.append_with(sample_record(), content_of()).record for _ in range(5)]
    child = os.fork()
    if child == 0:
        took = SqliteStore.take

        def die(self: SqliteStore, *given: Any) -> int:
            if moment == "after":
                took(self, *given)
            os.kill(os.getpid(), signal.SIGKILL)
            return 0

        SqliteStore.take = die  # type: ignore[method-assign, assignment]
        try:
            take(folder)
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    base = sqlite3.connect(folder.path / "side.db")
    assert base.execute("SELECT count(*) FROM payloads").fetchone() == (5,)  # it was ahead
    base.close()
    store = take(folder)
    assert [leaf["id"] for leaf in leaves(folder)] == taken
    assert content_faults(folder, store) == []
    assert [opened(folder, leaf)["user"] for leaf in leaves(folder)] == ["anna"] * 5
    log.close()


def test_a_payload_whose_leaf_was_torn_off_does_no_harm(tmp_path: Path) -> None:
    folder = LogFolder(tmp_path / "log")
    log = TransparencyLog({"path": str(folder.path), "integrate": False})
    kept = log.append_with(sample_record(), content_of()).record
    log.append_with(sample_record(), content_of())
    log.close()
    (spool,) = folder.spools.iterdir()
    spool.write_bytes(spool.read_bytes()[:-20])
    assert content_faults(folder, take(folder)) == []
    assert [leaf["id"] for leaf in leaves(folder)] == [kept]


def test_content_that_is_missing_or_changed_is_named(tmp_path: Path) -> None:
    folder = LogFolder(tmp_path / "log")
    log = TransparencyLog({"path": str(folder.path)})
    made = [record_id(log.append_with(sample_record(), content_of()).record) for _ in range(3)]
    log.close()
    with sqlite3.connect(folder.path / "side.db") as base:
        base.execute("DELETE FROM payloads WHERE record = ?", (made[0],))
        swap = "UPDATE payloads SET data = (SELECT data FROM payloads WHERE record = ?) "
        base.execute(swap + "WHERE record = ?", (made[2], made[1]))
    base.close()
    first, second = content_faults(folder, folder.open())
    assert first == "entry 0: its content is missing, and was not erased"
    assert second == "entry 1: its content is not the one that was recorded"
    with pytest.raises(LogError, match=r"missing from side\.db"):
        opened(folder, leaves(folder)[0])
    with pytest.raises(LogError, match="not the one that was recorded"):
        opened(folder, leaves(folder)[1])


def test_a_key_that_was_lost_is_told_by_the_log(tmp_path: Path) -> None:
    folder = LogFolder(tmp_path / "log")
    log = TransparencyLog({"path": str(folder.path), "integrate": False})
    record = log.append_with(sample_record(), content_of()).record
    log.close()
    (folder.path / "keys.db").unlink()
    take(folder)
    call, gap = leaves(folder)
    assert (call["id"], gap["k"], gap["record"]) == (record, "gap", record)
    assert "missing from keys.db" in gap["why"]


def test_the_master_key_may_be_elsewhere_and_must_be_the_right_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import base64

    folder = LogFolder(tmp_path / "log")
    monkeypatch.setenv(MASTER, base64.b64encode(b"m" * 32).decode())
    log = TransparencyLog({"path": str(folder.path)})
    log.append_with(sample_record(), content_of())
    log.close()
    assert not (folder.path / "master.key").exists()
    assert opened(folder, leaves(folder)[0])["user"] == "anna"
    for value, told in ((b"n" * 32, "is not that of log"), (b"short", "is no master key")):
        monkeypatch.setenv(MASTER, base64.b64encode(value).decode())
        with pytest.raises(LogError, match=told):
            Keyring(folder)
    monkeypatch.delenv(MASTER)
    with pytest.raises(LogError, match=r"master\.key"):
        Keyring(folder)


def test_a_master_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    folder = LogFolder(tmp_path / "log")
    folder.create("example.com/log")
    Keyring(folder).key(Subject.of("anna", ""))
    assert (folder.path / "master.key").stat().st_mode & 0o777 == 0o600
    (folder.path / "master.key").chmod(0o644)
    with pytest.raises(LogError, match="read by others"):
        Keyring(folder)


def test_an_id_that_is_none_is_refused() -> None:
    with pytest.raises(LogError, match="must be a UUID"):
        record_id("record 1")


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"contents": "yes"}, "contents"),
        ({"retention_days": -1}, "retention_days"),
        ({"retention_days": True}, "retention_days"),
    ],
)
def test_a_wrong_option_of_contents_is_named(options: dict[str, object], told: str) -> None:
    with pytest.raises(PolicyError, match=told):
        TransparencyLog(options)


def test_without_contents_nothing_of_them_is_made(tmp_path: Path) -> None:
    folder = LogFolder(tmp_path / "log")
    log = TransparencyLog({"path": str(folder.path), "contents": False})
    assert not log.takes_content
    log.append(sample_record())
    log.close()
    assert invoke("log", "prune", "--path", str(folder.path)).exit_code == 0  # as once a day
    assert not {"side.db", "keys.db", "master.key"} & {f.name for f in folder.path.iterdir()}
