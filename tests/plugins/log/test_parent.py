"""One head stands for the logs of many machines, and a record is proved by two proofs."""

from __future__ import annotations

import contextlib
import json
import shutil
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tests.plugins.log.forked import running

from chopmark import LogError
from chopmark.testing import sample_record
from chopmark_log import _parent
from chopmark_log._audit import audit
from chopmark_log._commands import log as command
from chopmark_log._commands_parent import parent as parent_command
from chopmark_log._folder import LogFolder
from chopmark_log._leaf import decode
from chopmark_log._log import TransparencyLog
from chopmark_log._parent import Gathered, Parent, ParentServer, make_parent
from chopmark_log._parent_proof import Above, check_both, prove_head, prove_under
from chopmark_log._signing import SigningKey, read_verifier_key, sign_note
from chopmark_log._witness import Refusal, request_body
from chopmark_log._witness_client import WitnessRefusalError, WitnessTroubleError
from chopmark_log._witness_state import Witness
from chopmark_log.verify import Checkpoint, Proof, VerifierKey, VerifyError, split_note

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="locks")


@pytest.fixture
def above(tmp_path: Path) -> LogFolder:
    folder = LogFolder(tmp_path / "parent")
    make_parent(folder, "example.com/all")
    return folder


def child(where: Path, name: str, count: int = 3) -> LogFolder:
    """Make a log of a machine, or let it go on."""
    folder = LogFolder(where / name)
    if not folder.is_log:
        folder.create(f"example.com/{name}")
    append(folder, count)
    return folder


def append(folder: LogFolder, count: int = 1, **options: object) -> list[str]:
    log = TransparencyLog({"path": str(folder.path), **options})
    ids = [log.append(sample_record()).record for _ in range(count)]
    log.close()
    return ids


def gather(parent: Parent, folder: LogFolder) -> Gathered:
    found = _parent.gather(parent, folder)
    parent.sign()
    return found


def public(folder: LogFolder) -> VerifierKey:
    return read_verifier_key(str(folder.public))


def parent_of(above: LogFolder, *children: LogFolder) -> Parent:
    found = Parent(above)
    for one in children:
        found.add_log(public(one))
    return found


def heads(above: LogFolder) -> list[tuple[str, int]]:
    store = above.open()
    try:
        leaves = [decode(entry.leaf) for entry in store.entries(0, store.size)]
    finally:
        store.close()
    return [(leaf["log"], leaf["size"]) for leaf in leaves if leaf["k"] == "child"]


def faults(above: LogFolder) -> tuple[str, ...]:
    store = above.open()
    try:
        return audit(store, [public(above)]).faults
    finally:
        store.close()


def both(parent: Parent, folder: LogFolder, index: int) -> tuple[bytes, Proof, Above]:
    above = prove_head(parent, f"example.com/{folder.path.name}")
    store = folder.open()
    try:
        return store.entry(index).leaf, prove_under(store, store.entry(index), above.leaf), above
    finally:
        store.close()


def test_every_record_of_every_machine_is_proved_by_the_parents_key_alone(
    tmp_path: Path, above: LogFolder
) -> None:
    machines = [child(tmp_path, f"m{n}", n + 1) for n in range(4)]
    parent = parent_of(above, *machines)
    for one in machines:
        gather(parent, one)
    for one in machines[:2]:
        append(one, 5)
        gather(parent, one)
    assert heads(above) == [
        ("example.com/m0", 1), ("example.com/m1", 2), ("example.com/m2", 3),
        ("example.com/m3", 4), ("example.com/m0", 6), ("example.com/m1", 7),
    ]  # fmt: skip
    for one, size in zip(machines, (6, 7, 3, 4), strict=True):
        for index in range(size):
            leaf, proof, head = both(parent, one, index)
            found = check_both(leaf, proof, head.leaf, head.proof, [public(above)])
            assert found == ("example.com/all", f"example.com/{one.path.name}", index, False)
            own = [public(above), public(one)]
            assert check_both(leaf, proof, head.leaf, head.proof, own).known
    assert faults(above) == ()


def test_a_head_that_is_shown_again_is_an_entry_once(tmp_path: Path, above: LogFolder) -> None:
    machine = child(tmp_path, "m")
    parent = parent_of(above, machine)
    for _ in range(3):
        assert gather(parent, machine).size == 3
    assert heads(above) == [("example.com/m", 3)]


