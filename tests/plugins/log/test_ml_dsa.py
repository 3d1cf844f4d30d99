"""A log may have a second key, of ML-DSA-44: each head has both signatures, and each one holds."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import asymmetric
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.depth import scaled
from tests.plugins.log.logs import faults_of, fill, invoke, leaves, log_of, signed
from tests.plugins.log.rotations import killed, look
from tests.plugins.log.vectors_ml_dsa import FILE, keys, made

from chopmark import LogError, PolicyError
from chopmark.testing import sample_record
from chopmark_log import _rotate_signing, _signing, verify
from chopmark_log._anew import start_anew
from chopmark_log._beside import audit_all
from chopmark_log._changing import holding
from chopmark_log._export import export, prove
from chopmark_log._folder import LogFolder
from chopmark_log._handover import notes_for_witnesses, own_keys, public_keys
from chopmark_log._log import TransparencyLog
from chopmark_log._parent import Parent
from chopmark_log._rotate_signing import rotate_signing
from chopmark_log._signing import check_ml_dsa, read_signing_key, read_verifier_key
from chopmark_log._sqlite_store import SqliteStore
from chopmark_log._witness import Refusal, request_body
from chopmark_log._witness_state import Witness, WitnessFolder
from chopmark_log.verify import (
    ED25519,
    ML_DSA_44_COSIGNATURE,
    Handover,
    VerifierKey,
    VerifyError,
    check_bundle,
    cosigned_message,
    handovers_for,
    open_checkpoint,
    split_handovers,
    split_note,
    with_successors,
)

try:
    check_ml_dsa()
except LogError as error:  # pragma: no cover - where `cryptography` is older
    pytest.skip(str(error), allow_module_level=True)

VECTORS: dict[str, Any] = json.loads(FILE.read_text("utf-8"))
ORIGIN = "example.com/both"


@pytest.fixture
def both(tmp_path: Path) -> LogFolder:
    """A log with two keys and four records."""
    folder = LogFolder(tmp_path / "log")
    folder.create(ORIGIN, ml_dsa=True)
    fill(folder, 4)
    return folder


def last_note(folder: LogFolder) -> str:
    with closing(folder.open()) as store:
        last = store.checkpoint()
        assert last is not None
        return last.note


def stripped(note: str, key: VerifierKey) -> str:
    """Return the note without the signature of a key, as who broke the other one would make it."""
    body, _ = split_note(note)
    lines = note.split("\n\n")[1].rstrip("\n").split("\n")
    data = [base64.b64decode(line.split(" ")[2])[:4] for line in lines]
    left = [line for line, id in zip(lines, data, strict=True) if id != key.key_id]
    return body + "\n" + "".join(f"{line}\n" for line in left)


def told(words: list[str]) -> tuple[int, str]:
    found = subprocess.run(words, check=False, capture_output=True, text=True)
    return found.returncode, found.stdout + found.stderr


def test_what_is_published_holds() -> None:
    again = made()
    frozen = ("checkpoint", "handover")
    same = {name: value for name, value in VECTORS.items() if name not in frozen}
    assert {name: value for name, value in again.items() if name not in frozen} == same
    first, second, following = (key.public for key in keys())
    for note in (VECTORS["checkpoint"], again["checkpoint"]):
        for known in ([first], [second], [first, second]):
            assert open_checkpoint(note, known).checkpoint.size == 1
        assert open_checkpoint(note, [second]).signers == {str(second): VECTORS["time"]}
    message = cosigned_message(second, VECTORS["time"], split_note(VECTORS["checkpoint"])[0])
    assert message.hex() == VECTORS["signed_message"]
    for note in (VECTORS["handover"], again["handover"]):
        assert Handover.open(note) == (second, following)


@given(st.data())
@settings(max_examples=scaled(200))
def test_no_changed_byte_of_what_is_published_holds(data: st.DataObject) -> None:
    _, second, _ = (key.public for key in keys())
    name = data.draw(st.sampled_from(["checkpoint", "handover"]))
    text = stripped(VECTORS[name], keys()[0].public).encode()
    at = data.draw(st.integers(0, len(text) - 1))
    changed = bytearray(text)
    changed[at] = data.draw(st.integers(0, 255).filter(lambda byte: byte != text[at]))
    try:
        shown = changed.decode()
    except UnicodeDecodeError:
        return
    with pytest.raises(VerifyError):
        Handover.open(shown) if name == "handover" else open_checkpoint(shown, [second])


def test_each_bit_of_a_signature_counts() -> None:
    _, second, _ = (key.public for key in keys())
    body, (_, signature) = split_note(VECTORS["checkpoint"])
    assert second.check(body, signature.data) == VECTORS["time"]
    for at in range(0, len(signature.data) * 8, 61):
        flipped = bytearray(signature.data)
        flipped[at // 8] ^= 1 << at % 8
        with pytest.raises(VerifyError, match="does not hold"):
            second.check(body, bytes(flipped))
    for wrong in (b"", signature.data[:-1], signature.data + b"\0"):
        with pytest.raises(VerifyError, match="does not hold"):
            second.check(body, wrong)


def test_what_is_signed_as_a_handover_is_no_cosignature_and_the_other_way_round() -> None:
    _, second, _ = keys()
    body = Handover(second.public, second.public).body
    line = second.sign_handover(body)
    data = base64.b64decode(line.split(" ")[2])
    assert data[:4] == second.public.handover_id != second.public.key_id
    second.public.check_handover(body, data[4:])
    cosigned = base64.b64decode(second.cosign(VECTORS["checkpoint"], 0).split(" ")[2])[4:]
    with pytest.raises(VerifyError):
        second.public.check_handover(VECTORS["checkpoint"], cosigned[8:])
    with pytest.raises(VerifyError):
        second.public.check(body + "1\n", bytes(8) + data[4:])


def test_each_head_is_signed_by_both_keys(both: LogFolder) -> None:
    fill(both, 2)
    first, second = public_keys(both)
    assert (first.kind, second.kind, second.name) == (1, ML_DSA_44_COSIGNATURE, ORIGIN)
    with closing(both.open()) as store:
        for _, at, note in store.checkpoints():
            found = open_checkpoint(note, [first, second])
            assert found.signers == {str(first): None, str(second): at // 1000}
        assert audit_all(both, store, public_keys(both)).faults == ()
    assert oct(both.second.key.stat().st_mode & 0o777) == "0o600"
    assert look(both) == ""


def test_who_knows_both_keys_sees_that_one_signature_was_left_out(both: LogFolder) -> None:
    first, second = public_keys(both)
    note = last_note(both)
    without = stripped(note, second)
    assert open_checkpoint(without, [first]).checkpoint.size == 4  # as ever
    for known in ([second], [first, second]):
        with pytest.raises(VerifyError, match=r"ML-DSA-44 is known .* none signed|no key that is"):
            open_checkpoint(without, known)
    with pytest.raises(VerifyError, match="Ed25519 is known"):
        open_checkpoint(stripped(note, first), [first, second])
    stranger = VerifierKey(second.name, second.kind, bytes(1312))
    with pytest.raises(VerifyError, match="ML-DSA-44 is known"):
        open_checkpoint(note, [first, stranger])
    assert open_checkpoint(note, [second]).checkpoint.size == 4


def test_a_log_whose_second_signature_was_taken_out_does_not_verify(both: LogFolder) -> None:
    _, second = public_keys(both)
    note = last_note(both)
    with closing(SqliteStore(both.base, writing=True)) as store:
        store.file.rows("UPDATE checkpoints SET note = ?", (stripped(note, second),))
    both.head.write_text(stripped(note, second))
    run = ("log", "verify", "--path", str(both.path))
    done = invoke(*run)
    assert (done.exit_code, "a key of ML-DSA-44 is known" in done.output) == (1, True), done.output
    assert invoke(*run, "--key", str(both.public)).exit_code == 0  # who knows that one alone
    with pytest.raises(LogError, match="nothing is signed"):
        fill(both, 1)


def test_proof_and_bundle_hold_by_either_key_and_by_both(both: LogFolder, tmp_path: Path) -> None:
    first, second = (str(key) for key in public_keys(both))
    bundle = tmp_path / "bundle"
    assert invoke("log", "export", str(bundle), "--path", str(both.path)).exit_code == 0
    assert (bundle / "keys").read_text().split() == [first, second]
    assert check_bundle(bundle).records == 4
    proof = tmp_path / "x.tlog-proof"
    assert invoke("log", "prove", "2", "--path", str(both.path), "-o", str(proof)).exit_code == 0
    files = [str(proof), str(tmp_path / "x.leaf")]
    for known in ([first], [second], [first, second]):
        words = [word for key in known for word in ("--key", key)]
        assert invoke("log", "verify-proof", *files, *words).exit_code == 0
        if known != [second]:
            code, said = told([sys.executable, str(bundle / "verify.py"), *files, *words])
            assert (code, "holds" in said) == (0, True), said
        if known != [first]:
            code, said = told([sys.executable, str(bundle / "verify.py"), str(bundle), *words])
            assert (code, max(map(len, said.split("\n"))) < 300) == (0, True), said
    text = proof.read_text()
    head, note = text.split("\n\n", 1)
    proof.write_text(f"{head}\n\n{stripped(note, VerifierKey.parse(second))}")
    assert invoke("log", "verify-proof", *files, "--key", first).exit_code == 0
    assert invoke("log", "verify-proof", *files, "--key", first, "--key", second).exit_code == 1
    (entry,) = log_entries(both, 2)
    assert [key.partition("+")[0] for key in entry] == [ORIGIN, ORIGIN]


def log_entries(folder: LogFolder, index: int) -> Iterator[tuple[str, ...]]:
    log = TransparencyLog({"path": str(folder.path)})
    yield log.proof(index).keys


def rotated(folder: LogFolder, kind: int = ML_DSA_44_COSIGNATURE) -> VerifierKey:
    with holding(folder) as store:
        return rotate_signing(folder, store, kind).public


def test_it_gives_way_to_a_new_one_as_the_first_key_does(both: LogFolder, tmp_path: Path) -> None:
    first, old = public_keys(both)
    seed = both.second.key.read_bytes()
    kept = tmp_path / "kept"
    kept.write_text(last_note(both))
    done = invoke("log", "keys", "rotate", "ml-dsa", "--path", str(both.path))
    assert (done.exit_code, "handovers" in done.output) == (0, True), done.output
    now, new = public_keys(both)
    assert (now, new == old, new.kind) == (first, False, ML_DSA_44_COSIGNATURE)
    assert set(open_checkpoint(last_note(both), [first, old, new]).signers) == {
        str(first), str(old), str(new),
    }  # fmt: skip
    assert [p.name for p in both.path.iterdir() if p.is_file() and seed in p.read_bytes()] == []
    fill(both, 2)
    with pytest.raises(VerifyError, match="no key that is known"):
        open_checkpoint(last_note(both), [old])
    for known in ([first], [old], [new], [first, old], [first, new]):
        with closing(both.open()) as store:
            assert audit_all(both, store, known).faults == ()
    look_back = ("log", "consistency", str(kept), "--path", str(both.path))
    assert invoke(*look_back).exit_code == 0
    export_to = tmp_path / "bundle"
    assert invoke("log", "export", str(export_to), "--path", str(both.path)).exit_code == 0
    assert check_bundle(export_to, [old]).records == 7
    assert check_bundle(export_to, [first, old]).records == 7
    listed = json.loads(invoke("log", "keys", "list", "--path", str(both.path), "--json").output)
    assert (listed["signing"], listed["ml_dsa"]) == ([str(first)], [str(old), str(new)])
    assert look(both) == ""


def test_both_keys_may_give_way_in_any_order(both: LogFolder) -> None:
    before = public_keys(both)
    with holding(both) as store:
        rotate_signing(both, store)
    fill(both, 1)
    rotated(both)
    fill(both, 1)
    with holding(both) as store:
        rotate_signing(both, store)
    fill(both, 1)
    after = public_keys(both)
    assert not set(before) & set(after)
    assert len(own_keys(both)) == 5
    text = both.handovers.read_text("utf-8")
    assert len(split_handovers(text)) == 3
    assert [len(handovers_for([key], text)) for key in before] == [2, 1]
    assert set(after) <= set(with_successors(before, handovers_for(before, text)))
    for known in (before, after):
        with closing(both.open()) as store:
            assert audit_all(both, store, known).faults == ()


# Before one of them is after the one before it.
@pytest.mark.parametrize("when", ["after", pytest.param("before", marks=pytest.mark.deep)])
@pytest.mark.parametrize("name", ["write_signing_key", "publish", "write_whole", "overwrite"])
def test_killed_while_it_gives_way_the_log_is_signed_on(
    both: LogFolder, name: str, when: str
) -> None:
    from tests.plugins.log.test_rotate import dying

    def work() -> None:
        with holding(both) as store:
            dying(_rotate_signing, name, when)
            rotate_signing(both, store, ML_DSA_44_COSIGNATURE)

    killed(work)
    fill(both, 1)
    assert signed(both) == len(leaves(both))
    rotated(both)
    assert (look(both), both.second.next.exists()) == ("", False)
    fill(both, 1)
    with closing(both.open()) as store:
        assert audit_all(both, store, public_keys(both)).faults == ()


def test_a_stale_key_signs_nothing_and_a_missing_one_stops_the_log(
    both: LogFolder, tmp_path: Path
) -> None:
    stale = both.second.key.read_bytes()
    rotated(both)
    copy = LogFolder(tmp_path / "copy")
    shutil.copytree(both.path, copy.path)
    copy.second.key.write_bytes(stale)
    with pytest.raises(LogError, match="was handed over to key"):
        fill(copy, 1)
    for path in copy.second:
        path.unlink(missing_ok=True)
    assert "log-ml-dsa.key" in look(copy)
    with pytest.raises(LogError, match=r"bring it here from the machine"):
        fill(copy, 1)
    both.second.key.unlink()
    with pytest.raises(LogError, match=r"log-ml-dsa\.key"):
        fill(both, 1)


@pytest.fixture
def witness(tmp_path: Path) -> Witness:
    where = WitnessFolder(tmp_path / "witness")
    where.create("witness.example/w", ML_DSA_44_COSIGNATURE)
    return where.open()


def asked(folder: LogFolder, old: int = 0) -> tuple[bytes, str]:
    """Return what a witness who cosigned `old` entries is asked, and the checkpoint in it."""
    with closing(folder.open()) as store:
        last = store.checkpoint()
        assert last is not None
        return request_body(old, store.tree(last.size).consistency(old), last.note), last.note


def replied(found: str | Refusal) -> tuple[int, str]:
    return (found.status, found.body) if isinstance(found, Refusal) else (200, found)


def test_a_witness_who_knows_the_key_of_ed25519_alone_goes_by_that(
    both: LogFolder, witness: Witness
) -> None:
    witness.add_log(public_keys(both)[0])
    rotated(both)
    body, note = asked(both)
    status, line = replied(witness.answer(body))
    assert status == 200, line
    known = [*public_keys(both), witness.key.public]
    assert len(open_checkpoint(note + line, known).signers) == 3


def test_a_witness_who_knows_both_keys_wants_both_signatures(
    both: LogFolder, witness: Witness
) -> None:
    first, second = public_keys(both)
    witness.add_log(first, second)
    body, note = asked(both)
    lines = [line for line in note.splitlines(keepends=True) if line.startswith("— ")]
    for line, lacking in zip(lines, ("Ed25519", "ML-DSA-44"), strict=True):
        status, why = replied(witness.answer(body.replace(line.encode(), b"")))
        assert (status, f"no key of {lacking} that this witness knows" in why) == (403, True), why
    data = bytearray(base64.b64decode(lines[1].split()[-1]))
    data[-1] ^= 1
    forged = f"— {second.name} {base64.b64encode(data).decode()}\n"
    status, why = replied(witness.answer(body.replace(lines[1].encode(), forged.encode())))
    assert (status, "no key of ML-DSA-44" in why) == (403, True), why
    assert replied(witness.answer(body))[0] == 200


def test_a_witness_who_knows_both_keys_learns_of_new_ones_of_both_types(
    both: LogFolder, witness: Witness
) -> None:
    witness.add_log(*public_keys(both))
    assert replied(witness.answer(asked(both)[0]))[0] == 200
    rotated(both)
    rotated(both, ED25519)
    former = dict.fromkeys(witness.logs()[0].keys)
    fill(both, 1)
    body, _ = asked(both, witness.logs()[0].size)
    assert replied(witness.answer(body))[0] == 403
    for note in notes_for_witnesses(both):
        assert witness.hand_over(note.encode()) is None
    assert replied(witness.answer(body))[0] == 200
    now = witness.logs()[0].keys
    assert set(now) == {str(key) for key in public_keys(both)}
    assert not set(now) & set(former)


def test_a_witness_is_given_no_key_of_ml_dsa_alone_and_none_of_two_logs(
    both: LogFolder, witness: Witness, tmp_path: Path
) -> None:
    first, second = public_keys(both)
    with pytest.raises(LogError, match="no key of Ed25519"):
        witness.add_log(second)
    with pytest.raises(LogError, match="no key of Ed25519"):
        witness.add_log(witness.key.public)
    other = LogFolder(tmp_path / "other")
    other.create("example.com/other")
    with pytest.raises(LogError, match="keys of two logs"):
        witness.add_log(first, public_keys(other)[0])
    assert witness.logs() == []
    witness.add_log(first)
    witness.add_log(second)
    assert set(witness.logs()[0].keys) == {str(first), str(second)}
    witness.add_log(first, only=True)
    assert witness.logs()[0].keys == (str(first),)


def test_a_parent_that_knows_both_keys_wants_both_signatures(
    both: LogFolder, tmp_path: Path
) -> None:
    above = tmp_path / "parent"
    for words in (
        ("init", "--origin", "example.com/all"),
        ("add", *both.publics),
        ("gather", str(both.path)),
    ):
        done = invoke("log", "parent", *words, "--path", str(above))
        assert done.exit_code == 0, done.output
    rotated(both)
    fill(both, 1)
    done = invoke("log", "parent", "gather", str(both.path), "--path", str(above))
    assert done.exit_code == 0, done.output
    parent = Parent(LogFolder(above))
    body, note = asked(both, parent.logs()[0].size)
    assert replied(parent.answer(body))[0] == 200
    alone = note.splitlines(keepends=True)[-1].encode()
    assert replied(parent.answer(body.replace(alone, b"")))[0] == 403


def test_a_proof_over_two_logs_holds_by_the_keys_of_the_child(
    both: LogFolder, tmp_path: Path
) -> None:
    from chopmark_log import _parent
    from chopmark_log._parent import Parent, make_parent
    from chopmark_log._parent_proof import check_both, prove_head, prove_under

    above = LogFolder(tmp_path / "parent")
    make_parent(above, "example.com/all")
    parent = Parent(above)
    first, second = public_keys(both)
    parent.add_log(first)
    _parent.gather(parent, both)
    parent.sign()
    over = prove_head(parent, ORIGIN)
    with closing(both.open()) as store:
        entry = store.entry(1)
        proof = prove_under(store, entry, over.leaf)
    of_all = read_verifier_key(str(above.public))
    for own, known in (([], False), ([first], True), ([second], True), ([first, second], True)):
        found = check_both(entry.leaf, proof, over.leaf, over.proof, [of_all, *own])
        assert found.known is known
    stranger = VerifierKey(second.name, second.kind, bytes(1312))
    with pytest.raises(VerifyError, match="ML-DSA-44 is known"):
        check_both(entry.leaf, proof, over.leaf, over.proof, [of_all, stranger])


def test_a_log_that_is_begun_anew_has_both_keys_again(both: LogFolder) -> None:
    (both.path / "log.db-wal").unlink(missing_ok=True)
    start_anew(both, "example.com/anew", "w")
    first, second = public_keys(both)
    assert (first.name, second.name) == ("example.com/anew", "example.com/anew")
    fill(both, 1)
    with closing(both.open()) as store:
        assert audit_all(both, store, [first, second]).faults == ()


def test_the_option_makes_the_key_with_the_log(tmp_path: Path) -> None:
    folder = LogFolder(tmp_path / "made")
    fill(folder, 1, ml_dsa=True)
    assert len(public_keys(folder)) == 2
    plain = LogFolder(tmp_path / "plain")
    fill(plain, 1)
    assert len(public_keys(plain)) == 1
    words = ("log", "init", "--path", str(tmp_path / "by-hand"), "--origin", "example.com/x")
    done = invoke(*words, "--ml-dsa")
    assert (done.exit_code, "log-ml-dsa.pub" in done.output) == (0, True), done.output
    done = invoke("log", "keys", "rotate", "ml-dsa", "--path", str(plain.path))
    assert (done.exit_code, "has no key of ML-DSA-44" in done.output) == (2, True), done.output


def test_a_log_that_was_made_without_the_key_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = LogFolder(tmp_path / "plain")
    fill(folder, 1)
    assert caplog.messages == []
    fill(folder, 1, ml_dsa=True)
    assert ["was made without a key of ML-DSA-44" in one for one in caplog.messages] == [True]
    with closing(folder.open()) as store:
        assert audit_all(folder, store, public_keys(folder)).faults == ()


def test_where_cryptography_is_too_old_the_cure_is_named(
    both: LogFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (str(key) for key in public_keys(both))
    bundle = tmp_path / "bundle"
    rotated(both)
    with closing(both.open()) as store:
        export(store, VerifierKey.parse(first), 0, 4, bundle)
        proof = prove(store, 0)
        entry = store.entry(0)
    monkeypatch.setitem(sys.modules, f"{asymmetric.__name__}.mldsa", None)  # as if it were missing
    monkeypatch.delattr(asymmetric, "mldsa")
    with pytest.raises(PolicyError, match=r"'ml_dsa'.*cryptography. 48 or later.*update it"):
        log_of(tmp_log(tmp_path), ml_dsa=True)
    with pytest.raises(LogError, match="48 or later"):
        read_verifier_key(second)
    assert proof.check(entry.leaf, [VerifierKey.parse(first)])
    assert verify.main([str(bundle), "--key", first]) == 0  # its handover is of no concern
    assert verify.main([str(bundle), "--key", second]) == verify.UNCHECKED
    assert verify.main([str(bundle)]) == verify.UNCHECKED
    run = ("log", "verify", "--path", str(both.path))
    done = invoke(*run)
    assert (done.exit_code, "48 or later" in done.output) == (2, True), done.output
    assert invoke(*run, "--key", first).exit_code == 0


def tmp_log(tmp_path: Path) -> LogFolder:
    return LogFolder(tmp_path / "other")


def test_its_secret_is_in_no_repr_and_in_no_public_file(both: LogFolder) -> None:
    key = read_signing_key(both.second.key)
    secret = both.second.key.read_text().strip().split("+", 4)[4]
    assert secret not in repr(key)
    assert _signing.is_private(both.second.key.read_text())
    done = invoke("log", "verify", "--path", str(both.path), "--key", str(both.second.key))
    assert (done.exit_code, secret in done.output) == (2, False)
    assert "log-ml-dsa.pub" in done.output
    assert faults_of(both) == ()


def test_machines_that_share_a_log_sign_it_with_both_keys(
    both: LogFolder, tmp_path: Path, store: str
) -> None:
    from chopmark_log._migrate import migrate
    from chopmark_log._postgres import Address
    from chopmark_log._postgres_folder import join
    from chopmark_log._postgres_log import SharedLog

    before = public_keys(both)
    migrate(both, Address.of(store))
    other = LogFolder(tmp_path / "other")
    assert join(other, Address.of(store), "") is False
    assert public_keys(other) == before
    new = rotated(both)
    late = LogFolder(tmp_path / "late")
    join(late, Address.of(store), "")
    assert public_keys(late) == [before[0], new]
    shutil.copyfile(both.key, late.key)
    late.key.chmod(0o600)
    log = SharedLog({"path": str(late.path), "store": store})
    log.append(sample_record())
    with pytest.raises(LogError, match=r"log-ml-dsa\.key"):
        log.close()  # it has one key of two
    shutil.copyfile(both.second.key, late.second.key)
    late.second.key.chmod(0o600)
    log.append(sample_record())
    log.close()
    assert len(open_checkpoint(last_note(late), [before[0], new]).signers) == 2
    with closing(late.open()) as held:
        assert audit_all(late, held, [before[0], new]).faults == ()


def test_a_shared_log_is_made_with_both_keys(tmp_path: Path, store: str) -> None:
    from chopmark_log._postgres_log import SharedLog

    folder = LogFolder(tmp_path / "made")
    log = SharedLog({"path": str(folder.path), "store": store, "ml_dsa": True, "origin": ORIGIN})
    log.append(sample_record())
    log.close()
    assert len(open_checkpoint(last_note(folder), public_keys(folder)).signers) == 2
