"""What a store of a log is: its entries, the hashes over them, and what was signed.

All that reads or grows a log knows this alone, and nothing of where it is kept. A new kind of store
implements the abstract methods of `Store`; the others follow from them.
"""

from __future__ import annotations

import contextlib
import json
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from chopmark import LogError

from ._tree import Tree
from .verify import Checkpoint, VerifierKey

Leaf = tuple[bytes | None, bytes]
"""What is appended: the id of what it records, 16 bytes, if it has one, and the bytes of a leaf."""

NOWHERE: Mapping[str, int] = {}


class Entry(NamedTuple):
    """One entry of the log."""

    index: int  # type: ignore[assignment]  # nobody searches an entry
    leaf: bytes


class Run(NamedTuple):
    """Entries side by side, of one bundle: the index of the first, and the leaf of each."""

    first: int
    leaves: Sequence[bytes]


class Head(NamedTuple):
    """A checkpoint that was signed: of how many entries, when (ms since 1970), and its note."""

    size: int
    time: int
    note: str


class OvertakenError(LogError):
    """Another was faster, and what was to be done is not what there is to be done now."""


class Store(ABC):
    """A log, wherever it is kept. Shared by threads.

    Many may read it while one writes: `take`, `forget_spool` and `publish` are for who holds the
    lock of the log. Where that lock reaches less far than the store, because processes on several
    machines write it, `take` must give each entry an index of its own, and `publish` must refuse
    what was overtaken. Every method raises `LogError` where the store cannot be reached or read.
    """

    origin: str
    """The name of the log."""
    name: str
    """How errors name it, such as its address."""
    folder: Path
    """Where that is which belongs to the log and lies beside it: keys, contents, cosignatures."""
    beside: Any = None
    """What else is open as long as this is, and is closed with it."""

    @property
    @abstractmethod
    def size(self) -> int:
        """How many entries the log has."""

    @property
    def replaced(self) -> bool:
        """Whether another log was put in the place of the one that is open."""
        return False

    @property
    def minimum(self) -> int:
        """The first entry that was not pruned; of those before, hashes and proofs are there."""
        return 0

    @property
    @abstractmethod
    def room(self) -> int:
        """How many bytes the log takes, all of it."""

    # --- reading

    @abstractmethod
    def runs(self, start: int, end: int) -> Iterator[Run]:
        """Return the entries from `start` to `end` in runs, in order; a missing one ends a run."""

    def entries(self, start: int, end: int) -> Iterator[Entry]:
        """Return the entries from `start` to `end`; those that are missing are left out."""
        for run in self.runs(start, end):
            yield from map(Entry, range(run.first, run.first + len(run.leaves)), run.leaves)

    @abstractmethod
    def places(self, start: int) -> Sequence[int]:
        """Return the indices of all entries whose ids begin as `start_of` says, the first first."""

    @abstractmethod
    def ids(self) -> Iterator[tuple[int, int]]:
        """Return `start_of` each id, and the index of its entry, in any order."""

    @abstractmethod
    def tile(self, level: int, number: int) -> bytes:
        """Return the hashes of a tile, at most 256, side by side; nothing where there is none."""

    @abstractmethod
    def hashes(self, level: int, start: int, end: int) -> bytes:
        """Return the hashes from `start` to `end` of a tile level, side by side.

        Raises:
            LogError: some are missing.
        """

    @abstractmethod
    def checkpoint(self, size: int | None = None) -> Head | None:
        """Return the checkpoint of `size` entries, by default the last one, if there is one."""

    @abstractmethod
    def checkpoints(self) -> list[Head]:
        """Return every checkpoint, the oldest first."""

    @abstractmethod
    def damages(self) -> list[str]:
        """Return, as sentences, what the database finds to be damaged in what it keeps."""

    def tree(self, size: int | None = None) -> Tree:
        """Return the tree of the first `size` entries, by default of all."""
        return Tree(self.size if size is None else size, self.hashes)

    def entry(self, index: int) -> Entry:
        """Return the entry at `index`.

        Raises:
            LogError: there is none.
        """
        size = self.size
        for entry in self.entries(index, min(index + 1, size)):
            return entry
        if 0 <= index < self.minimum:
            raise LogError(
                f"entry {index} of log {self.name!r} was pruned; an archive may have it, and prove "
                "it: see `chopmark log archive`"
            )
        raise LogError(f"log {self.name!r} has no entry {index}; it has {size}")

    def find(self, id: bytes) -> Entry | None:
        """Return the first entry of the record `id`, 16 bytes."""
        for entry in self._beginning_as(id):
            if id_of(entry.leaf) == id:
                return entry
        return None

    def holds(self, id: bytes, leaf: bytes) -> bool:
        """Return whether the log has `leaf`, whose id is `id`."""
        return any(entry.leaf == leaf for entry in self._beginning_as(id))

    def _beginning_as(self, id: bytes) -> Iterator[Entry]:
        for at in self.places(start_of(id)):
            yield from self.entries(at, at + 1)

    # --- writing

    @property
    def waiting(self) -> int:
        """How many records the store itself has that are not in the log yet."""
        return 0

    @property
    def read_only(self) -> str:
        """Why the store takes nothing new at present, if it does not, else ""."""
        return ""

    def next(self) -> bytes | None:
        """Return the leaf that has waited longest in the store itself, None where none does."""
        return None

    def collect(self) -> int:
        """Take what is waiting into the log, unless another process does; return how much."""
        return 0

    @contextlib.contextmanager
    def alone(self) -> Iterator[bool]:
        """Hold what only one may at a time, also of those on other machines; yield whether."""
        yield True

    @abstractmethod
    def read(self) -> Mapping[str, int]:
        """Return how many bytes of each spool were taken, by its name."""

    @abstractmethod
    def take(
        self, leaves: Sequence[Leaf], read: Mapping[str, int], behind: Mapping[str, int] = NOWHERE
    ) -> int:
        """Append `leaves` and note how far spools were `read`, as one; return the size then.

        Args:
            leaves: what is appended.
            read: how far spools were read, by their names.
            behind: up to where some of them were taken when they were read.

        Raises:
            OvertakenError: more was taken of them since, so that entries would be there twice.
            LogError: nothing of them is in the log.
        """

    @abstractmethod
    def prune(self, minimum: int) -> None:
        """Take the entries before `minimum` away, a multiple of 256; their hashes stay."""

    @abstractmethod
    def note_spool(self, name: str, read: int, *, over: bool = False) -> None:
        """Note how far a spool was read; `over`, that all of it was, and it is taken away now."""

    @abstractmethod
    def over(self) -> set[str]:
        """Return the names of the spools that were noted as over."""

    @abstractmethod
    def forget_spool(self, name: str) -> None:
        """Forget a spool that is read whole and taken away."""

    @abstractmethod
    def publish(self, head: Checkpoint, time: int, note: str, after: int) -> None:
        """Keep a signed checkpoint, in the place of that of `after` entries as the last one.

        Args:
            head: what was signed. It has more than `after` entries.
            time: when, in milliseconds since 1970.
            note: the signed note.
            after: how many entries the last checkpoint has, with which `head` was compared; 0 where
                there is none.

        Raises:
            OvertakenError: the last one is another now, so that the two might differ.
        """

    @abstractmethod
    def say_key(self, key: VerifierKey) -> None:
        """Have the store say that the log's key of its type is `key`, where it says that at all."""

    @abstractmethod
    def close(self) -> None:
        """Close what is open, and what is `beside`."""


def id_of(leaf: bytes) -> bytes | None:
    """Return the id of what `leaf` records, if it has one.

    Raises:
        LogError: it is no JSON object.
    """
    try:
        data = json.loads(leaf)
    except (ValueError, RecursionError) as error:
        raise LogError(f"no leaf: {error}") from error
    if not isinstance(data, dict):
        raise LogError("no leaf: it is no JSON object")
    try:
        return bytes.fromhex(str(data.get("id")).replace("-", "")) or None
    except ValueError:
        return None


def start_of(id: bytes) -> int:
    """Return the first 8 bytes of an id, as a signed number (big-endian)."""
    # Of a UUIDv7 these are its time and a few bits of chance: new ones come behind the others.
    return int.from_bytes(id[:8].ljust(8, b"\0"), "big", signed=True)
