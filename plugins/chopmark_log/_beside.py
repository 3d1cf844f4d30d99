"""Compares a log with what lies beside it: the last signed head, cosignatures, contents."""

from __future__ import annotations

from collections.abc import Sequence

from ._audit import Audit, Progress, audit
from ._care import fsck
from ._cosignatures import Cosignatures
from ._folder import LogFolder
from ._integrate import head_faults
from ._opened import Comparison, content_faults
from ._rotate import older_keys
from ._store import Store
from .verify import VerifierKey, VerifyError, split_note


def audit_all(
    folder: LogFolder, store: Store, keys: Sequence[VerifierKey],
    progress: Progress = lambda n: None, *, opening: bool = False,
) -> Audit:  # fmt: skip
    """Do what `audit` and `faults_beside` do, and read the log once for both."""
    contents = Comparison(folder, opening=opening)
    try:
        found = audit(store, keys, progress, contents.look)
    finally:
        contents.close()
    return found._replace(faults=(*found.faults, *_faults(folder, store), *contents.faults))


def fsck_all(
    folder: LogFolder, store: Store, keys: Sequence[VerifierKey], progress: Progress
) -> list[str]:
    """Do what `fsck` and `faults_beside` do, and read the log once less for both."""
    contents = Comparison(folder)
    try:
        found = fsck(store, keys, progress, contents.look)
    finally:
        contents.close()
    return [*found, *_faults(folder, store), *contents.faults]


def faults_beside(folder: LogFolder, store: Store, *, opening: bool = False) -> list[str]:
    """Return what contradicts the log, as sentences.

    Args:
        folder: that of the log.
        store: the log.
        opening: whether texts are also opened, to be compared with what their leaves commit to; it
            needs the keys.

    Raises:
        LogError: something cannot be read.
    """
    return [*_faults(folder, store), *content_faults(folder, store, opening=opening)]


def _faults(folder: LogFolder, store: Store) -> list[str]:
    """Return what contradicts the log, but for contents."""
    return [
        *head_faults(folder, store),
        *cosignature_faults(store),
        *older_keys(folder, store),
    ]


def cosignature_faults(store: Store) -> list[str]:
    """Return which cosignatures do not hold, or are of a checkpoint that the log has not.

    The latter is what is left to see where log and head were set back together.
    """
    faults = []
    for one in Cosignatures(store.folder).all(store.origin):
        told = f"of witness {one.key.partition('+')[0]} on {one.size} entries"
        try:
            key = VerifierKey.parse(one.key)
            (signature,) = split_note(f"{one.body}\n{one.line}")[1]
            key.check(one.body, signature.data)
        except (VerifyError, ValueError) as error:
            faults.append(f"the cosignature {told}: {error}")
            continue
        head = store.checkpoint(one.size)
        if head is None or split_note(head.note)[0] != one.body:
            faults.append(f"the cosignature {told} is of a checkpoint that the log has not")
    return faults