def test_a_crash_between_knowing_a_head_and_writing_it_is_made_good(
    tmp_path: Path, above: LogFolder
) -> None:
    machine = child(tmp_path, "m")
    parent = parent_of(above, machine)
    store = machine.open()
    last = store.checkpoint()
    store.close()
    assert last is not None
    body = request_body(0, [], last[2])
    assert isinstance(Witness(parent.path, parent.key).answer(body), str)  # and here it crashed
    assert heads(above) == []
    with pytest.raises(LogError, match="is not written yet"):
        prove_head(parent, "example.com/m")
    gather(parent, machine)
    assert heads(above) == [("example.com/m", 3)]


def test_a_child_that_was_set_back_and_went_on_is_refused(tmp_path: Path, above: LogFolder) -> None:
    machine = child(tmp_path, "m")
    parent = parent_of(above, machine)
    shutil.copytree(machine.path, tmp_path / "older")
    append(machine, 2)
    gather(parent, machine)
    older = LogFolder(tmp_path / "older")
    with pytest.raises(WitnessRefusalError, match="an older copy"):
        gather(parent, older)
    append(older, 2)
    with pytest.raises(WitnessRefusalError, match="another checkpoint"):
        gather(parent, older)
    append(older, 2)
    with pytest.raises(WitnessRefusalError, match="do not begin with"):
        gather(parent, older)
    assert heads(above) == [("example.com/m", 5)]
    assert faults(above) == ()


def test_a_log_whose_key_was_not_added_is_not_taken(tmp_path: Path, above: LogFolder) -> None:
    machine = child(tmp_path, "m")
    parent = parent_of(above)
    with pytest.raises(WitnessTroubleError, match="404"):
        gather(parent, machine)
    parent.add_log(SigningKey.new("example.com/m").public)
    with pytest.raises(WitnessTroubleError, match="403"):
        gather(parent, machine)
    assert heads(above) == []


def test_a_proof_of_another_record_head_log_or_key_does_not_hold(
    tmp_path: Path, above: LogFolder
) -> None:
    first, second = child(tmp_path, "a"), child(tmp_path, "b")
    parent = parent_of(above, first, second)
    gather(parent, first)
    gather(parent, second)
    leaf, proof, head = both(parent, first, 1)
    others_leaf, others_proof, others_head = both(parent, second, 1)
    key = [public(above)]
    check_both(leaf, proof, head.leaf, head.proof, key)
    stranger = SigningKey.new("example.com/a")
    forged = Checkpoint.parse_body(split_note(proof.note)[0])
    wrong = [
        (others_leaf, proof, head.leaf, head.proof, key),
        (leaf, others_proof, head.leaf, head.proof, key),
        (leaf, proof, others_head.leaf, others_head.proof, key),
        (leaf, proof, others_head.leaf, head.proof, key),
        (leaf, proof, leaf, head.proof, key),
        (leaf, proof, head.leaf, head.proof, [public(first)]),
        (leaf, proof, head.leaf, head.proof, [*key, stranger.public]),
        (leaf, Proof(1, proof.hashes, sign_note(forged, [stranger])), head.leaf, head.proof, key),
    ]
    for given in wrong:
        with pytest.raises(VerifyError):
            check_both(*given)
    append(first)
    store = first.open()
    with pytest.raises(LogError, match="the parent knows 3 entries, and this is entry 3"):
        prove_under(store, store.entry(3), head.leaf)
    with pytest.raises(LogError, match=r"is a head of log 'example\.com/b'"):
        prove_under(store, store.entry(0), others_head.leaf)
    with pytest.raises(LogError, match="no head of a log"):
        prove_under(store, store.entry(0), leaf)
    store.close()


