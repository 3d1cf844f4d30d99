"""A log has its checkpoints cosigned by real witnesses on loopback, and is stopped by them."""

from __future__ import annotations

import http.client
import json
import logging
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.plugins.log.forked import running
from tests.plugins.log.logs import fill, invoke, leaves, log_of, signed

from chopmark import LogError, PolicyError
from chopmark.testing import sample_record
from chopmark_log import _witnessing
from chopmark_log._audit import audit
from chopmark_log._cosignatures import Cosignatures
from chopmark_log._export import prove
from chopmark_log._folder import LogFolder
from chopmark_log._log import TransparencyLog
from chopmark_log._signing import SigningKey, read_verifier_key
from chopmark_log._witness_client import (
    Cosignature,
    Reply,
    WitnessAddress,
    WitnessTroubleError,
    submit,
)
from chopmark_log._witness_server import MOST_BYTES, WitnessServer
from chopmark_log._witness_state import WitnessFolder
from chopmark_log.verify import ED25519_COSIGNATURE, VerifierKey, open_checkpoint

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the log needs file locks")
ORIGIN = "example.com/log"


class Serving:
    """A witness that can be taken down and brought up again at the same address."""

    def __init__(self, folder: WitnessFolder, port: int = 0) -> None:
        self.folder = folder
        self.server = WitnessServer(folder.open(), ("127.0.0.1", port))
        self._thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self._thread.start()

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self._thread.join(60)


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Serving]]:
    """Return what starts a witness named so; it knows the logs whose keys are given."""
    running: list[Serving] = []

    def start(*keys: VerifierKey, name: str = "witness.example/w", port: int = 0) -> Serving:
        folder = WitnessFolder(tmp_path / name.replace("/", "-"))
        if not folder.base.exists():
            folder.create(name)
        for key in keys:
            folder.open().add_log(key)
        running.append(Serving(folder, port))
        return running[-1]

    yield start
    for one in running:
        one.stop()


def run(*words: str) -> tuple[int, str]:
    found = invoke(*words)
    return found.exit_code, found.output


def public(folder: LogFolder) -> VerifierKey:
    return read_verifier_key(str(folder.public))


def option(*running: Serving) -> list[dict[str, str]]:
    return [
        {"url": one.server.url, "key": one.folder.public.read_text().strip()} for one in running
    ]


def grow(folder: LogFolder, count: int, *running: Serving) -> None:
    """Append records in a log that is opened and closed for it."""
    fill(folder, count, witnesses=option(*running))


