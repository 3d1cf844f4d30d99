"""The roots of a growing tree at chosen sizes, computed a subtree of 256 leaves at a time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ._tree import LEVELS, WIDTH, rows_over
from .verify import EMPTY_ROOT, hash_node


class Roots:
    """Takes the hashes of leaves in order, and finds the roots at the sizes that are `wanted`.

    `found` has them, and after `end` that of all leaves, too.
    """

    def __init__(self, wanted: Iterable[int]) -> None:
        self._wanted = sorted(set(wanted) - {0}, reverse=True)
        self._size = 0  # of what is in the stack
        self._stack: list[tuple[int, bytes]] = []  # full subtrees from the left, by height
        self._rest: list[bytes] = []
        self.found: dict[int, bytes] = {0: EMPTY_ROOT}

    def add(self, leaves: Sequence[bytes]) -> None:
        """Add hashes of leaves."""
        self._rest += leaves
        while len(self._rest) >= WIDTH:
            rows = self._look(self._rest[:WIDTH])
            del self._rest[:WIDTH]
            height, node = LEVELS, rows[-1][0]
            while self._stack and self._stack[-1][0] == height:
                node = hash_node(self._stack.pop()[1], node)
                height += 1
            self._stack.append((height, node))
            self._size += WIDTH

    def end(self) -> None:
        """Add no more."""
        rest = len(self._rest)
        self._wanted = [one for one in self._wanted if one <= self._size + rest]
        if self._wanted[:1] != [self._size + rest]:
            self._wanted.insert(0, self._size + rest)
        if rest:
            self._look(self._rest)
        elif self._size:
            self.found[self._size] = self._over([])

    def _look(self, leaves: Sequence[bytes]) -> Sequence[Sequence[bytes]]:
        """Return the rows over `leaves`, and find the roots of sizes within them."""
        rows = rows_over(leaves)
        while self._wanted and self._wanted[-1] <= self._size + len(leaves):
            size = self._wanted.pop()
            self.found[size] = self._over(_parts(rows, size - self._size))
        return rows

    def _over(self, parts: Sequence[bytes]) -> bytes:
        """Return the root over the stack and `parts`, subtrees to the right of it."""
        nodes = [node for _, node in self._stack] + list(parts)
        root = nodes.pop()
        while nodes:
            root = hash_node(nodes.pop(), root)
        return root


def _parts(rows: Sequence[Sequence[bytes]], count: int) -> list[bytes]:
    """Return the full subtrees, the largest first, that make up the first `count` leaves."""
    parts, at = [], 0
    for height in reversed(range(count.bit_length())):
        if count >> height & 1:
            parts.append(rows[height][at >> height])
            at += 1 << height
    return parts
