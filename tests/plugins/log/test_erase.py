"""A person can be forgotten: at once, from the disk, and without a change to what was proved."""

from __future__ import annotations

import base64
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from tests.plugins.log.logs import faults_of, invoke, leaves, log_of

from chopmark import Content, LogError, Message
from chopmark.testing import sample_record
from chopmark_log import _changing
from chopmark_log._audit import audit
from chopmark_log._content import disclose, record_id
from chopmark_log._erase import Done, NoSubjectError, holds, registrar
from chopmark_log._export import prove
from chopmark_log._folder import LogFolder
from chopmark_log._master import Subject, read_master
from chopmark_log._opened import ClosedError, Opener, RestrictedError, content_faults
from chopmark_log._side import Side
from chopmark_log._signing import read_verifier_key
from chopmark_log._subject import Keys
from chopmark_log.verify import check_bundle, open_disclosure

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="forks, kills and locks")
DAY = 86_400_000
ANNA = Subject.of("anna-17", "")
LAW = "erasure as the law wants it"


@pytest.fixture
def folder(tmp_path: Path) -> LogFolder:
    return LogFolder(tmp_path / "log")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """A clock that stands, in milliseconds, until a test sets it."""
    now = [1_800_000_000_000]
    monkeypatch.setattr(time, "time_ns", lambda: now[0] * 1_000_000)
    return now


def record_at(milliseconds: int | None = None) -> Any:
    from dataclasses import replace

    record = sample_record()
    return replace(record, time=milliseconds or time.time_ns() // 1_000_000)


def content_of(user: str) -> Content:
    asked = Message(role="user", text=f"the asked secret of <{user}>")
    return Content(messages=(asked,), answer=f"the told secret of <{user}>", user=user)


def fill(folder: LogFolder, *users: str, **options: object) -> list[str]:
    log = log_of(folder, **options)
    ids = [log.append_with(record_at(), content_of(user)).record for user in users]
    log.close()
    return ids


def answer(folder: LogFolder, id: str, *, restricted: bool = False) -> str:
    (leaf,) = [one for one in leaves(folder) if one["id"] == id]
    opener = Opener(folder)
    try:
        found = opener.open(leaf, restricted=restricted)
    finally:
        opener.close()
    return open_disclosure(found["answer"], leaf)[1]


def erase(folder: LogFolder, subject: Subject = ANNA, until: int = 0) -> Done:
    with registrar(folder) as by:
        return by.erase(subject, LAW, until)


def prune(folder: LogFolder) -> Done:
    with registrar(folder) as by:
        return by.prune()


def traces(folder: LogFolder, secrets: list[bytes]) -> list[tuple[str, bytes]]:
    """Return which of `secrets` stand in which file of the log."""
    files = [file for file in folder.path.rglob("*") if file.is_file()]
    assert len(files) > 5
    return [(file.name, one) for file in files for one in secrets if one in file.read_bytes()]


def secrets_of(folder: LogFolder, ids: list[str]) -> dict[str, list[bytes]]:
    """Return what must not stay of records of one subject, before it is erased."""
    master, keys, side = read_master(folder), Keys(folder), Side(folder)
    tag = master.tag(ANNA)
    found = keys.find(tag)
    assert found is not None
    key = master.unwrap(*found)
    ciphers, salts = [], []
    for id in ids:
        kept = side.get(record_id(id))
        assert kept is not None
        ciphers.append(kept.cipher[12:])
        for name in ("request", "answer", "user"):
            text = disclose(key, record_id(id), name, "")
            salt = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))[0]
            salts += [salt.encode(), base64.urlsafe_b64decode(salt + "==")]
    keys.close()
    side.close()
    return {
        "kept": [tag, bytes(found[1]), *ciphers],  # what is there until it is erased
        "never": [key.secret, key.secret.hex().encode(), *salts, b"secret of <", b"anna-17"],
    }


