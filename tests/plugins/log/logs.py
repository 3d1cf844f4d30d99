"""What tests of the log do with a log: fill it, take all in, look through it, run its commands."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from typing import Any

from click.testing import CliRunner, Result

from chopmark import Content, Message
from chopmark._cli import cli
from chopmark.testing import sample_record
from chopmark_log._audit import audit
from chopmark_log._folder import LogFolder
from chopmark_log._integrate import integrate, integrating, publish
from chopmark_log._leaf import decode
from chopmark_log._log import TransparencyLog
from chopmark_log._signing import read_verifier_key

PATIENCE = 120.0


def log_of(folder: LogFolder, **options: object) -> TransparencyLog:
    return TransparencyLog({"path": str(folder.path), **options})


def fill(folder: LogFolder, count: int, **options: object) -> list[str]:
    """Append records in a log that is opened and closed for it; return their ids."""
    log = log_of(folder, **options)
    ids = [log.append(sample_record(str(n))).record for n in range(count)]
    log.close()
    return ids


def content_of(user: str = "anna", answer: str = "an answer to her") -> Content:
    asked = Message(role="user", text=f"a question of {user}")
    return Content(messages=(asked,), answer=answer, user=user)


def settle(folder: LogFolder) -> None:
    """Take in what is in the spools, whoever else does, and sign it."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        with integrating(folder) as mine:
            if mine:
                store = folder.open(writing=True)
                try:
                    integrate(folder, store)
                    publish(folder, store)
                finally:
                    store.close()
                return
        time.sleep(0.02)
    raise AssertionError("the lock was never free")


def leaves(folder: LogFolder, kind: str = "") -> list[dict[str, Any]]:
    """Return what the entries say, or those of a kind."""
    store = folder.open()
    try:
        found = [decode(entry.leaf) for entry in store.entries(0, store.size)]
    finally:
        store.close()
    return [leaf for leaf in found if kind in ("", leaf["k"])]


def ids_of(folder: LogFolder) -> list[str]:
    """Return the ids of the calls."""
    return [leaf["id"] for leaf in leaves(folder, "call")]


def settled_ids(folder: LogFolder) -> list[str]:
    settle(folder)
    return ids_of(folder)


def faults_of(folder: LogFolder) -> Sequence[str]:
    store = folder.open()
    try:
        return audit(store, [read_verifier_key(str(folder.public))]).faults
    finally:
        store.close()


def signed(folder: LogFolder) -> int:
    """Return how many entries are under the last checkpoint."""
    store = folder.open()
    try:
        last = store.checkpoint()
        return last.size if last else 0
    finally:
        store.close()


def holds(folder: LogFolder, taken: Sequence[str], refused: Sequence[str] = ()) -> None:
    """Fail unless what was taken is there, nothing twice, and nothing that nobody made."""
    found = Counter(settled_ids(folder))
    assert [name for name in taken if not found[name]] == []
    assert [name for name, count in found.items() if count > 1] == []
    assert set(found) <= {*taken, *refused}
    assert faults_of(folder) == ()


def invoke(*words: str) -> Result:
    """Run `chopmark` with `words`; an error that is not one of the command's own fails the test."""
    found = CliRunner().invoke(cli, list(words))
    assert found.exception is None or isinstance(found.exception, SystemExit), found.exception
    return found
