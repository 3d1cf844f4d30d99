"""A witness cosigns what grew, and nothing else: alone, and where many ask at once."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.depth import scaled

from chopmark import LogError
from chopmark_log._signing import SigningKey, sign_note
from chopmark_log._tree import Tree, grow
from chopmark_log._witness import Refusal, Request, read_size, request_body
from chopmark_log._witness_state import Witness, WitnessFolder
from chopmark_log.verify import (
    ED25519_COSIGNATURE,
    EMPTY_ROOT,
    HASH_BYTES,
    ML_DSA_44_COSIGNATURE,
    Checkpoint,
    VerifierKey,
    VerifyError,
    hash_leaf,
    open_checkpoint,
    split_note,
)

ORIGIN = "example.com/log"
# The example of C2SP tlog-witness, whose log has signed twice with keys that nobody here knows.
BODY = """old 20852014
PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=
jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=
5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=
/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=

example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
— example.com/behind-the-sofa opLqBQsREYCgu6xQkYQwJr9fo45a62DN9EdmHXnZdXNqlcVGlCum2Wks+49/V6267UEjw6QUXTS5Rovnzv++qbSzm9Q=
"""  # noqa: E501


class Grown:
    """A log that has `size` entries, of which those from `fork` on are other ones."""

    def __init__(self, key: SigningKey, size: int, fork: int = 1 << 30) -> None:
        self.key = key
        leaves = [hash_leaf(f"{n >= fork} {n}".encode()) for n in range(size)]
        self._levels = grow(0, leaves, lambda *at: b"")

    def tree(self, size: int) -> Tree:
        return Tree(
            size, lambda n, start, end: self._levels[n][1][start * HASH_BYTES : end * HASH_BYTES]
        )

    def note(self, size: int) -> str:
        root = self.tree(size).root() if size else EMPTY_ROOT
        return sign_note(Checkpoint(ORIGIN, size, root), [self.key])

    def ask(self, old: int, size: int) -> bytes:
        proof = self.tree(size).consistency(old) if old <= size else []
        return request_body(old, proof, self.note(size))


@pytest.fixture(scope="module")
def key() -> SigningKey:
    return SigningKey.new(ORIGIN)


@pytest.fixture
def witness(tmp_path: Path, key: SigningKey) -> Witness:
    folder = WitnessFolder(tmp_path / "witness")
    folder.create("witness.example/w")
    found = folder.open()
    found.add_log(key.public)
    return found


def status(found: str | Refusal) -> int:
    return found.status if isinstance(found, Refusal) else 200


def test_the_example_of_the_specification_is_read() -> None:
    request = Request.parse(BODY.encode())
    assert (request.old, len(request.hashes)) == (20852014, 4)
    head = request.checkpoint
    assert (head.origin, head.size) == ("example.com/behind-the-sofa", 20852163)
    assert request_body(request.old, request.hashes, request.note) == BODY.encode()


def test_a_log_that_grows_is_cosigned(witness: Witness, key: SigningKey) -> None:
    log = Grown(key, 300)
    sizes = [0, 1, 2, 7, 7, 8, 129, 256, 300]
    for old, size in zip([0, *sizes], sizes, strict=False):
        line = witness.answer(log.ask(old, size))
        assert isinstance(line, str), line
        signed = open_checkpoint(log.note(size) + line, [key.public, witness.key.public])
        assert signed.checkpoint.size == size
        assert signed.signers[str(witness.key.public)]
        assert witness.logs()[0].size == size
    assert witness.conflicts() == []


@pytest.mark.parametrize(
    ("old", "size", "told"),
    [
        (0, 7, 409),  # an older one, as if nothing was known
        (7, 20, 409),
        (20, 25, 409),
        (11, 10, 400),  # a tree that has less than it says
        (10, 9, 400),
    ],
)
def test_what_is_not_asked_from_the_last_head_gets_its_size(
    witness: Witness, key: SigningKey, old: int, size: int, told: int
) -> None:
    log = Grown(key, 30)
    assert status(witness.answer(log.ask(0, 10))) == 200
    found = witness.answer(log.ask(old, size))
    assert isinstance(found, Refusal)
    assert found.status == told
    if told == 409:
        assert (found.type, read_size(found.body)) == ("text/x.tlog.size", 10)
    assert witness.logs()[0].size == 10


def test_a_fork_is_refused_and_two_heads_are_kept(witness: Witness, key: SigningKey) -> None:
    log, fork = Grown(key, 40), Grown(key, 40, fork=5)
    assert status(witness.answer(log.ask(0, 10))) == 200
    assert status(witness.answer(fork.ask(10, 20))) == 422
    assert status(witness.answer(fork.ask(10, 10))) == 409
    assert status(witness.answer(fork.ask(0, 10))) == 409
    (conflict,) = witness.conflicts()  # of the two heads of ten entries; anyone can check it
    heads = [open_checkpoint(n, [key.public]).checkpoint for n in (conflict.note, conflict.kept)]
    assert [head.size for head in heads] == [10, 10]
    assert heads[0].root != heads[1].root
    assert status(witness.answer(log.ask(10, 20))) == 200


def test_a_wrong_proof_is_refused_and_accuses_nobody(witness: Witness, key: SigningKey) -> None:
    log = Grown(key, 30)
    assert status(witness.answer(log.ask(0, 10))) == 200
    good = log.tree(20).consistency(10)
    for proof in ([], good[:-1], [*good, good[0]], good[::-1], [b"\0" * 32, *good[1:]]):
        assert status(witness.answer(request_body(10, proof, log.note(20)))) == 422
    assert status(witness.answer(request_body(10, good, log.note(10)))) == 422
    assert witness.conflicts() == []
    assert witness.logs()[0].size == 10


def test_a_proof_from_nothing_is_empty(witness: Witness, key: SigningKey) -> None:
    log = Grown(key, 4)
    assert status(witness.answer(request_body(0, [b"\0" * 32], log.note(4)))) == 422


def test_an_unknown_log_and_a_wrong_key_are_told_apart(witness: Witness, key: SigningKey) -> None:
    stranger = SigningKey.new("stranger.example")
    head = Checkpoint("stranger.example", 0, EMPTY_ROOT)
    assert status(witness.answer(request_body(0, [], sign_note(head, [stranger])))) == 404
    thief = SigningKey.new(ORIGIN)  # another key under the name of the log
    assert status(witness.answer(Grown(thief, 3).ask(0, 3))) == 403
    note = Grown(key, 3).note(3)
    forged = note.replace("\n3\n", "\n4\n")
    assert status(witness.answer(request_body(0, [], forged))) == 403
    # Beside a signature that holds, others do not matter.
    body, _ = split_note(note)
    more = note + thief.sign(Checkpoint.parse_body(body))
    assert status(witness.answer(request_body(0, [], more))) == 200


def test_a_log_may_change_its_key(witness: Witness, key: SigningKey) -> None:
    newer = SigningKey.new(ORIGIN)
    witness.add_log(newer.public)
    assert status(witness.answer(Grown(key, 9).ask(0, 5))) == 200
    assert status(witness.answer(Grown(newer, 9).ask(5, 9))) == 200
    assert len(witness.logs()[0].keys) == 2


def test_a_key_of_another_type_is_no_logs(witness: Witness) -> None:
    with pytest.raises(LogError, match="no log's key"):
        witness.add_log(witness.key.public)


def test_the_time_of_a_cosignature_never_goes_back(tmp_path: Path, key: SigningKey) -> None:
    folder = WitnessFolder(tmp_path / "w")
    cosigner = folder.create("witness.example")
    clock = iter([2_000_000_000, 1_000_000_000, 2_000_000_005])
    witness = Witness(folder.base, cosigner, lambda: next(clock) * 1_000_000_000)
    witness.add_log(key.public)
    log, times = Grown(key, 9), []
    for old, size in ((0, 2), (2, 5), (5, 9)):
        line = witness.answer(log.ask(old, size))
        assert isinstance(line, str)
        signers = open_checkpoint(log.note(size) + line, [key.public, cosigner.public]).signers
        times.append(signers[str(cosigner.public)])
    assert times == [2_000_000_000, 2_000_000_000, 2_000_000_005]


def test_it_remembers_after_it_was_ended(tmp_path: Path, key: SigningKey) -> None:
    folder = WitnessFolder(tmp_path / "w")
    folder.create("witness.example")
    folder.open().add_log(key.public)
    log = Grown(key, 30)
    assert status(folder.open().answer(log.ask(0, 10))) == 200
    assert status(folder.open().answer(log.ask(0, 5))) == 409
    assert status(folder.open().answer(log.ask(10, 30))) == 200
    with pytest.raises(LogError, match="witness already"):
        folder.create("witness.example")


def test_a_cosignature_of_ml_dsa_holds_too(tmp_path: Path, key: SigningKey) -> None:
    pytest.importorskip("cryptography.hazmat.primitives.asymmetric.mldsa")
    folder = WitnessFolder(tmp_path / "w")
    folder.create("witness.example", ML_DSA_44_COSIGNATURE)
    witness, log = folder.open(), Grown(key, 5)
    witness.add_log(key.public)
    line = witness.answer(log.ask(0, 5))
    assert isinstance(line, str)
    known = [key.public, VerifierKey.parse(str(witness.key.public))]
    assert len(open_checkpoint(log.note(5) + line, known).signers) == 2
    with pytest.raises(VerifyError, match="does not hold"):
        open_checkpoint(log.note(4) + line, known)


def race(folder: WitnessFolder, bodies: list[bytes]) -> list[str | Refusal]:
    """Submit all at once, each to a witness of its own over the same file."""
    start = threading.Barrier(len(bodies))
    found: list[str | Refusal] = [Refusal(0, "")] * len(bodies)

    def submit(number: int) -> None:
        witness = folder.open()
        start.wait()
        found[number] = witness.answer(bodies[number])

    threads = [threading.Thread(target=submit, args=(n,)) for n in range(len(bodies))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    return found


def test_of_submissions_at_once_from_one_head_one_is_cosigned(
    tmp_path: Path, key: SigningKey
) -> None:
    folder = WitnessFolder(tmp_path / "w")
    folder.create("witness.example")
    folder.open().add_log(key.public)
    log, fork = Grown(key, 300), Grown(key, 300, fork=0)
    known = 0
    for number in range(12):
        sizes = [known + 1 + n for n in (20, 3, 11, 7)]
        makers: list[Callable[[int, int], bytes]] = [log.ask, log.ask, log.ask, log.ask]
        if number == 0:  # from nothing, a fork is as good as the log: but only one of them
            makers[1] = makers[3] = fork.ask
        found = race(folder, [make(known, size) for make, size in zip(makers, sizes, strict=True)])
        assert sorted(map(status, found)) == [200, 409, 409, 409]
        winner = [status(one) for one in found].index(200)
        if makers[winner] == fork.ask:
            log, fork = fork, log
        known = folder.open().logs()[0].size
        assert known == sizes[winner]
        # A larger head is never taken back by a smaller one that was checked at the same time.
        told = {read_size(one.body) for one in found if isinstance(one, Refusal)}
        assert told == {known}


@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
@settings(max_examples=scaled(300))
def test_any_body_is_answered(data: bytes) -> None:
    with contextlib.suppress(VerifyError):
        Request.parse(data)


@given(st.data())
@settings(max_examples=scaled(200), deadline=None)
def test_a_changed_body_is_never_cosigned_as_another_head(
    shared: tuple[Witness, bytes, str], data: st.DataObject
) -> None:
    witness, body, note = shared
    changed = bytearray(body)
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(changed) - 1))
        kind = data.draw(st.sampled_from(["set", "cut", "insert"]))
        if kind == "set":
            changed[at] = data.draw(st.integers(0, 255))
        elif kind == "cut":
            del changed[at : at + data.draw(st.integers(1, 60))]
        else:
            changed[at:at] = data.draw(st.binary(min_size=1, max_size=8))
        if not changed:
            return
    found = witness.answer(bytes(changed))
    if isinstance(found, Refusal):
        assert found.status in (400, 403, 404, 409, 422)
        assert found.body.endswith("\n")
    else:
        assert split_note(Request.parse(bytes(changed)).note)[0] == split_note(note)[0]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, key: SigningKey) -> tuple[Witness, bytes, str]:
    """A witness that has cosigned twelve entries, and the body that asked for it once more."""
    folder = WitnessFolder(tmp_path_factory.mktemp("w") / "witness")
    folder.create("witness.example", ED25519_COSIGNATURE)
    witness, log = folder.open(), Grown(key, 12)
    witness.add_log(key.public)
    assert status(witness.answer(log.ask(0, 12))) == 200
    return witness, log.ask(12, 12), log.note(12)


@pytest.mark.parametrize(
    "body",
    [
        "",
        "old 0\n",
        "old 0\n\n",
        "old 00\n\n{note}",
        "old -1\n\n{note}",
        "old +1\n\n{note}",
        "old 1e3\n\n{note}",
        "old ٣\n\n{note}",
        "old 99999999999999999999\n\n{note}",
        "old  0\n\n{note}",
        "new 0\n\n{note}",
        "old 0\nAAAA\n\n{note}",
        "old 0\n" + "A" * 43 + "=\n" * 1 + "not base64\n\n{note}",
        "old 0\n" + ("A" * 43 + "=\n") * 64 + "\n{note}",
        "old 0\r\n\r\n{note}",
        "old 0\n{note}",
    ],
)
def test_a_broken_body_is_400(witness: Witness, key: SigningKey, body: str) -> None:
    found = witness.answer(body.replace("{note}", Grown(key, 3).note(3)).encode())
    assert status(found) == 400


def test_what_is_no_witness_is_named(tmp_path: Path, key: SigningKey) -> None:
    with pytest.raises(LogError, match="witness init"):
        WitnessFolder(tmp_path).open()
    folder = WitnessFolder(tmp_path / "w")
    cosigner = folder.create("witness.example")
    with pytest.raises(LogError, match="a log's key"):
        Witness(folder.base, key)
    folder.base.write_bytes(b"SQLite format 3\0 and then nothing")
    with pytest.raises(LogError, match=r"witness\.db"):
        Witness(folder.base, cosigner)
