"""Notes, checkpoints and proofs are C2SP's, and nothing that was changed holds."""

from __future__ import annotations

import base64
import contextlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.depth import scaled

from chopmark import LogError
from chopmark_log._signing import (
    SigningKey,
    read_signing_key,
    sign_note,
    write_signing_key,
)
from chopmark_log._tree import Tree, grow
from chopmark_log.verify import (
    ED25519_COSIGNATURE,
    HASH_BYTES,
    Checkpoint,
    Proof,
    VerifierKey,
    VerifyError,
    hash_leaf,
    open_checkpoint,
    root_of,
    split_note,
)

ORIGIN = "example.com/chopmark/2026"
# The example of C2SP signed-note, with the key that Go's sumdb/note documentation publishes.
GO_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_NOTE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6"
    "KE6RyyBwJnAM=\n"
)


@pytest.fixture(scope="module")
def key() -> SigningKey:
    return SigningKey.new(ORIGIN)


@pytest.fixture(scope="module")
def entries() -> list[bytes]:
    return [f"entry {n}".encode() for n in range(13)]


def prove(key: SigningKey, entries: list[bytes], index: int) -> Proof:
    leaves = [hash_leaf(entry) for entry in entries]
    levels = grow(0, leaves, lambda level, start, end: b"")
    tree = Tree(
        len(leaves), lambda n, start, end: levels[n][1][start * HASH_BYTES : end * HASH_BYTES]
    )
    note = sign_note(Checkpoint(ORIGIN, len(leaves), root_of(leaves)), [key])
    return Proof(index, tuple(tree.inclusion(index)), note)


def test_a_note_that_go_signed_holds_here() -> None:
    key = VerifierKey.parse(GO_KEY)
    body, (signature,) = split_note(GO_NOTE)
    assert (signature.name, signature.key_id) == (key.name, key.key_id)
    assert key.check(body, signature.data) is None
    with pytest.raises(VerifyError, match="does not hold"):
        key.check(body + " ", signature.data)


def test_a_checkpoint_comes_back_from_its_note(key: SigningKey) -> None:
    head = Checkpoint(ORIGIN, 7, b"\x01" * 32)
    note = sign_note(head, [key])
    assert open_checkpoint(note, [key.public]).checkpoint == head
    body, signatures = split_note(note)
    assert body == f"{ORIGIN}\n7\n{base64.b64encode(head.root).decode()}\n"
    assert len(signatures) == 1


def test_signatures_of_unknown_keys_are_passed_over_and_a_wrong_one_of_a_known_is_not(
    key: SigningKey,
) -> None:
    head = Checkpoint(ORIGIN, 7, b"\x01" * 32)
    stranger = SigningKey.new("stranger.example")
    note = sign_note(head, [stranger, key])
    assert list(open_checkpoint(note, [key.public]).signers) == [str(key.public)]
    with pytest.raises(VerifyError, match="no key that is known"):
        open_checkpoint(note, [stranger.public])
    forged = sign_note(head, [key]).replace("\n7\n", "\n8\n")
    with pytest.raises(VerifyError, match="does not hold"):
        open_checkpoint(forged, [key.public])


def test_a_witness_says_when_it_saw_a_checkpoint(key: SigningKey) -> None:
    witness = SigningKey.new("witness.example", ED25519_COSIGNATURE)
    note = sign_note(Checkpoint(ORIGIN, 7, b"\x01" * 32), [key])
    body, _ = split_note(note)
    cosigned = note + witness.cosign(body, 1_700_000_000)
    signers = open_checkpoint(cosigned, [key.public, witness.public]).signers
    assert signers == {str(key.public): None, str(witness.public): 1_700_000_000}
    other = note + witness.cosign(body, 1_700_000_001).replace(
        witness.cosign(body, 1_700_000_001).split()[-1],
        witness.cosign(body.replace("7", "8"), 1_700_000_001).split()[-1],
    )
    with pytest.raises(VerifyError, match=r"witness\.example"):
        open_checkpoint(other, [key.public, witness.public])


def test_an_entry_is_proved_offline_and_no_other_is(key: SigningKey, entries: list[bytes]) -> None:
    for index, entry in enumerate(entries):
        proof = Proof.parse(str(prove(key, entries, index)))
        assert proof.check(entry, [key.public]).checkpoint.size == 13
        with pytest.raises(VerifyError, match="this is not entry"):
            proof.check(b"another", [key.public])


def test_a_proof_of_another_log_is_named(key: SigningKey, entries: list[bytes]) -> None:
    other = SigningKey.new("other.example/log")
    with pytest.raises(VerifyError, match=r"no key that is known here signed for log 'example"):
        prove(key, entries, 3).check(entries[3], [other.public])


@given(st.data())
@settings(max_examples=scaled(300))
def test_no_changed_byte_of_a_proof_holds(
    key: SigningKey, entries: list[bytes], data: st.DataObject
) -> None:
    text = str(prove(key, entries, 5)).encode()
    at = data.draw(st.integers(0, len(text) - 1))
    changed = bytearray(text)
    changed[at] = data.draw(st.integers(0, 255).filter(lambda byte: byte != text[at]))
    try:
        shown = changed.decode()
    except UnicodeDecodeError:
        return
    with pytest.raises(VerifyError):
        Proof.parse(shown).check(entries[5], [key.public])


@given(st.text(max_size=400))
@settings(max_examples=scaled(300))
def test_any_text_is_read_or_named(text: str) -> None:
    for read in (split_note, Proof.parse, VerifierKey.parse, Checkpoint.parse_body):
        with contextlib.suppress(VerifyError):
            read(text)


def test_a_signing_key_is_kept_in_a_private_file(key: SigningKey, tmp_path: Path) -> None:
    path = tmp_path / "log.key"
    write_signing_key(key, path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert str(read_signing_key(path).public) == str(key.public)
    with pytest.raises(LogError, match="there already"):
        write_signing_key(key, path)
    path.chmod(0o640)
    with pytest.raises(LogError, match="chmod 600"):
        read_signing_key(path)


@pytest.mark.parametrize(
    "text", ["", "PRIVATE+KEY+a+00000000+AAAA", "PRIVATE+KEY+a", "private", "PRIVATE+KEY++x+!"]
)
def test_what_is_no_signing_key_is_named_and_not_shown(tmp_path: Path, text: str) -> None:
    path = tmp_path / "log.key"
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(LogError, match=r"log\.key") as caught:
        read_signing_key(path)
    assert "AAAA" not in str(caught.value)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\nb", "a\0b"])
def test_a_name_that_no_note_can_hold_is_refused(name: str) -> None:
    with pytest.raises(LogError, match="cannot name a key"):
        SigningKey.new(name)