def test_a_good_log_is_cosigned_and_its_proofs_say_when(
    folder: LogFolder, serve: Callable[..., Serving], tmp_path: Path
) -> None:
    witnesses = [serve(public(folder), name=f"witness.example/{n}") for n in range(2)]
    before = int(time.time())
    for _ in range(3):
        grow(folder, 2, *witnesses)
    keys = [one["key"] for one in option(*witnesses)]
    path = ("--path", str(folder.path))

    code, note = run("log", "checkpoint", *path)
    known = [public(folder), *map(VerifierKey.parse, keys)]
    found = open_checkpoint(note, known)
    assert found.checkpoint.size == 6
    assert all(before <= (found.signers[key] or 0) <= time.time() for key in keys)

    proof, leaf = tmp_path / "2.tlog-proof", tmp_path / "2.leaf"
    assert run("log", "prove", "2", *path, "-o", str(proof))[0] == 0
    named = [word for key in (str(folder.public), keys[0]) for word in ("--key", key)]
    code, told = run("log", "verify-proof", str(proof), str(leaf), *named)
    assert code == 0, told
    assert re.search(r"signed by witness\.example/0, who saw it at 20\d\d-\d\d-\d\d .* UTC", told)
    code, told = run("log", "verify-proof", str(proof), str(leaf), *named, "--json")
    assert json.loads(told)["signers"][keys[0]] == found.signers[keys[0]]
    assert str(folder.public.read_text().strip()) in json.loads(told)["signers"]

    bundle = tmp_path / "bundle"
    assert run("log", "export", str(bundle), *path)[0] == 0
    alone = subprocess.run(
        [sys.executable, str(bundle / "verify.py"), str(bundle), "--key", str(public(folder)),
         "--key", keys[1]],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert alone.returncode == 0, alone.stdout + alone.stderr
    assert re.search(re.escape(keys[1]) + r" at 20\d\d-.* UTC", alone.stdout)

    code, told = run("log", "witness", *path, "--json")
    assert code == 0
    assert [(one["size"], one["trouble"]) for one in json.loads(told)["witnesses"]] == [(6, "")] * 2
    assert audit(folder.open(), [public(folder)]).faults == ()


def test_a_copy_that_was_set_back_signs_nothing_until_the_newest_is_put_back(
    folder: LogFolder, serve: Callable[..., Serving], caplog: pytest.LogCaptureFixture,
    tmp_path: Path,
) -> None:  # fmt: skip
    witness = serve(public(folder))
    grow(folder, 3, witness)
    backup, newest = tmp_path / "backup", tmp_path / "newest"
    shutil.copytree(folder.path, backup)
    grow(folder, 4, witness)
    folder.path.rename(newest)
    backup.rename(folder.path)

    with pytest.raises(LogError, match=r"refuses the log: it cosigned 7 entries, and 3 are signed"):
        grow(folder, 2, witness)
    assert (len(leaves(folder)), signed(folder)) == (5, 3)  # taken, and not signed
    assert any(
        record.levelno == logging.CRITICAL and "refuses the log" in record.message
        for record in caplog.records
    )
    code, told = run("log", "witness", "--path", str(folder.path))
    assert code == 1
    assert "nothing is signed: witness witness.example/w refuses the log" in told
    witness.stop()  # the refusal is kept: without its witness, nothing is signed either
    with pytest.raises(LogError, match="refuses the log"):
        grow(folder, 1, witness)
    assert signed(folder) == 3

    again = serve(port=witness.server.server_port)
    # The records that came meanwhile are in the copy, whose log has to begin anew.
    shutil.rmtree(folder.path)
    newest.rename(folder.path)
    grow(folder, 1, again)
    assert signed(folder) == 8
    assert run("log", "witness", "--path", str(folder.path))[0] == 0


def test_a_refusal_ends_when_its_witness_cosigns_again(
    folder: LogFolder, serve: Callable[..., Serving]
) -> None:
    witness = serve(public(folder))
    grow(folder, 2, witness)
    address = WitnessAddress.of(**option(witness)[0])
    other = WitnessAddress.of(address.url, str(SigningKey.new("o.example", 4).public))
    kept = Cosignatures(folder.path)
    kept.refuse(ORIGIN, address, "it says so")
    kept.refuse(ORIGIN, other, "it says so, too")
    with pytest.raises(LogError, match=r"o\.example refuses the log"):
        grow(folder, 1, witness)  # one of the two cosigned it again
    assert kept.drop(str(other.key))
    grow(folder, 1, witness)
    assert signed(folder) == 4


def test_the_refusal_of_a_witness_that_is_asked_no_more_can_be_dropped(folder: LogFolder) -> None:
    grow(folder, 1)
    key = str(SigningKey.new("w.example", ED25519_COSIGNATURE).public)
    Cosignatures(folder.path).refuse(ORIGIN, WitnessAddress.of("http://x", key), "it says so")
    with pytest.raises(LogError, match=r"w\.example refuses the log"):
        grow(folder, 1)
    path = ("--path", str(folder.path))
    for who, reason in (("nobody", "gone"), ("w.example", " ")):
        assert run("log", "witness", *path, "--drop", who, reason)[0] == 2
    assert [leaf["k"] for leaf in leaves(folder)] == ["call"] * 2
    assert run("log", "witness", *path)[0] == 1
    assert run("log", "witness", *path, "--drop", "w.example", "its operator is gone")[0] == 0
    grow(folder, 1)
    assert signed(folder) == 4
    [gap] = leaves(folder, "gap")
    assert (gap["witness"], gap["said"]) == (key, "it says so")
    assert gap["reason"] == "its operator is gone"


def test_witnesses_are_asked_as_often_as_is_said(
    folder: LogFolder, serve: Callable[..., Serving]
) -> None:
    witness = serve(public(folder))
    grow(folder, 1, witness)
    log = log_of(folder, witnesses=option(witness), witness_seconds=3600)
    log.append(sample_record())
    deadline = time.monotonic() + 120
    while signed(folder) < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(0.3)
    assert witness.folder.open().logs()[0].size == 1
    log.close()
    assert witness.folder.open().logs()[0].size == 2


def test_a_fork_of_the_same_size_is_refused_and_proved(
    folder: LogFolder, serve: Callable[..., Serving], tmp_path: Path
) -> None:
    witness = serve(public(folder))
    grow(folder, 3, witness)
    fork = LogFolder(tmp_path / "fork")
    shutil.copytree(folder.path, fork.path)
    grow(folder, 2, witness)
    grow(fork, 2)  # no witness: it signs another story
    assert signed(fork) == 5
    with pytest.raises(LogError, match="another checkpoint of 5 entries"):
        grow(fork, 1, witness)
    assert signed(fork) == 5
    (conflict,) = witness.folder.open().conflicts()
    roots = {
        open_checkpoint(note, [public(folder)]).checkpoint.root
        for note in (conflict.note, conflict.kept)
    }
    assert len(roots) == 2
    code, told = run("witness", "status", "--path", str(witness.folder.path), "--json")
    assert (code, json.loads(told)["logs"][0]["size"]) == (1, 5)
    grow(folder, 1, witness)  # the log itself is cosigned on
    assert run("log", "witness", "--path", str(folder.path))[0] == 0


def test_a_fork_that_outgrew_the_log_is_refused(
    folder: LogFolder, serve: Callable[..., Serving], tmp_path: Path
) -> None:
    witness = serve(public(folder))
    grow(folder, 3, witness)
    fork = LogFolder(tmp_path / "fork")
    shutil.copytree(folder.path, fork.path)
    grow(folder, 2, witness)
    grow(fork, 9)
    with pytest.raises(LogError, match="do not begin with the 5 that it cosigned"):
        grow(fork, 1, witness)
    assert signed(fork) == 12
    assert witness.folder.open().logs()[0].size == 5


@pytest.mark.parametrize("case", ["unknown", "other key", "down", "wrong key", "no witness"])
def test_a_log_goes_on_without_its_witness_and_says_so(
    folder: LogFolder, serve: Callable[..., Serving], caplog: pytest.LogCaptureFixture, case: str
) -> None:
    witness = serve()
    options = option(witness)
    told = "answered 404"
    if case == "other key":
        witness.folder.open().add_log(SigningKey.new(ORIGIN).public)
        told = "answered 403"
    elif case == "down":
        witness.stop()
        told = "no answer"
    elif case == "wrong key":
        witness.folder.open().add_log(public(folder))
        options[0]["key"] = str(SigningKey.new("witness.example/w", ED25519_COSIGNATURE).public)
        told = "is `key` still its key"
    elif case == "no witness":
        options[0]["url"] += "/elsewhere"
    log = log_of(folder, witnesses=options)
    log.append(sample_record())
    log.close()
    assert signed(folder) == 1
    assert any(told in record.message for record in caplog.records)
    code, shown = run("log", "witness", "--path", str(folder.path), "--json")
    assert code == 0
    assert told in json.loads(shown)["witnesses"][0]["trouble"]
    assert run("log", "verify", "--path", str(folder.path))[0] == 0
    code, note = run("log", "checkpoint", "--path", str(folder.path))
    assert open_checkpoint(note, [public(folder)]).checkpoint.size == 1


def test_a_witness_that_comes_back_cosigns_all_that_was_signed_meanwhile(
    folder: LogFolder, serve: Callable[..., Serving], caplog: pytest.LogCaptureFixture
) -> None:
    witness = serve(public(folder))
    grow(folder, 2, witness)
    witness.stop()
    log = log_of(folder, witnesses=option(witness))
    log.append(sample_record())
    deadline = time.monotonic() + 120
    while "no answer" not in caplog.text and time.monotonic() < deadline:
        time.sleep(0.01)
    again = serve(port=witness.server.server_port)
    while again.folder.open().logs()[0].size < 3 and time.monotonic() < deadline:
        time.sleep(0.02)
    log.close()
    assert again.folder.open().logs()[0].size == 3
    assert "cosigns the log again" in caplog.text


def test_a_witness_that_forgot_is_told_again(
    folder: LogFolder, serve: Callable[..., Serving]
) -> None:
    witness = serve(public(folder))
    grow(folder, 3, witness)
    with witness.folder.open()._changing() as base:
        base.execute("UPDATE logs SET size = 0, time = 0, note = ''")
    grow(folder, 2, witness)
    assert witness.folder.open().logs()[0].size == 5


def test_cosignatures_of_another_log_at_the_same_size_are_left_out(
    folder: LogFolder, serve: Callable[..., Serving], tmp_path: Path
) -> None:
    witness = serve(public(folder))
    grow(folder, 3, witness)
    other = LogFolder(tmp_path / "other")
    other.create("example.com/other")
    grow(other, 3)
    shutil.copy(folder.path / "witness.db", other.path / "witness.db")
    known = [public(other), read_verifier_key(str(witness.folder.public))]
    signers = open_checkpoint(prove(other.open(), 1).note, known).signers
    assert list(signers) == [str(public(other))]
    witness.folder.open().add_log(public(other))
    grow(other, 1, witness)
    assert len(open_checkpoint(prove(other.open(), 1).note, known).signers) == 2


def test_of_earlier_cosignatures_one_an_hour_is_kept(folder: LogFolder) -> None:
    grow(folder, 1)
    kept = Cosignatures(folder.path)
    cosigner = SigningKey.new("w.example", ED25519_COSIGNATURE)
    address = WitnessAddress.of("http://x", str(cosigner.public))
    for number in range(1, 30):
        kept.add(address, Cosignature(number, f"{ORIGIN}\n{number}\n", number * 600, "- w x\n"))
    # Of hours that began at 0, 3600, 7200 and so on: the last one of each.
    assert sorted(kept.sizes(0, 99)) == [5, 11, 17, 23, 29]
    assert (kept.known(address, ORIGIN), kept.known(address, "example.com")) == (29, 0)


def test_the_last_checkpoint_is_cosigned_though_another_process_asks_at_the_end(
    folder: LogFolder, serve: Callable[..., Serving]
) -> None:
    witness = serve(public(folder))
    grow(folder, 1, witness)
    log = log_of(folder, witnesses=option(witness))
    log.append(sample_record())
    hold = (
        "import fcntl, sys, time; file = open(sys.argv[1], 'w'); fcntl.lockf(file, fcntl.LOCK_EX); "
        "print('held', flush=True); time.sleep(0.4)"
    )
    command = [sys.executable, "-c", hold, str(folder.path / "witness.lock")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        log.close()
    assert signed(folder) == witness.folder.open().logs()[0].size == 2


def test_a_witness_that_hangs_holds_up_no_call_and_not_the_end(
    folder: LogFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_witnessing, "TIMEOUT", 60.0)
    monkeypatch.setattr(_witnessing, "AT_END", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as hanging:
        key = SigningKey.new("witness.example", ED25519_COSIGNATURE).public
        url = f"http://127.0.0.1:{hanging.getsockname()[1]}"
        log = log_of(folder, witnesses=[{"url": url, "key": str(key)}])
        log.append(sample_record())
        hanging.settimeout(60)
        asked, _ = hanging.accept()  # it is asked, and says nothing
        with asked:
            for _ in range(50):
                log.append(sample_record())
            assert is_waited_for(asked)
            log.close()
            assert is_waited_for(asked)
    assert (len(leaves(folder)), signed(folder)) == (51, 51)


def is_waited_for(asked: socket.socket) -> bool:
    """Return whether who asked is there still, and waits for an answer."""
    asked.setblocking(False)
    try:
        while asked.recv(65_536):
            pass
    except BlockingIOError:
        return True
    return False


def test_another_witnesss_lines_do_not_count(folder: LogFolder) -> None:
    grow(folder, 1)
    address = WitnessAddress.of("http://x", str(SigningKey.new("w.example", 4).public))
    store = folder.open()
    stranger = SigningKey.new("s.example", ED25519_COSIGNATURE)
    checkpoint = store.checkpoint()
    assert checkpoint is not None
    body = checkpoint[2].partition("\n\n")[0] + "\n"
    for reply, told in (
        (Reply(200, stranger.cosign(body, 7)), "is `key` still its key"),
        (Reply(200, ""), "none"),
        (Reply(200, "— w.example AAAA\n"), "none"),
        (Reply(409, "many\n"), "without a size"),
        (Reply(409, "1\r\n"), "without a size"),
        (Reply(302, "\x1b[31mhere"), r"answered 302: \?\[31mhere"),
        (Reply(500, ""), "answered 500"),
    ):
        with pytest.raises(WitnessTroubleError, match=told):
            submit(store, address, 0, 1.0, ask=lambda *_, reply=reply: reply)


def test_a_witness_that_contradicts_itself_is_not_asked_forever(folder: LogFolder) -> None:
    grow(folder, 1)
    grow(folder, 1)
    key = SigningKey.new("w.example", ED25519_COSIGNATURE)
    sizes = iter([1, 0] * 10)
    address = WitnessAddress.of("http://x", str(key.public))
    with pytest.raises(WitnessTroubleError, match="another checkpoint each time"):
        submit(folder.open(), address, 0, 1.0, ask=lambda *_: Reply(409, f"{next(sizes)}\n"))


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("http://x", "witnesses' is 'http://x'"),
        ([{"url": "http://x"}], r"witnesses'\[0\]"),
        ([{"url": "http://x", "key": 3}], "texts in quotes"),
        ([{"url": "ftp://x", "key": "w+00000000+AA=="}], "no address of a witness"),
        ([{"url": "http://x", "key": "w"}], "is no key"),
        ([{"url": "http://x", "key": str(SigningKey.new("l").public)}], "the key of a log"),
        ([{"url": "http://x", "key": str(SigningKey.of_seed("w", b"1" * 32, 4).public)}] * 2,
         "there twice"),
    ],
)  # fmt: skip
def test_a_wrong_option_is_named(value: object, told: str) -> None:
    with pytest.raises(PolicyError, match=told):
        TransparencyLog({"witnesses": value})


def test_what_is_no_submission_is_answered_and_the_connection_is_kept(
    folder: LogFolder, serve: Callable[..., Serving]
) -> None:
    server = serve(public(folder)).server
    line = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=60)
    for method, path, body, status in (
        ("POST", "/add-checkpoint", b"nonsense", 400),
        ("POST", "/add-checkpoint", b"\xff\xfe", 400),
        ("POST", "/elsewhere", b"old 0\n\n", 404),
        ("POST", "/add-checkpoint", b"x" * (MOST_BYTES + 1), 413),
        ("GET", "/add-checkpoint", None, 501),
    ):
        line.request(method, path, body)
        try:
            response = line.getresponse()
        except (ConnectionError, http.client.HTTPException):
            assert status == 413  # it may end the connection before all was sent
            line.close()
            continue
        assert response.status == status
        response.read()
    line.putrequest("POST", "/add-checkpoint")
    line.endheaders()
    assert line.getresponse().status == 411
    line.close()


