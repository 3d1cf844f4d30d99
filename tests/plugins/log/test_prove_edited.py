"""No proof, bundle or leaf is handed out that does not hold: who edits the store is named first."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.plugins.log.logs import content_of, fill, invoke, log_of, settle

from chopmark import LogError
from chopmark.testing import sample_record
from chopmark_log._folder import LogFolder
from chopmark_log._integrate import integrate, integrating
from chopmark_log.verify import Checkpoint, hash_leaf, root_of, split_note

EDIT = "UPDATE entries SET leaf = CAST(replace(leaf, 'modify', 'allow') AS BLOB) WHERE at = 3"
NAMED = "entry 3 is not under the root that was signed"


@pytest.fixture
def filled(folder: LogFolder) -> LogFolder:
    fill(folder, 5)
    settle(folder)
    return folder


def change(folder: LogFolder, query: str, values: tuple[object, ...] = ()) -> None:
    store: Any = folder.open(writing=True)
    store.file.rows(query, values)
    store.close()


def edit_all(folder: LogFolder) -> None:
    """Edit a leaf, the tile over it and the checkpoint, as who has not the key can."""
    change(folder, EDIT)
    store = folder.open()
    hashes = [hash_leaf(one.leaf) for one in store.entries(0, 5)]
    note = store.checkpoint().note  # type: ignore[union-attr]
    store.close()
    change(folder, "UPDATE tiles SET hashes = ? WHERE level = 0", (b"".join(hashes),))
    body, (signature, *_) = split_note(note)[0], note.rpartition("\n\n")[2].splitlines()
    head = Checkpoint(Checkpoint.parse_body(body).origin, 5, root_of(hashes))
    change(folder, "UPDATE checkpoints SET note = ?", (f"{head.body}\n{signature}\n",))


def test_no_proof_of_an_edited_leaf_is_written(filled: LogFolder, tmp_path: Path) -> None:
    out = tmp_path / "out.tlog-proof"
    command = ["log", "prove", "--path", str(filled.path), "-o", str(out)]
    change(filled, EDIT)
    done = invoke(*command, "3")
    assert (done.exit_code, NAMED in done.output) == (1, True), done.output
    assert list(tmp_path.glob("out.*")) == []
    assert invoke(*command, "2").exit_code == 0
    with pytest.raises(LogError, match=NAMED):
        log_of(filled).proof(3)


def test_no_bundle_with_an_edited_leaf_is_written(filled: LogFolder, tmp_path: Path) -> None:
    command = ["log", "export", "--path", str(filled.path)]
    change(filled, EDIT)
    done = invoke(*command, str(tmp_path / "out"))
    assert (done.exit_code, NAMED in done.output) == (1, True), done.output
    assert list(tmp_path.glob("out*")) == []
    assert invoke(*command, str(tmp_path / "out"), "--to", "3").exit_code == 0


def test_no_bundle_is_written_without_an_entry_that_was_taken_out(
    filled: LogFolder, tmp_path: Path
) -> None:
    for at in (2, 4):
        change(filled, "DELETE FROM entries WHERE at = ?", (at,))
        done = invoke("log", "export", str(tmp_path / "out"), "--path", str(filled.path),
                      "--from", str(at - 1))  # fmt: skip
        assert (done.exit_code, f"entry {at} is missing" in done.output) == (1, True), done.output
        assert list(tmp_path.glob("out*")) == []
        change(filled, "INSERT INTO entries SELECT ?, leaf FROM entries WHERE at = 1", (at,))


def test_a_checkpoint_that_nobody_signed_proves_nothing(filled: LogFolder, tmp_path: Path) -> None:
    edit_all(filled)
    for words in (["prove", "3"], ["prove", "0"], ["export", str(tmp_path / "bundle")]):
        done = invoke("log", *words, "--path", str(filled.path))
        assert (done.exit_code, "the signature of" in done.output) == (1, True), done.output
    assert list(tmp_path.glob("bundle*")) == []


def shown(folder: LogFolder, *words: str) -> tuple[int, dict[str, Any], str]:
    done = invoke("log", "show", *words, "--path", str(folder.path))
    return done.exit_code, json.loads(done.stdout), done.stderr


def test_what_is_shown_of_an_edited_leaf_is_said_to_be_so(filled: LogFolder) -> None:
    assert shown(filled, "3")[::2] == (0, "")
    assert shown(filled, "3")[1]["holds"] is True
    change(filled, EDIT)
    code, said, told = shown(filled, "3", "--open", "answer")
    assert (code, said["index"], said["holds"], said["action"]) == (1, 3, False, "allow")
    assert NAMED in told
    assert "opened" not in said
    assert shown(filled, "2")[0] == 0


def test_an_edited_leaf_cannot_say_of_itself_that_it_holds(filled: LogFolder) -> None:
    lie = 'CAST(replace(leaf, \'{"\', \'{"index":9,"holds":true,"\') AS BLOB)'
    change(filled, f"UPDATE entries SET leaf = {lie} WHERE at = 3")
    code, said, _ = shown(filled, "3")
    assert (code, said["index"], said["holds"]) == (1, 3, False)


@pytest.mark.parametrize("leaf", [b"no leaf", b"[]", b"\xff", b'{"k":"call"}'])
def test_what_is_no_leaf_is_named_and_not_shown(filled: LogFolder, leaf: bytes) -> None:
    change(filled, "UPDATE entries SET leaf = ? WHERE at = 3", (leaf,))
    done = invoke("log", "show", "3", "--path", str(filled.path))
    assert (done.exit_code, NAMED in done.stderr) == (1, True), done.output


def test_an_entry_that_is_under_no_checkpoint_yet_is_shown_and_held_against_its_hash(
    filled: LogFolder,
) -> None:
    log = log_of(filled, integrate=False)
    log.append_with(sample_record("last"), content_of())
    log.close()
    with integrating(filled) as mine:
        assert mine
        store = filled.open(writing=True)
        integrate(filled, store)
        assert store.size == 6
        store.close()
    code, said, told = shown(filled, "5")
    assert (code, said["holds"], told) == (0, None, "")
    change(filled, EDIT.replace("at = 3", "at = 5"))
    code, said, told = shown(filled, "5")
    assert (code, said["holds"]) == (1, False)
    assert "entry 5 is not the one that was taken" in told
