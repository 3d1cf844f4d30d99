"""Looks through a whole log, as who does not trust it would: `log verify`, and bundles."""

from __future__ import annotations

import base64
import contextlib
import json
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from chopmark import LogError

from . import verify as _verify
from ._cosignatures import cosigned
from ._errors import UnsoundError
from ._folder import LogFolder
from ._gone import is_told
from ._handover import History, handovers_in, is_handover, keys_under
from ._holding import Under
from ._leaf import decode
from ._roots import Roots
from ._store import Entry, Head, Run, Store
from ._tree import WIDTH, split_hashes
from .verify import (
    HASH_BYTES,
    Checkpoint,
    Proof,
    VerifierKey,
    VerifyError,
    hash_leaves,
    split_note,
)

# Keys are in order, so that a leaf ends in its writer. In a text the quotes would have a backslash,
# and what is nested deeper would end in three braces.
_END = re.compile(rb'.*,"w":\{"h":"([^"\\]+)","n":(0|[1-9][0-9]{0,15})\}\}', re.S).fullmatch
_LARGE = 8 << 20
"""The bytes of a block whose end teaches glibc to keep what is freed, up to twice that.

Else each bundle's memory goes back to the system and is asked for again, for a tenth of the time.
"""
_TOLD = 256
"""After so many records of a bundle it is told how far it is."""
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
    roots, writers = Roots(heads), _Writers(first := store.minimum)
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


def prove(store: Store, index: int) -> Proof:
    """Return the proof that entry `index` is under a checkpoint, a cosigned one where there is one.

    Raises:
        UnsoundError: it is not the entry that was signed.
        LogError: there is no such entry, or none was signed that holds it.
    """
    return prove_entry(store, store.entry(index))


def prove_entry(store: Store, entry: Entry) -> Proof:
    """Return the same of an entry that is read already, as it was read."""
    last = store.checkpoint()
    if last is None or last.size <= entry.index:
        raise LogError(f"entry {entry.index} is under no checkpoint yet; ask again in a second")
    head = cosigned(store, entry.index + 1)
    return Proof(entry.index, Under(store, head.note).prove(entry), head.note)


def export(
    store: Store, public: VerifierKey, start: int, end: int, out: Path,
    opening: Callable[[bytes], list[str]] | None = None,
    progress: Callable[[int, int], object] = lambda done, total: None,
) -> int:  # fmt: skip
    """Write the records from `start` to `end` as a bundle into the new folder `out`.

    It holds the checkpoint with the cosignatures of witnesses, each leaf with its proof, the keys
    and the program that checks them. Return how many records it has.

    Args:
        store: the log.
        public: its key.
        start: the first entry.
        end: behind the last one.
        out: the folder.
        opening: returns the disclosures of a leaf that the bundle shall show.
        progress: told how many records are in it, and of how many.

    Raises:
        UnsoundError: an entry is missing, or is not the one that was signed; nothing was written.
        LogError: the folder is there already or cannot be made, or nothing was signed yet.
    """
    last = store.checkpoint()
    if last is None:
        raise LogError("the log has no checkpoint yet; ask again in a second")
    head = cosigned(store, min(end, last.size))
    under, folder = Under(store, head.note), LogFolder(store.folder)
    end = min(end, head.size)
    making = out.with_name(out.name + ".part")
    count = 0
    try:
        if out.exists():
            raise LogError(f"{str(out)!r} is there already; nothing was changed")
        shutil.rmtree(making, ignore_errors=True)
        making.mkdir(parents=True)
        (making / "checkpoint").write_text(head.note, "utf-8")
        signers = (*keys_under(folder, public, head.note), *head.keys)
        (making / "keys").write_text("".join(f"{key}\n" for key in signers), "utf-8")
        if folder.handovers.exists():
            shutil.copyfile(folder.handovers, making / folder.handovers.name)
        shutil.copyfile(_verify.__file__, making / "verify.py")
        with (making / "records.jsonl").open("w", encoding="utf-8") as file:
            for entry in _all_of(store, start, end):
                proof = [base64.b64encode(one).decode() for one in under.prove(entry)]
                line = {
                    "index": entry.index, "leaf": entry.leaf.decode(), "proof": proof,
                    "opened": opening(entry.leaf) if opening is not None else [],
                }  # fmt: skip
                file.write(json.dumps(line, ensure_ascii=False) + "\n")
                count += 1
                if count % _TOLD == 0:
                    progress(count, end - start)
        progress(count, end - start)
        making.rename(out)
    except OSError as error:
        raise LogError(f"bundle {str(out)!r} cannot be written: {error.strerror}") from error
    finally:
        shutil.rmtree(making, ignore_errors=True)
    return count


