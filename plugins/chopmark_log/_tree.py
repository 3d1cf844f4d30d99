"""The tree that grows: its tiles, and the proofs that they give.

Only hashes of full subtrees are kept, 256 to a tile (C2SP tlog-tiles): a hash of height 8 L is in
tile level L, and those between are computed again from the 256 below. So a proof reads at most one
tile for each eight levels on each side.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from .verify import EMPTY_ROOT, HASH_BYTES, hash_node, hash_pairs

WIDTH = 256
LEVELS = 8
_REMEMBERED = 16  # tiles, which is more than a proof needs
Read = Callable[[int, int, int], bytes]
"""`read(level, start, end)`: the hashes from `start` to `end` of a tile level, side by side."""


class Tree:
    """A tree of `size` leaves whose hashes of full subtrees `read` knows. It changes nothing.

    It remembers the tiles that it read last: proofs of entries side by side need the same ones.
    """

    def __init__(self, size: int, read: Read) -> None:
        self.size = size
        self._read = read
        self._tiles: dict[tuple[int, int], list[Sequence[bytes]]] = {}

    def root(self) -> bytes:
        """Return the root of the tree."""
        return self.range(0, self.size) if self.size else EMPTY_ROOT

    def range(self, start: int, end: int) -> bytes:
        """Return the hash of the leaves from `start` to `end` (RFC 6962, MTH).

        `start` must be a multiple of the largest power of two that is not below their number.
        """
        parts = []
        at = start
        while at < end:  # full subtrees, the largest first
            height = (end - at).bit_length() - 1
            parts.append(self._full(height, at >> height))
            at += 1 << height
        node = parts.pop()
        while parts:
            node = hash_node(parts.pop(), node)
        return node

    def inclusion(self, index: int) -> list[bytes]:
        """Return the hashes beside the way from leaf `index` up to the root, the lowest first.

        Raises:
            IndexError: there is no such leaf.
        """
        if not 0 <= index < self.size:
            raise IndexError(f"entry {index} is not in a tree of {self.size}")
        found: list[bytes] = []
        start, end = 0, self.size
        while end - start > 1:
            middle = start + (1 << (end - start - 1).bit_length() - 1)
            if index < middle:
                found.append(self.range(middle, end))
                end = middle
            else:
                found.append(self.range(start, middle))
                start = middle
        return found[::-1]

    def consistency(self, old: int) -> list[bytes]:
        """Return the proof that the tree of `old` leaves is the beginning of this one.

        Raises:
            IndexError: the tree is smaller than that.
        """
        if not 0 <= old <= self.size:
            raise IndexError(f"a tree of {old} is not the beginning of one of {self.size}")
        if old in (0, self.size):
            return []
        found: list[bytes] = []
        start, end, known = 0, self.size, True
        while old != end:
            middle = start + (1 << (end - start - 1).bit_length() - 1)
            if old <= middle:
                found.append(self.range(middle, end))
                end = middle
            else:
                found.append(self.range(start, middle))
                start, known = middle, False
        if not known:
            found.append(self.range(start, end))
        return found[::-1]

    def _full(self, height: int, number: int) -> bytes:
        """Return the hash of a full subtree."""
        level, above = divmod(height, LEVELS)
        tile, at = divmod(number << above, WIDTH)
        rows = self._tiles.get((level, tile)) or self._over(level, tile)
        return rows[above][at >> above]

    def _over(self, level: int, tile: int) -> list[Sequence[bytes]]:
        """Return the rows over the hashes of a tile."""
        first = tile * WIDTH
        hashes = self._read(level, first, min(first + WIDTH, self.size >> LEVELS * level))
        nodes = split_hashes(hashes)
        if len(self._tiles) == _REMEMBERED:
            del self._tiles[next(iter(self._tiles))]
        self._tiles[level, tile] = rows = rows_over(nodes)
        return rows


def split_hashes(data: bytes) -> list[bytes]:
    """Return the hashes that stand side by side in `data`."""
    return [data[at : at + HASH_BYTES] for at in range(0, len(data), HASH_BYTES)]


def fold(nodes: Sequence[bytes]) -> bytes:
    """Return the hash over a full subtree of `nodes`, whose number is a power of two."""
    return rows_over(nodes)[-1][0]


def rows_over(nodes: Sequence[bytes]) -> list[Sequence[bytes]]:
    """Return `nodes`, and the hashes of all full subtrees over them: a row for each height."""
    rows = [nodes]
    while len(rows[-1]) > 1:
        rows.append(hash_pairs(rows[-1]))
    return rows


def grow(size: int, leaves: Sequence[bytes], read: Read) -> dict[int, tuple[int, bytes]]:
    """Return what `leaves`, appended to a tree of `size`, add to each tile level.

    That is the number of the first new hash of the level, and the hashes side by side.
    """
    added: dict[int, tuple[int, bytes]] = {}
    level, start, fresh = 0, size, list(leaves)
    while fresh:
        added[level] = (start, b"".join(fresh))
        end = start + len(fresh)
        first = start // WIDTH  # the first hash of the level above that is new
        full = end // WIDTH - first
        if not full:
            break
        older = read(level, first * WIDTH, start) if start % WIDTH else b""
        row = split_hashes(older) + fresh
        fresh = [fold(row[at * WIDTH : (at + 1) * WIDTH]) for at in range(full)]
        level, start = level + 1, first
    return added
