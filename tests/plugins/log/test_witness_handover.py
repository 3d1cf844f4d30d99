"""A witness and a parent learn the new key of a log from the log itself, and from nobody else."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.plugins.log.logs import fill, invoke, signed
from tests.plugins.log.rotations import signs_anew
from tests.plugins.log.test_parent import above, gather, heads, parent_of, served
from tests.plugins.log.test_witness import Grown, status
from tests.plugins.log.test_witnessing import Serving, option, public, serve

from chopmark_log._cosignatures import Cosignatures
from chopmark_log._folder import LogFolder
from chopmark_log._handover import handover_note, handovers_in
from chopmark_log._signing import SigningKey, read_signing_key
from chopmark_log._witness import Refusal
from chopmark_log._witness_client import Reply, WitnessAddress, WitnessTroubleError, submit
from chopmark_log._witness_state import Witness, WitnessFolder
from chopmark_log._witnessing import ask_one

__all__ = ["above", "serve"]
ORIGIN = "example.com/log"


@pytest.fixture
def keys() -> list[SigningKey]:
    """Three keys of one log, and that of somebody else."""
    return [SigningKey.new(ORIGIN) for _ in range(4)]


@pytest.fixture
def witness(tmp_path: Path, keys: list[SigningKey]) -> Witness:
    """A witness who knows the first of them."""
    folder = WitnessFolder(tmp_path / "witness")
    folder.create("witness.example/w")
    found = folder.open()
    found.add_log(keys[0].public)
    return found


def known(witness: Witness) -> set[str]:
    return set(witness.logs()[0].keys)


def cosigned(folder: LogFolder, url: str, key: str) -> int:
    """Have a witness cosign the last checkpoint; return how many entries it has."""
    store = folder.open()
    try:
        return ask_one(store, Cosignatures(folder.path), WitnessAddress.of(url, key), timeout=60.0)
    finally:
        store.close()


def test_a_key_that_was_handed_over_signs_no_more_and_the_next_one_does(
    witness: Witness, keys: list[SigningKey], caplog: pytest.LogCaptureFixture
) -> None:
    old, new, *_ = keys
    assert status(witness.answer(Grown(old, 10).ask(0, 10))) == 200
    assert status(witness.answer(Grown(new, 20).ask(10, 20))) == 403
    note = handover_note(old, new).encode()
    assert [witness.hand_over(note) for _ in range(2)] == [None, None]  # the second says nothing
    assert known(witness) == {str(new.public)}
    assert status(witness.answer(Grown(old, 20).ask(10, 20))) == 403
    assert status(witness.answer(Grown(new, 20, fork=5).ask(10, 20))) == 422  # it is the same log
    assert status(witness.answer(Grown(new, 20).ask(10, 20))) == 200
    told = [one.message for one in caplog.records if one.levelno == logging.WARNING]
    assert len(told) == 1
    assert str(new.public) in told[0]


def test_a_forged_handover_gives_nobody_the_log(witness: Witness, keys: list[SigningKey]) -> None:
    old, new, third, mallory = keys
    other = SigningKey.new("example.com/other")
    stolen = SigningKey(old.public, mallory.private)  # whoever knows the public key alone
    good = handover_note(old, new)
    cases: list[tuple[str | bytes, int]] = [
        (handover_note(stolen, mallory), 400),  # the old key did not sign
        (handover_note(old, SigningKey(mallory.public, old.private)), 400),  # the new one did not
        (good.replace(str(new.public), str(mallory.public)), 400),
        (good.rsplit("— ", 1)[0], 400),  # one signature is missing
        (good.replace("chopmark/log/key/1", "chopmark/log/key/2"), 400),
        (b"\xff\n\n", 400),
        ("", 400),
        (handover_note(third, mallory), 403),  # both signed, and neither is known
        (handover_note(other, SigningKey.new(other.public.name)), 404),
        (handover_note(old, other), 400),  # to another name
    ]
    for note, told in cases:
        found = witness.hand_over(note if isinstance(note, bytes) else note.encode())
        assert isinstance(found, Refusal), note
        assert found.status == told, note
        assert known(witness) == {str(old.public)}


def test_whoever_steals_a_key_that_was_given_up_hands_over_nothing(
    witness: Witness, keys: list[SigningKey]
) -> None:
    old, new, third, mallory = keys
    for one, next in ((old, new), (new, third)):
        assert witness.hand_over(handover_note(one, next).encode()) is None
    for note in (handover_note(old, mallory), handover_note(old, new), handover_note(new, old)):
        assert status(witness.hand_over(note.encode()) or "") == 403
        assert known(witness) == {str(third.public)}


def test_a_witness_learns_of_new_keys_by_itself_also_of_two_at_once(
    folder: LogFolder, serve: Callable[..., Serving]
) -> None:
    witness = serve(public(folder))
    (address,) = option(witness)
    fill(folder, 2)
    assert cosigned(folder, **address) == 2
    signs_anew(folder)
    fill(folder, 1)
    assert cosigned(folder, **address) == 4
    for _ in range(2):  # while nobody asks it
        signs_anew(folder)
        fill(folder, 1)
    fill(folder, 1)
    assert cosigned(folder, **address) == signed(folder) == 9
    (log,) = witness.folder.open().logs()
    assert (log.size, log.keys) == (9, (str(public(folder)),))


def test_a_witness_that_believed_a_stolen_key_is_told_by_hand(
    witness: Witness, keys: list[SigningKey]
) -> None:
    old, new, _, mallory = keys
    assert witness.hand_over(handover_note(old, mallory).encode()) is None
    assert status(witness.hand_over(handover_note(old, new).encode()) or "") == 403
    command = ["witness", "add-log", str(new.public), "--path", str(witness.path.parent)]
    assert invoke(*command).exit_code == 0
    assert known(witness) == {str(new.public), str(mallory.public)}
    assert invoke(*command, "--only").exit_code == 0
    assert known(witness) == {str(new.public)}


def test_a_log_says_to_whom_its_key_has_to_be_told_by_hand(
    folder: LogFolder, serve: Callable[..., Serving]
) -> None:
    (stranger,) = option(serve(SigningKey.new(ORIGIN).public))  # who knows another key of that name
    signs_anew(folder)
    fill(folder, 1)
    with pytest.raises(WitnessTroubleError, match=r"answered 403: .*; give it the log's key"):
        cosigned(folder, **stranger)
    asked: list[str] = []

    def older(address: WitnessAddress, body: bytes, timeout: float, what: str) -> Reply:
        asked.append(what)
        return Reply(403 if what == "add-checkpoint" else 404, "")  # which knows no handovers

    store = folder.open()
    with pytest.raises(WitnessTroubleError, match="give it the log's key"):
        submit(store, WitnessAddress.of(**stranger), 0, 1.0, ask=older)
    store.close()
    assert asked == ["add-checkpoint", "add-handover"]


def test_a_parent_takes_heads_under_the_new_key(
    folder: LogFolder, above: LogFolder, tmp_path: Path
) -> None:
    fill(folder, 2)
    parent = parent_of(above, folder)
    gather(parent, folder)
    old = public(folder)
    signs_anew(folder)
    fill(folder, 1)
    assert gather(parent, folder).size == 4  # from its folder
    signs_anew(folder)
    with served(parent) as url:
        fill(folder, 1)
        assert cosigned(folder, url, str(parent.key.public)) == 6
    (child,) = parent.logs()
    assert (child.size, child.keys) == (6, (str(public(folder)),))
    assert [size for _, size in heads(above)] == [2, 4, 6]
    assert len(handovers_in(folder)) == 2
    assert read_signing_key(folder.key).public == public(folder)
    head, call = (str(tmp_path / f"{name}.tlog-proof") for name in ("head", "call"))
    made = ["log", "parent", "prove-head", ORIGIN, "--path", str(above.path), "-o", head]
    under = ["--path", str(folder.path), "--under", str(tmp_path / "head.leaf"), "-o", call]
    assert [invoke(*one).exit_code for one in (made, ["log", "parent", "prove", "0", *under])] == (
        [0, 0]
    )
    keys = ["--key", str(above.public), "--key", str(old)]
    checks = ["log", "parent", "verify-proof", call, head, *keys, "--json"]
    assert "by another key" in invoke(*checks).output
    told = json.loads(invoke(*checks, "--handovers", str(folder.handovers)).output)
    assert (told["holds"], told["known"]) == (True, True)