def test_nothing_of_an_erased_person_stays_in_any_file(folder: LogFolder) -> None:
    log = log_of(folder)
    ids = [log.append_with(record_at(), content_of("anna-17")).record for _ in range(20)]
    other = log.append_with(record_at(), content_of("bert")).record
    log.close()
    secrets = secrets_of(folder, ids)
    assert {one for _, one in traces(folder, secrets["kept"])} == set(secrets["kept"])
    assert traces(folder, secrets["never"]) == []
    assert erase(folder) == Done(erased=20)
    assert traces(folder, secrets["kept"] + secrets["never"]) == []
    for id in ids:
        with pytest.raises(ClosedError, match="was erased"):
            answer(folder, id)
    assert answer(folder, other) == "the told secret of <bert>"
    assert content_faults(folder, folder.open()) == []
    (leaf,) = leaves(folder, "erase")
    assert {"count": 20, "basis": LAW}.items() <= leaf.items()
    assert set(leaf) == {"v", "k", "id", "t", "w", "count", "basis"}


def test_while_a_service_runs_it_forgets_its_key_and_begins_another(folder: LogFolder) -> None:
    log = log_of(folder)
    first = log.append_with(record_at(), content_of("anna-17")).record
    with registrar(folder) as by:
        secret_before = by.keys.find(read_master(folder).tag(ANNA))
        assert by.erase(ANNA, LAW).erased == 1
    second = log.append_with(record_at(), content_of("anna-17")).record
    log.close()
    with pytest.raises(ClosedError, match="was erased"):
        answer(folder, first)
    assert answer(folder, second) == "the told secret of <anna-17>"
    keys = Keys(folder)
    now = keys.find(read_master(folder).tag(ANNA))
    assert secret_before is not None
    assert now is not None
    assert now[0] != secret_before[0]


def test_what_a_call_in_progress_writes_under_an_erased_key_is_not_kept(folder: LogFolder) -> None:
    log = log_of(folder, integrate=False)
    first = log.append_with(record_at(), content_of("anna-17")).record
    known = log._keyrings[os.getpid()]._known
    erase(folder)
    at = os.pread(log._keyrings[os.getpid()]._changed, 8, 0)
    log._keyrings[os.getpid()]._known = (at, known[1])  # as if it had looked before the erasure
    late = log.append_with(record_at(), content_of("anna-17")).record
    log.close()
    assert prune(folder) == Done()
    assert [leaf["id"] for leaf in leaves(folder, "call")] == [first, late]
    for id in (first, late):
        with pytest.raises(ClosedError, match="was erased"):
            answer(folder, id)
    assert content_faults(folder, folder.open()) == []
    assert leaves(folder, "gap") == []


def test_old_proofs_and_bundles_still_hold(folder: LogFolder, tmp_path: Path) -> None:
    ids = fill(folder, "anna-17", "bert", "anna-17")
    key = read_verifier_key(str(folder.public))
    store = folder.open()
    before = {entry.index: entry.leaf for entry in store.entries(0, store.size)}
    proofs = [prove(store, index) for index in before]
    store.close()
    run("export", str(tmp_path / "old"), "--open", "answer", folder=folder)
    erase(folder)
    for proof in proofs:
        proof.check(before[proof.index], [key])
    assert check_bundle(tmp_path / "old", [key]).opened == 3
    store = folder.open()
    assert audit(store, [key]).faults == ()
    assert [prove(store, n).check(before[n], [key]).checkpoint.size for n in before] == [4] * 3
    assert [leaf["id"] for leaf in leaves(folder, "call")] == ids


def test_a_person_that_is_not_there_is_told_and_nothing_is_changed(folder: LogFolder) -> None:
    fill(folder, "bert")
    erase(folder, Subject.of("bert", ""))
    before = {file: file.read_bytes() for file in folder.path.iterdir() if file.is_file()}
    for subject in (ANNA, Subject.of("bert", ""), Subject.of("", "2026-01-01")):
        with pytest.raises(NoSubjectError, match="nothing was changed"):
            erase(folder, subject)
    after = {file: file.read_bytes() for file in folder.path.iterdir() if file.is_file()}
    assert {f.name for f in before if after.get(f) != before[f]} <= {"side.db-shm", "keys.db-shm"}