def test_the_commands_of_a_witness(folder: LogFolder, tmp_path: Path) -> None:
    grow(folder, 3)
    home = str(tmp_path / "w")
    code, told = run("witness", "init", "--path", home, "--name", "witness.example")
    assert code == 0
    key = told.splitlines()[-1]
    assert VerifierKey.parse(key).kind == ED25519_COSIGNATURE
    assert run("witness", "init", "--path", home, "--name", "witness.example")[0] == 2
    assert run("witness", "init", "--path", f"{home}2", "--name", "a b")[0] == 2
    assert not Path(f"{home}2").exists()
    assert run("witness", "add-log", str(folder.public), "--path", home)[0] == 0
    assert run("witness", "add-log", key, "--path", home)[0] == 2
    assert run("witness", "status", "--path", str(tmp_path / "none"))[0] == 2

    with running("witness", "serve", "--path", home, "--port", "0") as server:
        line = server.out.readline()
        url = line.split()[-1]
        path = ("--path", str(folder.path))
        assert line.startswith("witness.example cosigns 1 log at http://127.0.0.1:")
        code, told = run("log", "witness", *path, "--ask", url, key)
        assert code == 0, told
        assert "3 of 3" in told
        server.send(signal.SIGTERM)
        server.end()
    code, told = run("log", "witness", *path, "--ask", url, key)
    assert (code, "no answer" in told) == (2, True)
    assert run("log", "witness", *path, "--ask", "nowhere", key)[0] == 2
    code, told = run("witness", "status", "--path", home)
    assert (code, ORIGIN in told) == (0, True)
