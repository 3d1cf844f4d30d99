"""Checks the proof of an entry, in front of whoever asks: by the log's program for strangers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, cast

from chopmark import LogError
from chopmark.hookspecs import Log


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What came of a check: `why` it does not hold, or could not be `checked`, "" where it holds.

    `path` are the hashes from the leaf up, `signers` those who signed the root, by name, with the
    time in milliseconds since 1970 where they say one.
    """

    holds: bool
    checked: bool = True
    why: str = ""
    origin: str = ""
    index: int = 0
    size: int = 0
    leaf: str = ""
    path: tuple[str, ...] = ()
    root: str = ""
    computed: str = ""
    signers: Mapping[str, int | None]
    keys: tuple[str, ...] = ()
    checkpoint: str = ""


class _Proven(Protocol):
    leaf: bytes
    proof: str
    keys: tuple[str, ...]


class ProvingLog(Log, Protocol):
    """A log that proves what is in it, as that of plugin `log` does."""

    def proof(self, index: int) -> _Proven:
        """Return the proof of an entry."""


def proving(log: Log) -> ProvingLog | None:
    """Return `log` where it proves what is in it, else None."""
    return cast(ProvingLog, log) if hasattr(log, "proof") else None


def check(log: ProvingLog, index: int) -> Checked:
    """Prove that entry `index` is in the log, and check that with the public keys alone."""
    from chopmark_log import UnsoundError
    from chopmark_log.verify import (
        Proof,
        VerifierKey,
        VerifyError,
        hash_leaf,
        open_checkpoint,
        root_by_inclusion,
    )

    try:
        proven = log.proof(index)
    except UnsoundError as error:  # the log looked itself
        return Checked(holds=False, why=str(error), signers={})
    except LogError as error:
        return Checked(holds=False, checked=False, why=str(error), signers={})
    try:
        keys = [VerifierKey.parse(key) for key in proven.keys]
        proof = Proof.parse(proven.proof)
        head, signers = open_checkpoint(proof.note, keys)
        leaf = hash_leaf(proven.leaf)
        root = root_by_inclusion(proof.index, head.size, leaf, proof.hashes)
        return Checked(
            holds=root == head.root and proof.index == index,
            why="" if root == head.root else f"entry {index} is not under the root that was signed",
            origin=head.origin,
            index=proof.index,
            size=head.size,
            leaf=leaf.hex(),
            path=tuple(hashed.hex() for hashed in proof.hashes),
            root=head.root.hex(),
            computed=root.hex(),
            signers={
                key.partition("+")[0]: None if time is None else time * 1000
                for key, time in signers.items()
            },
            keys=proven.keys,
            checkpoint=proof.note,
        )
    except VerifyError as error:
        return Checked(holds=False, why=str(error), signers={}, keys=proven.keys)
