"""Looks through a whole log, as who does not trust it would: `log verify`, and bundles."""

from __future__ import annotations

import base64
import json
import re
import shutil
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from chopmark import LogError

from . import verify as _verify
from ._cosignatures import cosigned
from ._leaf import decode
from ._store import Store
from ._tree import WIDTH
from .verify import HASH_BYTES, Proof, VerifierKey, VerifyError, hash_leaf, open_checkpoint

# Keys are in order, so that a leaf ends in its writer. In a text the quotes would have a backslash,
# and what is nested deeper would end in three braces.
_END = re.compile(rb'.*,"w":\{"h":"([^"\\]+)","n":(0|[1-9][0-9]{0,15})\}\}', re.S).fullmatch
Progress = Callable[[int], object]


class Audit(NamedTuple):
    """What was found: `entries` were read, `size` of them are under the last checkpoint.

    `faults` are sentences; with none the log holds.
    """

    origin: str
    entries: int
    size: int
    faults: tuple[str, ...]


def audit(store: Store, keys: Sequence[VerifierKey], progress: Progress = lambda n: None) -> Audit:
    """Hash every entry again, and compare with every checkpoint that was signed.

    Args:
        store: the log.
        keys: those that must have signed it.
        progress: told how many entries are done.
    """
    faults: list[str] = []
    heads: dict[int, bytes] = {}
    for size, _, note in store.checkpoints():
        try:
            head = open_checkpoint(note, keys).checkpoint
        except VerifyError as error:
            faults.append(f"checkpoint of {size} entries: {error}")
            continue
        if head.origin != store.origin or head.size != size:
            faults.append(f"checkpoint of {size} entries is one of {head.origin}, {head.size}")
        heads[size] = head.root
    counts: dict[str, int] = {}
    tiles = _Leaves(store)
    read = 0

    def hashes() -> Iterable[bytes]:
        nonlocal read
        for entry in store.entries(0, store.size):
            if entry.index != read:
                faults.append(f"entry {read} is missing")
                read = entry.index
            read += 1
            _look(entry.leaf, entry.index, counts, faults)
            if read % 4096 == 0:
                progress(read)
            hashed = hash_leaf(entry.leaf)
            if tiles.of(entry.index) != hashed:
                faults.append(f"entry {entry.index} is not the one that was taken")
            yield hashed

    roots = _roots(hashes(), heads)
    for size, root in heads.items():
        if size > read:
            faults.append(f"a checkpoint of {size} entries was signed, and there are {read}")
        elif roots.get(size) != root:
            faults.append(f"the first {size} entries are not those that were signed")
    try:
        if not faults and store.tree().root() != roots[read]:
            faults.append("the tiles are not those of the entries")
    except LogError as error:
        faults.append(str(error))
    progress(read)
    return Audit(store.origin, read, max(heads, default=0), tuple(faults))


class _Leaves:
    """The hashes of leaves in the tiles, a tile at a time."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._number, self._tile = -1, b""

    def of(self, index: int) -> bytes:
        number, at = divmod(index, WIDTH)
        if number != self._number:
            self._number, self._tile = number, self._store.tile(0, number)
        return self._tile[at * HASH_BYTES : (at + 1) * HASH_BYTES]


def prove(store: Store, index: int) -> Proof:
    """Return the proof that entry `index` is under a checkpoint, a cosigned one where there is one.

    Raises:
        LogError: there is no such entry, or none was signed that holds it.
    """
    store.entry(index)
    last = store.checkpoint()
    if last is None or last.size <= index:
        raise LogError(f"entry {index} is under no checkpoint yet; ask again in a second")
    head = cosigned(store, index + 1)
    return Proof(index, tuple(store.tree(head.size).inclusion(index)), head.note)


def export(
    store: Store, public: VerifierKey, start: int, end: int, out: Path,
    opening: Callable[[bytes], list[str]] | None = None,
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

    Raises:
        LogError: the folder is there already or cannot be made, or nothing was signed yet.
    """
    last = store.checkpoint()
    if last is None:
        raise LogError("the log has no checkpoint yet; ask again in a second")
    head = cosigned(store, min(end, last.size))
    tree = store.tree(head.size)
    making = out.with_name(out.name + ".part")
    count = 0
    try:
        if out.exists():
            raise LogError(f"{str(out)!r} is there already; nothing was changed")
        shutil.rmtree(making, ignore_errors=True)
        making.mkdir(parents=True)
        (making / "checkpoint").write_text(head.note, "utf-8")
        (making / "keys").write_text("".join(f"{key}\n" for key in (public, *head.keys)), "utf-8")
        shutil.copyfile(_verify.__file__, making / "verify.py")
        with (making / "records.jsonl").open("w", encoding="utf-8") as file:
            for entry in store.entries(start, min(end, head.size)):
                proof = [base64.b64encode(one).decode() for one in tree.inclusion(entry.index)]
                line = {
                    "index": entry.index, "leaf": entry.leaf.decode(), "proof": proof,
                    "opened": opening(entry.leaf) if opening is not None else [],
                }  # fmt: skip
                file.write(json.dumps(line, ensure_ascii=False) + "\n")
                count += 1
        making.rename(out)
    except OSError as error:
        raise LogError(f"bundle {str(out)!r} cannot be written: {error.strerror}") from error
    finally:
        shutil.rmtree(making, ignore_errors=True)
    return count


def _look(leaf: bytes, index: int, counts: dict[str, int], faults: list[str]) -> None:
    """Find what is missing between the leaves of one writer."""
    end = _END(leaf)
    if end is not None:
        writer, number = end[1].decode(), int(end[2])
    else:
        try:
            data = decode(leaf)
            writer, number = data["w"]["h"], data["w"]["n"]
        except (LogError, KeyError, TypeError) as error:
            faults.append(f"entry {index}: {error}")
            return
    expected = counts.get(writer, 0)
    if number != expected:
        faults.append(
            f"entry {index} is number {number} of writer {writer}, and {expected} was to come: "
            "records are missing, or are there twice"
        )
    counts[writer] = number + 1


def _roots(leaves: Iterable[bytes], wanted: Iterable[int]) -> dict[int, bytes]:
    """Return the roots of the trees of the `wanted` sizes, and that of all leaves."""
    sizes = set(wanted)
    stack: list[tuple[int, bytes]] = []
    roots: dict[int, bytes] = {}
    count = 0
    for leaf in leaves:
        height, node = 0, leaf
        while stack and stack[-1][0] == height:
            node = _verify.hash_node(stack.pop()[1], node)
            height += 1
        stack.append((height, node))
        count += 1
        if count in sizes:
            roots[count] = _fold(stack)
    roots[count] = _fold(stack)
    return roots


def _fold(stack: Sequence[tuple[int, bytes]]) -> bytes:
    if not stack:
        return _verify.EMPTY_ROOT
    root = stack[-1][1]
    for _, node in reversed(stack[:-1]):
        root = _verify.hash_node(node, root)
    return root
