"""The key of a log signs packs of evidence, and by that nothing that a log, too, would sign."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest
from tests.plugins.log.logs import fill, settle
from tests.plugins.log.rotations import signs_anew

from chopmark import Chopmark, LogError, Policy, hookimpl
from chopmark.hookspecs import Signer
from chopmark.reading import open_evidence_signer, open_signer
from chopmark_log._evidence_signer import HEADER, evidence_signer
from chopmark_log._folder import LogFolder
from chopmark_log._handover import handover_note
from chopmark_log._signing import SigningKey, read_verifier_key
from chopmark_log.verify import Handover, VerifierKey, VerifyError, open_checkpoint, split_note


def policy(path: Path) -> Policy:
    return Policy(name="t", plugins=("log",)).with_options("log", path=str(path))


def public(folder: LogFolder) -> VerifierKey:
    return read_verifier_key(str(folder.public))


def signed(folder: LogFolder, message: bytes) -> str:
    signer = evidence_signer(policy(folder.path))
    assert signer is not None
    return signer.sign(message).decode()


def test_what_is_signed_is_a_note_of_the_digest_by_the_logs_own_key(folder: LogFolder) -> None:
    signer = open_evidence_signer(policy(folder.path))
    assert signer is not None
    key = public(folder)
    assert (signer.name, signer.key_id) == ("example.com/log", key.key_id.hex())
    body, [signature] = split_note(signer.sign(b"a manifest").decode())
    assert body == f"{HEADER}\nsha256 {hashlib.sha256(b'a manifest').hexdigest()}\n"
    assert (signature.name, signature.key_id) == (key.name, key.key_id)
    key.check(body, signature.data)
    assert "PRIVATE" not in repr(signer)
    assert folder.key.read_text().strip().rpartition("+")[2] not in repr(signer)


def test_no_message_is_signed_as_a_checkpoint_or_a_handover(folder: LogFolder) -> None:
    fill(folder, 2)
    settle(folder)
    store = folder.open()
    last = store.checkpoint()
    store.close()
    assert last is not None
    handover = handover_note(folder.signing_key(), SigningKey.new("example.com/log"))
    for message in (last.note, last.note.partition("\n\n")[0] + "\n", handover, ""):
        note = signed(folder, message.encode())
        with pytest.raises(VerifyError):
            open_checkpoint(note, [public(folder)])
        with pytest.raises(VerifyError):
            Handover.open(note)


def test_where_there_is_no_log_nothing_signs_and_none_is_made(tmp_path: Path) -> None:
    assert evidence_signer(policy(tmp_path / "none")) is None
    assert not (tmp_path / "none").exists()


def test_where_the_key_is_on_other_machines_nothing_signs(folder: LogFolder) -> None:
    folder.key.unlink()
    assert evidence_signer(policy(folder.path)) is None


def test_after_the_key_was_changed_the_new_one_signs_and_the_old_one_does_not(
    folder: LogFolder,
) -> None:
    old, kept = folder.key.read_bytes(), public(folder)
    new = signs_anew(folder)
    body, [signature] = split_note(signed(folder, b"m"))
    assert (signature.key_id, public(folder)) == (new.key_id, new)
    new.check(body, signature.data)
    assert new != kept
    folder.key.write_bytes(old)
    with pytest.raises(LogError, match="was handed over"):
        evidence_signer(policy(folder.path))


def test_it_signs_packs_alone_and_the_operators_own_signer_comes_first(folder: LogFolder) -> None:
    class Own:
        name, key_id = "own", "k"

        def sign(self, message: bytes) -> bytes:
            return b""

    class Brings:
        @hookimpl
        def chopmark_signer(self, policy: Policy) -> Signer | None:
            return own

    own, made = Own(), policy(folder.path)
    assert open_signer(made) is None
    assert Chopmark(made).signer is None
    assert open_evidence_signer(made, [Brings()]) is own


def test_a_chopmark_object_reads_no_key_when_it_is_made_nor_does_its_child(
    folder: LogFolder,
) -> None:
    folder.key.write_text("broken")
    chop = Chopmark(policy(folder.path))
    child = os.fork()
    if child == 0:
        os._exit(0 if chop.signer is None else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
