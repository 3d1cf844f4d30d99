"""Records that threads wait for, and which of them one statement puts into the database."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ._content import Payload

MOST = 512
"""How many records one statement puts in."""
MOST_BYTES = 1 << 23
"""How many bytes of content a statement puts in, if it has more than one record."""


@dataclass(eq=False, slots=True)
class Waiting:
    """A record that a thread waits for: `make` returns its leaf, for a number."""

    make: Callable[[int], bytes]
    payloads: Sequence[Payload]
    leaf: bytes = b""
    number: int = -1
    error: Exception | None = field(default=None, repr=False)

    @property
    def is_done(self) -> bool:
        return self.number >= 0 or self.error is not None

    @property
    def bytes(self) -> int:
        return sum(len(one.data) for one in self.payloads)


def next_of(queue: list[Waiting]) -> list[Waiting]:
    """Take those out of `queue` that the next statement puts in."""
    batch: list[Waiting] = []
    size = 0
    while queue and len(batch) < MOST:
        size += queue[0].bytes
        if batch and size > MOST_BYTES:
            break
        batch.append(queue.pop(0))
    return batch