def test_before_the_law_lets_it_a_record_is_restricted_and_prune_erases_it_then(
    folder: LogFolder, clock: list[int]
) -> None:
    (id,) = fill(folder, "anna-17", retention_days=183)
    end = clock[0] + 183 * DAY
    clock[0] += 10 * DAY
    assert erase(folder) == Done(restricted=1, until=end)
    with pytest.raises(NoSubjectError):
        erase(folder)  # nothing leads from the person to it any more
    with pytest.raises(RestrictedError, match="break-glass"):
        answer(folder, id)
    assert answer(folder, id, restricted=True) == "the told secret of <anna-17>"
    clock[0] = end - 1
    assert prune(folder) == Done(restricted=1, until=end)
    clock[0] = end
    assert prune(folder) == Done(erased=1)
    with pytest.raises(ClosedError, match="was erased"):
        answer(folder, id, restricted=True)
    assert [leaf["k"] for leaf in leaves(folder)] == ["call", "restrict", "erase"]
    assert leaves(folder, "restrict")[0]["until"] == end
    assert prune(folder) == Done()


def test_what_is_due_is_erased_while_the_law_keeps_the_rest(
    folder: LogFolder, clock: list[int]
) -> None:
    (old,) = fill(folder, "anna-17", retention_days=183)
    clock[0] += 100 * DAY
    (new,) = fill(folder, "anna-17", retention_days=183)
    clock[0] += 100 * DAY
    done = erase(folder)
    assert (done.erased, done.restricted) == (1, 1)
    with pytest.raises(ClosedError, match="was erased"):
        answer(folder, old, restricted=True)
    assert answer(folder, new, restricted=True) == "the told secret of <anna-17>"
    clock[0] += 100 * DAY
    assert prune(folder) == Done(erased=1)
    assert sum(leaf["count"] for leaf in leaves(folder, "erase")) == 2


@pytest.mark.parametrize("by_record", [False, True])
def test_a_hold_suspends_an_erasure_until_it_ends(
    folder: LogFolder, clock: list[int], by_record: bool
) -> None:
    (id,) = fill(folder, "anna-17")
    with registrar(folder) as by:
        hold = by.hold("case 4", None if by_record else ANNA, id if by_record else "")
    assert holds(folder) == [hold]
    clock[0] += DAY
    assert erase(folder) == Done(restricted=1)
    assert prune(folder) == Done(restricted=1)
    assert answer(folder, id, restricted=True) == "the told secret of <anna-17>"
    with registrar(folder) as by:
        by.release(hold.name)
        with pytest.raises(NoSubjectError, match="no hold"):
            by.release(hold.name)
    assert prune(folder) == Done(erased=1)
    assert holds(folder) == []
    assert [leaf["k"] for leaf in leaves(folder)] == ["call", "hold", "restrict", "hold", "erase"]


def test_a_hold_on_a_restricted_record_is_still_possible(
    folder: LogFolder, clock: list[int]
) -> None:
    (id,) = fill(folder, "anna-17", retention_days=10)
    erase(folder)
    with registrar(folder) as by:
        hold = by.hold("case 4", record=id)
    clock[0] += 20 * DAY
    assert prune(folder) == Done(restricted=1)
    with registrar(folder) as by:
        by.release(hold.name)
    assert prune(folder) == Done(erased=1)


def test_calls_that_named_nobody_are_erased_by_their_day(
    folder: LogFolder, clock: list[int]
) -> None:
    first, second = fill(folder, "", "bert")
    clock[0] += DAY
    (third,) = fill(folder, "")
    assert erase(folder, Subject.of("", "2027-01-15")) == Done(erased=1)
    with pytest.raises(ClosedError, match="was erased"):
        answer(folder, first)
    assert [answer(folder, id)[:8] for id in (second, third)] == ["the told"] * 2


