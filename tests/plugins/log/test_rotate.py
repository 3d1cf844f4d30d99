"""Keys give way to new ones: nothing is lost, nor stays of the old, whenever it is cut short."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from tests.plugins.log.logs import faults_of, fill, invoke, leaves, log_of, signed
from tests.plugins.log.rotations import (
    Changed,
    answers,
    killed,
    look,
    rotated,
    say,
    signs_anew,
    storm,
)

from chopmark import Content, LogError
from chopmark.private import write_private
from chopmark.testing import sample_record
from chopmark_log import _rotate, _rotate_signing
from chopmark_log._beside import faults_beside
from chopmark_log._changing import holding
from chopmark_log._erase import registrar
from chopmark_log._export import export, prove
from chopmark_log._folder import LogFolder
from chopmark_log._handover import keys_under, known_keys, own_keys
from chopmark_log._integrate import publish
from chopmark_log._keyring import Keyring
from chopmark_log._master import FILE, MASTER, NEXT, NEXT_FILE, Subject, master_of, new_secret
from chopmark_log._opened import ClosedError, Opener
from chopmark_log._rotate import Rotated, older_keys, rotate_master, rotations, stale_masters
from chopmark_log._rotate_signing import rotate_signing
from chopmark_log._signing import read_signing_key, read_verifier_key
from chopmark_log._sqlite_store import SqliteStore
from chopmark_log._subject import Keys
from chopmark_log.verify import (
    Handover,
    VerifierKey,
    VerifyError,
    check_bundle,
    open_checkpoint,
    open_disclosure,
    split_handovers,
)

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="forks, kills and locks")
ANNA, BERT = Subject.of("anna-17", ""), Subject.of("bert", "")
LAW = "erasure as the law wants it"
WHEN = ("after", pytest.param("before", marks=pytest.mark.deep))
"""Before a step is after the one before it."""


def secrets_of(folder: LogFolder) -> list[bytes]:
    """Return what must not stay: the master key, as it is and in base64, and what it wraps."""
    text = (folder.path / FILE).read_bytes().strip()
    base = sqlite3.connect(folder.path / "keys.db")
    wrapped = [row[0] for row in base.execute("SELECT wrapped FROM keys")]
    tags = [row[0] for row in base.execute("SELECT tag FROM keys WHERE tag IS NOT NULL")]
    base.close()
    return [text, base64.b64decode(text), *wrapped, *tags]


def traces(folder: LogFolder, secrets: list[bytes]) -> list[str]:
    files = [file for file in folder.path.rglob("*") if file.is_file()]
    return [file.name for file in files for one in secrets if one in file.read_bytes()]


def dying(owner: Any, name: str, when: str) -> None:
    """Have a function kill the process, before or after what it does."""
    does = getattr(owner, name)

    def die(*given: Any, **named: Any) -> None:
        if when == "after":
            does(*given, **named)
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(owner, name, die)


def test_a_new_master_key_opens_all_and_nothing_of_the_old_one_is_left(folder: LogFolder) -> None:
    ids = say(folder, "anna-17", "bert", "carl", "")
    with registrar(folder) as by:
        by.hold("case 4", BERT)
        assert by.erase(Subject.of("carl", ""), LAW).erased == 1
    before, old = [leaf["id"] for leaf in leaves(folder)], secrets_of(folder)
    assert set(traces(folder, old)) == {FILE, "keys.db"}
    assert rotated(folder) == Rotated(3, 1, FILE)
    assert traces(folder, old) == []
    assert answers(folder, [ids[0], ids[1], ids[3]]) == ["told <anna-17>", "told <bert>", "told <>"]
    with pytest.raises(ClosedError, match="was erased"):
        answers(folder, [ids[2]])
    *same, leaf = leaves(folder)
    assert ([one["id"] for one in same], leaf["k"], leaf["master"]) == (before, "key", 1)
    assert faults_beside(folder, folder.open(), opening=True) == []
    assert (faults_of(folder), look(folder)) == ((), "")


def test_people_are_found_held_and_erased_after_any_number_of_new_keys(folder: LogFolder) -> None:
    ids = say(folder, "anna-17", "bert")
    with registrar(folder) as by:
        by.hold("case 4", BERT)
    assert [rotated(folder).number for _ in range(3)] == [1, 2, 3]
    ids += say(folder, "anna-17")
    with registrar(folder) as by:
        assert by.keys.count() == 2  # she is who she was
        assert by.erase(ANNA, LAW).erased == 2
        assert by.erase(BERT, LAW).restricted == 1  # by the hold
    with pytest.raises(ClosedError, match="was erased"):
        answers(folder, ids[:1])


def test_a_service_that_runs_goes_on_under_the_new_key(folder: LogFolder) -> None:
    log = log_of(folder)
    ids = [log.append_with(sample_record(), Content(answer="told <a>", user="a")).record]
    opener = Opener(folder)
    rotated(folder)
    for user in ("a", "b"):
        said = Content(answer=f"told <{user}>", user=user)
        ids.append(log.append_with(sample_record(), said).record)
    log.close()
    assert answers(folder, ids) == ["told <a>", "told <a>", "told <b>"]
    (leaf, *_) = leaves(folder, "call")
    assert open_disclosure(opener.open(leaf)["answer"], leaf)[1] == "told <a>"
    opener.close()


def test_a_key_made_under_a_master_key_that_is_no_longer_in_force_is_not_kept(
    folder: LogFolder,
) -> None:
    say(folder, "anna-17")
    ring = Keyring(folder)
    former = ring._master
    rotated(folder)
    assert ring._keys.add(b"tag", b"id", b"wrapped", former.check) is None
    assert former.unwrap  # it is another than the one that is taken now
    made = ring.key(BERT)
    keys = Keys(folder)
    found = keys.find(master_of(folder, keys).tag(BERT))
    assert found is not None
    assert found[0] == made.id
    keys.close()
    ring.rest()


STEPS = [
    (_rotate, "write_private"),
    (Keys, "rewrap"),
    (Keys, "scrub"),
    (_rotate, "overwrite"),
    (Path, "replace"),
    (SqliteStore, "take"),
]


@pytest.mark.parametrize("when", WHEN)
def test_killed_at_any_step_the_old_or_the_new_master_key_opens_all(
    folder: LogFolder, when: str
) -> None:
    ids = say(folder, "anna-17", "bert")
    for owner, name in STEPS:
        old = secrets_of(folder)

        def work(owner: Any = owner, name: str = name) -> None:
            with registrar(folder) as by:
                dying(by.keys if owner is Keys else owner, name, when)
                rotate_master(by)

        killed(work)
        assert answers(folder, ids) == ["told <anna-17>", "told <bert>"], (name, when)
        rotated(folder)
        assert traces(folder, old) == [], (name, when)
        assert answers(folder, ids) == ["told <anna-17>", "told <bert>"], (name, when)
        assert look(folder) == ""
    assert [one["master"] for one in leaves(folder, "key")] == list(
        range(1, len(leaves(folder, "key")) + 1)
    )
    assert (faults_of(folder), faults_beside(folder, folder.open(), opening=True)) == ((), [])


def test_killed_at_any_moment_all_can_be_read() -> None:
    found = storm(3, seed=5)
    assert found.changes >= 2  # those after the last kill: before, a busy machine may make none
    assert found == Changed(3, found.changes)


def test_the_key_of_the_environment_gives_way_to_the_one_beside_it(
    folder: LogFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = say(folder, "anna-17")
    old, first, second = (folder.path / FILE).read_bytes().strip(), new_secret(), new_secret()
    monkeypatch.setenv(NEXT, first)  # from the file into the environment
    assert rotated(folder) == Rotated(1, 1, NEXT)
    assert not (folder.path / FILE).exists()
    assert traces(folder, [old, first.encode(), base64.b64decode(first)]) == []
    assert look(folder) == f"{NEXT} is in force: put it into {MASTER}"
    monkeypatch.setenv(MASTER, first)
    monkeypatch.delenv(NEXT)
    assert (answers(folder, ids), look(folder)) == (["told <anna-17>"], "")
    with pytest.raises(LogError, match=f"into {NEXT}"):
        rotated(folder)
    monkeypatch.setenv(NEXT, first)
    with pytest.raises(LogError, match="was used before; nothing was changed"):
        rotated(folder)
    monkeypatch.setenv(NEXT, second)
    assert rotated(folder) == Rotated(1, 2, NEXT)
    assert f"{MASTER} has a master key that was given up" in look(folder)
    with pytest.raises(LogError, match=f"{NEXT} is in force"):
        rotated(folder)
    monkeypatch.setenv(MASTER, second)
    monkeypatch.delenv(NEXT)
    assert (answers(folder, ids), look(folder)) == (["told <anna-17>"], "")


@pytest.mark.parametrize("beside", [FILE, NEXT_FILE])
def test_a_file_beside_the_key_of_the_environment_does_not_take_its_place(
    folder: LogFolder, monkeypatch: pytest.MonkeyPatch, beside: str
) -> None:
    ids = say(folder, "anna-17")
    monkeypatch.setenv(MASTER, (folder.path / FILE).read_text())
    if beside == NEXT_FILE:
        (folder.path / FILE).unlink()
        write_private(folder.path / NEXT_FILE, new_secret().encode())
    with pytest.raises(LogError, match=f"into {NEXT}"):
        rotated(folder)
    assert answers(folder, ids) == ["told <anna-17>"]


@pytest.mark.parametrize("back", ["master.key", "keys.db", "both"])
def test_a_backup_from_before_a_rotation_is_named(
    folder: LogFolder, back: str, tmp_path: Path
) -> None:
    (id, gone) = say(folder, "anna-17", "bert")
    shutil.copytree(folder.path, tmp_path / "backup")
    rotated(folder)
    with registrar(folder) as by:
        by.erase(BERT, LAW)
    for name in {"both": [FILE, "keys.db"]}.get(back, [back]):
        shutil.copy(tmp_path / "backup" / name, folder.path / name)
    if back != "both":
        with pytest.raises(LogError, match="the master key is not that of log"):
            answers(folder, [id])
    if back == FILE:
        assert f"{FILE}, which was given up" in look(folder)
        return
    assert "the keys of subjects are an older copy" in look(folder)
    told = " ".join(faults_beside(folder, folder.open()))  # of `verify` and `fsck`
    assert "an older copy: the master key was changed more often than the 0 times" in told
    assert gone


def test_an_older_copy_is_named_also_where_the_next_change_was_pruned(
    folder: LogFolder, tmp_path: Path
) -> None:
    say(folder, "anna-17")
    shutil.copy(folder.path / "keys.db", tmp_path / "keys.db")
    rotated(folder)
    fill(folder, 260)
    rotated(folder)
    with holding(folder) as store:
        store.prune(256)
        shutil.copy(tmp_path / "keys.db", folder.path / "keys.db")
        (told,) = older_keys(folder, store)
    assert "more often than the 0 times" in told


def test_a_key_of_another_log_is_no_former_one(folder: LogFolder) -> None:
    say(folder, "anna-17")
    rotated(folder)
    (folder.path / FILE).write_text(new_secret())
    keys = Keys(folder)
    assert stale_masters(folder, keys) == [f"{FILE} has a master key that is not that of the log"]
    assert rotations(keys) == 1
    keys.close()
    with pytest.raises(LogError, match="is not that of log"):
        rotated(folder)
    assert (folder.path / FILE).read_text()  # nobody destroyed it


# --- the signing key


def test_the_next_head_is_signed_by_both_and_those_behind_it_by_the_new_key(
    folder: LogFolder,
) -> None:
    fill(folder, 3)
    old = read_verifier_key(str(folder.public))
    seed = folder.key.read_bytes().strip()
    new = signs_anew(folder)
    store = folder.open()
    last = store.checkpoint()
    assert last is not None
    assert set(open_checkpoint(last.note, [old, new]).signers) == {str(old), str(new)}
    assert read_signing_key(folder.key).public == new == read_verifier_key(str(folder.public))
    assert traces(folder, [seed]) == []
    fill(folder, 2)
    last = store.checkpoint()
    assert last is not None
    with pytest.raises(VerifyError, match="no key that is known here"):
        open_checkpoint(last.note, [old])
    store.close()
    (leaf,) = leaves(folder, "key")
    assert Handover.open(leaf["note"]) == (old, new)
    for keys in ([old], [new]):  # whichever he knows
        done = invoke("log", "verify", "--path", str(folder.path), "--key", str(keys[0]))
        assert (done.exit_code, "holds: 6 records" in done.output) == (0, True), done.output
    stranger = VerifierKey(old.name, old.kind, bytes(32))
    done = invoke("log", "verify", "--path", str(folder.path), "--key", str(stranger))
    assert (done.exit_code, "no key that is known here signed" in done.output) == (1, True)


def test_who_knows_the_old_key_checks_proofs_and_bundles_of_the_new_one(
    folder: LogFolder, tmp_path: Path
) -> None:
    ids = fill(folder, 2)
    old = read_verifier_key(str(folder.public))
    kept = tmp_path / "kept"
    kept.write_text(invoke("log", "checkpoint", "--path", str(folder.path)).output)
    signs_anew(folder)
    signs_anew(folder)
    fill(folder, 1)
    run = ("log", "prove", ids[0], "--path", str(folder.path), "-o", str(tmp_path / "x.tlog-proof"))
    assert invoke(*run).exit_code == 0
    files = [str(tmp_path / name) for name in ("x.tlog-proof", "x.leaf")]
    checks = ("log", "verify-proof", *files, "--key", str(old))
    assert "no key that is known" in invoke(*checks).output
    assert invoke(*checks, "--handovers", str(folder.handovers)).exit_code == 0
    look = ("log", "consistency", str(kept), "--path", str(folder.path))
    assert invoke(*look).exit_code == 0
    kept.write_text("not what was kept\n")
    wrong = invoke(*look)
    assert (wrong.exit_code, f"{str(kept)!r} is no checkpoint" in wrong.output) == (2, True)
    assert invoke("log", "export", str(tmp_path / "b"), "--path", str(folder.path)).exit_code == 0
    assert check_bundle(tmp_path / "b", [old]).records == 5
    alone = [sys.executable, str(tmp_path / "b" / "verify.py"), *files, "--key", str(old)]
    assert subprocess.run(alone, check=False, capture_output=True).returncode == 1
    alone += ["--handovers", str(folder.handovers)]
    assert subprocess.run(alone, check=False, capture_output=True).returncode == 0
    text = folder.handovers.read_text("utf-8")
    assert len(split_handovers(text)) == 2
    with pytest.raises(VerifyError):
        Handover.open(split_handovers(text.replace("— ", "— x", 1))[0])


def test_an_archive_holds_by_the_key_before_and_by_the_one_after(
    folder: LogFolder, tmp_path: Path
) -> None:
    pytest.importorskip("duckdb")
    from chopmark_log import _archive, _archive_check

    old = read_verifier_key(str(folder.public))
    for public in (lambda: old, lambda: signs_anew(folder)):
        fill(folder, 2)
        now = public()
        with contextlib.closing(folder.open()) as store:
            _archive.write(store, now, tmp_path / "archive", open_month=True)
    fill(folder, 1)
    with contextlib.closing(folder.open()) as store:
        _archive.write(store, now, tmp_path / "archive", open_month=True)
        first = store.checkpoints()[0]
    assert [_archive_check.verify(tmp_path / "archive", [key]) for key in (old, now)] == [[], []]
    assert keys_under(folder, now, first.note) == [old]  # whose key a bundle of that head has


def test_of_a_pruned_log_the_keys_from_before_are_known(folder: LogFolder) -> None:
    fill(folder, 2)
    old = read_verifier_key(str(folder.public))
    signs_anew(folder)
    fill(folder, 260)
    signs_anew(folder)
    with holding(folder) as store:
        store.prune(256)
    for key in own_keys(folder):
        done = invoke("log", "verify", "--path", str(folder.path), "--key", str(key))
        assert (done.exit_code, "holds" in done.output) == (0, True), done.output
    assert old in own_keys(folder)
    folder.handovers.unlink()
    assert "no key that is known here signed" in " ".join(faults_of(folder))


def test_a_head_that_a_stale_key_signs_is_named(folder: LogFolder, tmp_path: Path) -> None:
    fill(folder, 2)
    stale = folder.key.read_bytes()
    old = read_verifier_key(str(folder.public))
    signs_anew(folder)
    shutil.copytree(folder.path, tmp_path / "copy")
    copy = LogFolder(tmp_path / "copy")
    copy.key.write_bytes(stale)  # a backup of the key, or a machine that was forgotten
    with pytest.raises(LogError, match="was handed over to key"):
        fill(copy, 1)
    assert "was handed over to key" in look(copy)
    base = sqlite3.connect(copy.base)  # who has the old key, and does not ask
    (note,) = base.execute("SELECT note FROM checkpoints ORDER BY size DESC LIMIT 1").fetchone()
    base.execute("DELETE FROM checkpoints WHERE size > 2")
    base.close()
    key = read_signing_key(copy.key)
    body = note.split("\n\n")[0] + "\n"
    store = copy.open(writing=True)
    store.file.rows("DELETE FROM checkpoints WHERE size > 2")
    store.file.rows(
        "INSERT INTO checkpoints VALUES (3, 9, ?)", (body + "\n" + key.sign_text(body),)
    )
    store.close()
    told = " ".join(faults_of(copy))
    assert f"is signed by key {old.key_id.hex()}, which was given up at entry 2" in told


def test_a_forged_handover_gives_nobody_the_log(folder: LogFolder) -> None:
    fill(folder, 2)
    old = read_signing_key(folder.key)
    from chopmark_log._handover import handover_leaf
    from chopmark_log._signing import SigningKey

    mallory = SigningKey.new(old.public.name)
    id, leaf = handover_leaf(SigningKey(old.public, mallory.private), mallory)  # old did not sign
    store = folder.open(writing=True)
    store.take([(id, leaf)], {})
    store.close()
    assert "is no handover of keys" in " ".join(faults_of(folder))
    with pytest.raises(LogError, match="is no handover of keys"), holding(folder) as store:
        publish(folder, store)


SIGNING_STEPS = [
    (_rotate_signing, "write_signing_key"),
    (SqliteStore, "take"),
    (_rotate_signing, "publish"),
    (_rotate_signing, "write_whole"),
    (_rotate_signing, "overwrite"),
    (Path, "replace"),
]


@pytest.mark.parametrize("when", WHEN)
def test_killed_at_any_step_the_log_is_signed_on(folder: LogFolder, when: str) -> None:
    fill(folder, 1)
    for owner, name in SIGNING_STEPS:
        before = len(leaves(folder, "call"))

        def work(owner: Any = owner, name: str = name) -> None:
            with holding(folder) as store:
                dying(owner, name, when)
                rotate_signing(folder, store)

        killed(work)
        fill(folder, 1)
        assert signed(folder) == len(leaves(folder)), (name, when)
        assert faults_of(folder) == (), (name, when)
        signs_anew(folder)
        assert (look(folder), folder.next_key.exists()) == ("", False), (name, when)
        assert len(leaves(folder, "call")) == before + 1
    assert faults_of(folder) == ()
    assert len(own_keys(folder)) == len(leaves(folder, "key")) + 1
    assert known_keys(folder, own_keys(folder)[-1:])[-1] == own_keys(folder)[0]


def run(*words: str, folder: LogFolder) -> Result:
    return invoke("log", "keys", *words, "--path", str(folder.path))


def test_the_commands_say_what_they_did(folder: LogFolder) -> None:
    assert json.loads(run("list", "--json", folder=folder).output)["master"] is None
    done = run("rotate", "master", folder=folder)
    assert (done.exit_code, "keeps no contents" in done.output) == (2, True)
    say(folder, "anna-17")
    done = run("rotate", "master", folder=folder)
    assert (done.exit_code, "wraps 1 key\n" in done.output) == (0, True)
    found = json.loads(run("rotate", "master", "--json", folder=folder).output)
    assert (found["keys"], found["number"], found["where"]) == (1, 2, FILE)
    words = ("--subject", "anna-17", "--basis", LAW, "--path", str(folder.path))
    assert invoke("log", "erase", *words).exit_code == 0
    nobody = run("rotate", "master", folder=folder).output
    assert f"no subject has a key; the new master key in {FILE} is in force" in nobody
    found = json.loads(run("rotate", "signing", "--json", folder=folder).output)
    assert found["key"] == folder.public.read_text().strip()
    listed = run("list", folder=folder).output
    assert "signing, given up" in listed
    assert "wraps 0 keys of subjects; changed 3 times" in listed
    assert len(base64.b64decode(invoke("log", "keys", "new").output)) == 32
    assert invoke("log", "keys", "list", "--path", str(folder.path / "no")).exit_code == 2
    assert prove(folder.open(), 0)
    out = folder.path.parent / "bundle"
    assert export(folder.open(), read_verifier_key(str(folder.public)), 0, 9, out) == len(
        leaves(folder)
    )
