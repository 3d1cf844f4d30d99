"""Looks through a whole log, as who does not trust it would: `log verify`."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from chopmark import LogError

from ._folder import LogFolder
from ._handover import handovers_in
from ._history import History
from ._roots import Roots
from ._store import Head, Run, Store
from ._tree import WIDTH, split_hashes
from ._writers import Writers
from .verify import (
    HASH_BYTES,
    Checkpoint,
    VerifierKey,
    VerifyError,
    hash_leaves,
    split_note,
)

_LARGE = 8 << 20
"""The bytes of a block whose end teaches glibc to keep what is freed, up to twice that.

Else each bundle's memory goes back to the system and is asked for again, for a tenth of the time.
"""
Progress = Callable[[int], object]


class Audit(NamedTuple):
    """What was found: `entries` were read, `size` of them are under the last checkpoint.

    `faults` are sentences; with none the log holds. `told` are sentences, too: what it says itself
    that it lacks.
    """

    origin: str
    entries: int
    size: int
    faults: tuple[str, ...]
    told: tuple[str, ...] = ()


def audit(
    store: Store, keys: Sequence[VerifierKey], progress: Progress = lambda n: None,
    look: Callable[[Run], object] = lambda run: None,
) -> Audit:  # fmt: skip
    """Hash every entry again, and compare with every checkpoint that was signed.

    Args:
        store: the log.
        keys: those that must have signed it.
        progress: told how many entries are done.
        look: shown all entries, which costs less than to read them once more.
    """
    bytes(_LARGE)
    faults: list[str] = []
    signed = store.checkpoints()
    heads = _heads(signed)
    roots, writers = Roots(heads), Writers(first := store.minimum)
    for number in range(first // WIDTH):
        roots.add(split_hashes(store.tile(0, number)))  # all that is left of them
    read = told = first
    for run in store.runs(0, store.size):
        if run.first != read:
            faults.append(f"entry {read} is missing")
        hashes = hash_leaves(run.leaves)
        faults += _not_in_tile(store, run.first, hashes)
        roots.add(hashes)
        faults += writers.look(run)
        look(run)
        read = run.first + len(run.leaves)
        if read - told >= 4096:
            told = read
            progress(read)
    faults += writers.lacking()
    roots.end()
    before = handovers_in(LogFolder(store.folder)) if first else ()
    history = History(keys, writers.handovers, first, before)
    faults += history.faults
    for size, _, note in signed:
        try:
            head = history.open(note, size)
            if (head.origin, head.size) != (store.origin, size):
                raise VerifyError(f"it is one of {head.origin}, {head.size}")
        except VerifyError as error:
            faults.append(f"checkpoint of {size} entries: {error}")
            heads.pop(size, None)
    for size, root in heads.items():
        if size > read:
            faults.append(f"a checkpoint of {size} entries was signed, and there are {read}")
        elif roots.found.get(size) != root:
            faults.append(f"the first {size} entries are not those that were signed")
    try:
        if not faults and store.tree().root() != roots.found[read]:
            faults.append("the tiles are not those of the entries")
    except LogError as error:
        faults.append(str(error))
    progress(read)
    size = max(heads, default=0)
    return Audit(store.origin, read, size, tuple(faults), tuple(writers.gone))


def _heads(signed: Sequence[Head]) -> dict[int, bytes]:
    """Return the roots that checkpoints have, by size; whether they hold is asked elsewhere."""
    found = {}
    for size, _, note in signed:
        with contextlib.suppress(VerifyError):
            found[size] = Checkpoint.parse_body(split_note(note)[0]).root
    return found


def _not_in_tile(store: Store, first: int, hashes: Sequence[bytes]) -> Iterator[str]:
    """Yield what is not in the tile of leaves, of entries of one bundle."""
    number, at = divmod(first, WIDTH)
    tile = store.tile(0, number)[at * HASH_BYTES : (at + len(hashes)) * HASH_BYTES]
    if tile == b"".join(hashes):
        return
    for place, hashed in enumerate(hashes):
        if tile[place * HASH_BYTES : (place + 1) * HASH_BYTES] != hashed:
            yield f"entry {first + place} is not the one that was taken"