STEPS = {
    "the subject is off its key": ("Keys", "detach"),
    "the key is deleted": ("Keys", "erase"),
    "the key is scrubbed": ("Keys", "scrub"),
    "the ciphertext is deleted": ("Side", "remove"),
    "the log says so": ("Store", "take"),
}


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("step", STEPS)
def test_kill_9_in_an_erasure_leaves_what_prune_finishes(
    folder: LogFolder, step: str, when: str
) -> None:
    from chopmark_log._sqlite_store import SqliteStore

    (id,) = fill(folder, "anna-17")
    secrets = secrets_of(folder, [id])
    child = os.fork()
    if child == 0:
        with registrar(folder) as by:
            role, name = STEPS[step]
            owner: Any = {"Keys": by.keys, "Side": by.side, "Store": SqliteStore}[role]
            did = getattr(owner, name)

            def die(*given: Any, **named: Any) -> None:
                if when == "after":
                    did(*given, **named)
                os.kill(os.getpid(), signal.SIGKILL)

            setattr(owner, name, die)
            by.erase(ANNA, LAW)
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    prune(folder)
    if (step, when) == ("the subject is off its key", "before"):
        assert answer(folder, id) == "the told secret of <anna-17>"  # it had not begun
        return
    assert traces(folder, secrets["kept"] + secrets["never"]) == []
    with pytest.raises(ClosedError, match="was erased"):
        answer(folder, id)
    assert [leaf["k"] for leaf in leaves(folder)] == ["call", "erase"]
    assert leaves(folder, "erase")[0]["count"] == 1
    assert content_faults(folder, folder.open()) == []
    assert faults_of(folder) == ()


def test_a_spool_that_a_backup_brings_back_revives_nobody(folder: LogFolder) -> None:
    log = log_of(folder, integrate=False)
    log.append_with(record_at(), content_of("anna-17"))
    (spool,) = folder.spools.iterdir()
    data = spool.read_bytes()
    erase(folder)
    log.close()
    prune(folder)
    spool.write_bytes(data)
    prune(folder)
    base = sqlite3.connect(folder.path / "side.db")
    assert base.execute("SELECT count(*) FROM payloads").fetchone() == (0,)
    base.close()
    assert len(leaves(folder, "call")) == 1


def test_a_thousand_records_of_a_person_are_gone_within_seconds(
    folder: LogFolder, pace: float
) -> None:
    fill(folder, *["anna-17"] * 1000)
    start = time.process_time()
    assert erase(folder) == Done(erased=1000)
    assert time.process_time() - start < 5 * pace


def test_a_basis_that_names_the_person_is_refused(folder: LogFolder) -> None:
    fill(folder, "anna-17")
    for basis, told in (("anna-17 asked", "names the subject"), (" ", "empty")):
        with registrar(folder) as by, pytest.raises(LogError, match=told):
            by.erase(ANNA, basis)
    assert leaves(folder, "erase") == []


def test_a_log_that_is_busy_is_told(folder: LogFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(folder, "anna-17")
    monkeypatch.setattr(_changing, "PATIENCE", 0.05)
    with registrar(folder), pytest.raises(LogError, match="is busy"):
        erase(folder)


def run(*words: str, folder: LogFolder) -> Result:
    return invoke("log", *words, "--path", str(folder.path))


def test_the_command_erases_and_says_what_it_did(folder: LogFolder) -> None:
    fill(folder, "anna-17", "bert")
    done = run("erase", "--subject", "anna-17", "--basis", LAW, folder=folder)
    assert (done.exit_code, done.output) == (0, "contents of 1 record erased\n")
    again = run("erase", "--subject", "anna-17", "--basis", LAW, folder=folder)
    assert again.exit_code == 1
    assert "nothing is kept of user 'anna-17'" in again.output
    done = run("erase", "--subject", "bert", "--basis", LAW, "--json", folder=folder)
    assert json.loads(done.output) == {"erased": 1, "restricted": 0, "until": 0, "left": []}


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("erase", "--basis", LAW), 2, "say whose"),
        (("erase", "--subject", "a", "--day", "2026-01-01", "--basis", LAW), 2, "say whose"),
        (("erase", "--day", "yesterday", "--basis", LAW), 2, "is no day"),
        (("restrict", "--subject", "anna-17", "--basis", LAW, "--until", "2001-01-01"), 2, "past"),
        (("hold", "add", "--record", "17", "--reason", "case"), 2, "must be a UUID"),
        (("hold", "add", "--subject", "nobody", "--reason", "case"), 1, "nothing is kept"),
        (("hold", "rm", "x"), 1, "there is no hold 'x'"),
        (("show", "0", "--open", "thoughts"), 2, "those are request, answer, user"),
        (("show", "0", "--break-glass", "why"), 2, "goes with --open"),
    ],
)
def test_a_wrong_command_is_told_and_changes_nothing(
    folder: LogFolder, words: tuple[str, ...], code: int, told: str
) -> None:
    fill(folder, "anna-17")
    done = run(*words, folder=folder)
    assert (done.exit_code, told in done.output) == (code, True), done.output
    assert [leaf["k"] for leaf in leaves(folder)] == ["call"]
    assert answer(folder, leaves(folder)[0]["id"])