def _all_of(store: Store, start: int, end: int) -> Iterator[Entry]:
    due = start
    for entry in store.entries(start, end):
        if entry.index != due:
            break
        yield entry
        due += 1
    if due < end:
        raise UnsoundError(f"entry {due} is missing; `chopmark log verify` says what else is")


class _Writers:
    """Finds what is missing between the leaves of one writer.

    Args:
        pruned: how many entries are gone: the first leaves of a writer may be among them.
    """

    def __init__(self, pruned: int) -> None:
        self._pruned = pruned
        self._begins_later = bool(pruned)  # or in another log
        self._next: dict[bytes, int] = {}
        self._writer, self._end = b"", b',"w":{"h":"","n":'
        self.handovers: list[tuple[int, bytes]] = []
        """The entries that hand over the log's key; each has a writer of its own."""
        self._said: dict[bytes, tuple[int, int]] = {}
        # By writer, how many leaves the next one of its process said that it made, and where.
        self.gone: list[str] = []

    def look(self, run: Run) -> Iterator[str]:
        """Yield what is wrong with the numbers of a run, as sentences."""
        writer, end, number = self._writer, self._end, self._next.get(self._writer, 0)
        for index, leaf in enumerate(run.leaves, run.first):
            if leaf.endswith(end + b"%d}}" % number):  # as `_END` finds it, in a quarter of that
                number += 1
                continue
            self._next[writer] = number
            if is_handover(leaf):
                self.handovers.append((index, leaf))
            if not index and b'"former":"' in leaf and b',"k":"gap",' in leaf:
                self._begins_later = True
            if is_told(leaf):
                self.gone.append(f"entry {index} says that a spool is gone, of which it had a part")
            try:
                writer, found, after = _writer_of(leaf)
            except (LogError, KeyError, TypeError, AttributeError) as error:
                yield f"entry {index}: {error}"
                continue
            end, number = b',"w":{"h":"%b","n":' % writer, self._next.get(writer, 0)
            if after is not None:
                self._said[after[0]] = after[1], index
            if found != number and not (self._pruned and writer not in self._next):
                yield (
                    f"entry {index} is number {found} of writer {writer.decode()}, and {number} "
                    "was to come: records are missing, or are there twice"
                )
            number = found + 1
        self._writer, self._end = writer, end
        self._next[writer] = number

    def lacking(self) -> Iterator[str]:
        """Yield of which writers leaves are missing that the one after them speaks of."""
        for writer, (count, index) in self._said.items():
            if self._begins_later and writer not in self._next:
                continue
            there = self._next.get(writer, 0)
            if there < count:
                yield (
                    f"entry {index} says that writer {writer.decode()} made {count} records, and "
                    f"{there} of them are there: {count - there} are missing"
                )


def _writer_of(leaf: bytes) -> tuple[bytes, int, tuple[bytes, int] | None]:
    """Return the writer of a leaf, how many it made before, and the same of the one before it.

    The last is there where the leaf says so: all that writer made.
    """
    end = _END(leaf)
    if end is not None:
        return end[1], int(end[2]), None
    said = decode(leaf)["w"]
    after = said.get("after")
    former = None if after is None else (after["h"].encode(), after["n"] + 0)
    return said["h"].encode(), said["n"], former