@contextlib.contextmanager
def served(parent: Parent) -> Iterator[str]:
    server = ParentServer(parent, ("127.0.0.1", 0))
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server.url
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_machines_that_run_show_their_heads_by_themselves(tmp_path: Path, above: LogFolder) -> None:
    machines = [child(tmp_path, f"m{n}", 1) for n in range(3)]
    parent = parent_of(above, *machines)
    with served(parent) as url:
        witness = [{"url": url, "key": str(parent.key.public)}]

        def run(machine: LogFolder) -> None:
            append(machine, 4, witnesses=witness)

        threads = [threading.Thread(target=run, args=(one,)) for one in machines]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert {(one.origin, one.size) for one in parent.logs()} == {
        (f"example.com/m{n}", 5) for n in range(3)
    }
    for machine in machines:
        leaf, proof, head = both(parent, machine, 4)
        assert check_both(leaf, proof, head.leaf, head.proof, [public(above)]).entry == 4
        sizes = [size for name, size in heads(above) if name.endswith(machine.path.name)]
        assert sizes == sorted(set(sizes))
    assert faults(above) == ()


def test_answers_at_one_moment_keep_the_heads_of_a_child_in_order(
    tmp_path: Path, above: LogFolder
) -> None:
    machine = child(tmp_path, "m", 1)
    for _ in range(5):
        append(machine)
    parent = parent_of(above, machine)
    store = machine.open()
    asked: list[bytes] = []
    for size, _, note in store.checkpoints():
        asked += [request_body(old, store.tree(size).consistency(old), note) for old in range(size)]
    store.close()
    threads = [threading.Thread(target=parent.answer, args=(body,)) for body in asked * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    parent.sign()
    sizes = [size for _, size in heads(above)]
    assert sizes == sorted(set(sizes))
    assert sizes
    assert faults(above) == ()


def test_a_refusal_writes_nothing(above: LogFolder) -> None:
    parent = parent_of(above)
    for data in (b"", b"old 0\n\nnothing", b"\xff"):
        assert isinstance(parent.answer(data), Refusal)
    assert heads(above) == []


def run(*words: str) -> Result:
    return CliRunner().invoke(command, words)


def test_the_commands_prove_a_record_from_two_machines(tmp_path: Path) -> None:
    command.add_command(parent_command)
    above, machine = str(tmp_path / "all"), child(tmp_path, "m")
    init = run("parent", "init", "--path", above, "--origin", "example.com/all")
    assert init.exit_code == 0, init.output
    assert run("parent", "add", str(machine.public), "--path", above).exit_code == 0
    assert run("parent", "prove-head", "example.com/m", "--path", above, "-o", "x").exit_code == 2
    assert run("parent", "gather", str(machine.path), "--path", above).exit_code == 0
    shown = json.loads(run("parent", "status", "--path", above, "--json").output)
    assert [(one["origin"], one["size"]) for one in shown["children"]] == [("example.com/m", 3)]
    head, proof = str(tmp_path / "head.tlog-proof"), str(tmp_path / "call.tlog-proof")
    made = run("parent", "prove-head", "example.com/m", "--path", above, "-o", head)
    assert made.exit_code == 0, made.output
    under = ["--path", str(machine.path), "--under", str(tmp_path / "head.leaf"), "-o", proof]
    assert run("parent", "prove", "1", *under).exit_code == 0
    key = str(tmp_path / "all" / "log.pub")
    holds = run("parent", "verify-proof", proof, head, "--key", key, "--json")
    assert json.loads(holds.output) == {
        "holds": True, "parent": "example.com/all", "child": "example.com/m", "entry": 1,
        "known": False,
    }  # fmt: skip
    leaf = tmp_path / "call.leaf"
    leaf.write_bytes(leaf.read_bytes() + b" ")
    assert run("parent", "verify-proof", proof, head, "--key", key).exit_code == 1
    assert run("parent", "gather", str(tmp_path / "none"), "--path", above).exit_code == 2
    assert run("parent", "status", "--path", str(machine.path)).exit_code == 2


def test_a_parent_that_is_killed_has_what_it_cosigned_and_goes_on(tmp_path: Path) -> None:
    above, machine = LogFolder(tmp_path / "all"), child(tmp_path, "m")
    key = make_parent(above, "example.com/all")
    Parent(above).add_log(public(machine))
    with running("log", "parent", "serve", "--port", "0", "--path", str(above.path)) as server:
        url = server.out.readline().split()[-1]
        append(machine, 2, witnesses=[{"url": url, "key": str(key)}])
        server.send(signal.SIGKILL)
        assert server.end().code == -signal.SIGKILL
    parent = Parent(above)
    assert parent.child("example.com/m").size == 5
    append(machine)
    gather(parent, machine)
    assert [size for _, size in heads(above)][-2:] == [5, 6]
    assert faults(above) == ()