@pytest.mark.parametrize("words", [("erase", "--subject", "x", "--basis", LAW), ("prune",)])
def test_a_folder_that_is_no_log_is_told(folder: LogFolder, words: tuple[str, ...]) -> None:
    done = run(*words, folder=folder)
    assert (done.exit_code, "log init" in done.output) == (2, True)
    assert not folder.path.exists()


def test_texts_are_opened_and_restricted_ones_only_with_a_word_in_the_log(
    folder: LogFolder,
) -> None:
    (id,) = fill(folder, "anna-17")
    shown = json.loads(run("show", id, "--open", "request,answer", folder=folder).output)
    assert shown["opened"] == {
        "request": '[["user","the asked secret of <anna-17>"]]',
        "answer": "the told secret of <anna-17>",
    }
    words = ("restrict", "--subject", "anna-17", "--basis", LAW, "--until", "2999-01-01")
    assert "kept until 2999-01-01" in run(*words, folder=folder).output
    closed = run("show", id, "--open", "answer", folder=folder)
    assert (closed.exit_code, "is restricted" in closed.output) == (2, True)
    why = ("--break-glass", "order of a court")
    shown = json.loads(run("show", id, "--open", "answer", *why, folder=folder).output)
    assert shown["opened"] == {"answer": "the told secret of <anna-17>"}
    (access,) = leaves(folder, "access")
    assert (access["record"], access["fields"]) == (id, ["answer"])
    assert access["reason"] == "order of a court"


def test_a_bundle_shows_the_chosen_texts_to_who_has_only_python(
    folder: LogFolder, tmp_path: Path
) -> None:
    fill(folder, "anna-17", "bert", "")
    erase(folder)
    out = tmp_path / "bundle"
    done = run("export", str(out), "--open", "answer", folder=folder)
    assert "2 of them stay closed" in done.output, done.output  # the erased one, and the erasure
    checked = subprocess.run(
        [sys.executable, str(out / "verify.py"), str(out)],
        capture_output=True, text=True, cwd=tmp_path, check=True,
    )  # fmt: skip
    assert "4 records" in checked.stdout
    assert "2 texts shown" in checked.stdout
    lines = (out / "records.jsonl").read_text("utf-8").splitlines()
    assert [len(json.loads(line)["opened"]) for line in lines] == [0, 1, 1, 0]
    text = (out / "records.jsonl").read_text("utf-8")
    shown = text.index('"opened": ["') + len('"opened": ["')
    other = "5" if text[shown + 3] == "4" else "4"  # of the salt's first character
    forged = f"{text[: shown + 3]}{other}{text[shown + 4 :]}"
    (out / "records.jsonl").write_text(forged, "utf-8")
    assert subprocess.run([sys.executable, str(out / "verify.py"), str(out)]).returncode == 1


def test_holds_are_listed(folder: LogFolder) -> None:
    assert run("init", "--origin", "example.com/log", folder=folder).exit_code == 0
    assert json.loads(run("hold", "list", "--json", folder=folder).output) == {"held": []}
    fill(folder, "anna-17")
    name = run("hold", "add", "--subject", "anna-17", "--reason", "case 4", folder=folder).output
    assert name.strip() in run("hold", "list", folder=folder).output
    (held,) = json.loads(run("hold", "list", "--json", folder=folder).output)["held"]
    assert held["reason"] == "case 4"
    assert run("hold", "rm", name.strip(), folder=folder).exit_code == 0
