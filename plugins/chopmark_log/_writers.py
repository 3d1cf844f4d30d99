"""Finds which records of a process are missing in a log: each leaf has its number of its writer."""

from __future__ import annotations

import re
from collections.abc import Iterator

from chopmark import LogError

from ._gone import is_told
from ._handover import is_handover
from ._leaf import decode
from ._store import Run

# Keys are in order, so that a leaf ends in its writer. In a text the quotes would have a backslash,
# and what is nested deeper would end in three braces.
_END = re.compile(rb'.*,"w":\{"h":"([^"\\]+)","n":(0|[1-9][0-9]{0,15})\}\}', re.S).fullmatch


class Writers:
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
