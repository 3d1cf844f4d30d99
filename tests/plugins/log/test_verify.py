"""`log verify` compares the log with all that lies beside it, too."""

from __future__ import annotations

import json
import sqlite3
import sys

import pytest
from tests.plugins.log.logs import content_of, fill, invoke, log_of

from chopmark.testing import sample_record
from chopmark_log._content import record_id
from chopmark_log._cosignatures import Cosignatures
from chopmark_log._folder import LogFolder
from chopmark_log._signing import SigningKey
from chopmark_log._usual import encode_call
from chopmark_log._witness_client import Cosignature, WitnessAddress
from chopmark_log.verify import ED25519_COSIGNATURE, split_note

if sys.platform == "win32":
    pytest.skip("locks of POSIX", allow_module_level=True)


def faults(folder: LogFolder, *words: str, command: str = "verify") -> list[str]:
    found = invoke("log", command, "--path", str(folder.path), "--json", *words)
    told: list[str] = json.loads(found.stdout)["faults"]
    assert found.exit_code == (1 if told else 0)
    return told


@pytest.mark.parametrize("command", ["verify", "fsck"])
def test_a_text_that_was_swapped_or_taken_away_is_named(folder: LogFolder, command: str) -> None:
    log = log_of(folder)
    made = [record_id(log.append_with(sample_record(), content_of()).record) for _ in range(3)]
    log.close()
    assert faults(folder, command=command) == []
    with sqlite3.connect(folder.path / "side.db") as base:
        base.execute("DELETE FROM payloads WHERE record = ?", (made[0],))
        swap = "UPDATE payloads SET data = (SELECT data FROM payloads WHERE record = ?) "
        base.execute(swap + "WHERE record = ?", (made[2], made[1]))
    base.close()
    first, second = faults(folder, command=command)
    assert (first[:7], second[:7]) == ("entry 0", "entry 1")


def test_a_text_that_is_not_what_its_leaf_commits_to_is_named_where_it_is_opened(
    folder: LogFolder,
) -> None:
    log = log_of(folder)
    log.append_with(sample_record(), content_of())
    record = sample_record()
    frames, payload, _ = log._seal(record, content_of(answer="what was kept"))
    _, _, other = log._seal(record, content_of(answer="what was recorded"))
    log._put(record.id, lambda *at: encode_call(record, other, *at, payload=payload), frames)
    log.close()
    assert faults(folder) == []
    [fault] = faults(folder, "--deep")
    assert fault == "entry 1: the text shown as 'answer' is not the one that was recorded"


def test_what_was_erased_is_no_fault(folder: LogFolder) -> None:
    log = log_of(folder)
    for user in ("anna", "bert"):
        log.append_with(sample_record(), content_of(user))
    log.close()
    words = ("--subject", "anna", "--basis", "a request", "--path", str(folder.path))
    assert invoke("log", "erase", *words).exit_code == 0
    assert faults(folder, "--deep") == []


def test_a_cosignature_of_what_the_log_has_not_or_that_does_not_hold_is_named(
    folder: LogFolder,
) -> None:
    fill(folder, 2)
    witness = SigningKey.new("witness.example/w", ED25519_COSIGNATURE)
    address = WitnessAddress.of("http://x", str(witness.public))
    kept = Cosignatures(folder.path)
    body = split_note(folder.head.read_text())[0]
    kept.add(address, Cosignature(2, body, 10_000, witness.cosign(body, 10_000)))
    assert faults(folder) == []
    later = body.replace("\n2\n", "\n7\n")  # as after log and head were set back
    kept.add(address, Cosignature(7, later, 20_000, witness.cosign(later, 20_000)))
    [fault] = faults(folder)
    assert fault == (
        "the cosignature of witness witness.example/w on 7 entries is of a checkpoint that the log "
        "has not"
    )
    kept.add(address, Cosignature(2, body, 10_000, witness.cosign(later, 10_000)))
    forged, _ = faults(folder)
    assert "on 2 entries: the signature of 'witness.example/w' does not hold" in forged
