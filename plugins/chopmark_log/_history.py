"""Which keys of a log were in force at which size, by the entries of the log itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from chopmark import LogError

from ._handover import opens
from ._leaf import decode
from .verify import (
    LOG_KEYS,
    Checkpoint,
    Handover,
    UnknownError,
    VerifierKey,
    VerifyError,
    open_checkpoint,
)


class History:
    """Which keys were in force at which size, by the entries of the log itself.

    Args:
        keys: those that are known from elsewhere. One of them must be among those of the history;
            of a type of which none is known, nothing is asked.
        entries: the entries that hand over keys: their indices, and their leaves.
        pruned: how many entries are gone.
        before: the handovers that may have been among those.
    """

    def __init__(
        self, keys: Sequence[VerifierKey], entries: Iterable[tuple[int, bytes]],
        pruned: int = 0, before: Sequence[Handover] = (),
    ) -> None:  # fmt: skip
        self.faults: list[str] = []
        self._others = [key for key in keys if key.kind not in LOG_KEYS]
        turns: dict[int, list[tuple[int, Handover]]] = {kind: [] for kind in LOG_KEYS}
        for index, leaf in entries:
            try:
                found = Handover.open(decode(leaf)["note"])
            except UnknownError:
                continue  # none of its type can be known, either
            except (LogError, VerifyError, KeyError, AttributeError) as error:
                self.faults.append(f"entry {index} is no handover of keys: {error}")
                continue
            earlier = turns[found.old.kind]
            if earlier and earlier[-1][1].new != found.old:
                self.faults.append(
                    f"entry {index} hands over key {found.old.key_id.hex()}, which was not in force"
                )
            earlier.append((index, found))
        self._lines = [
            _Line(
                [key for key in keys if key.kind == kind], turns[kind], pruned,
                [one for one in before if one.old.kind == kind],
            )
            for kind in LOG_KEYS
        ]  # fmt: skip

    def open(self, note: str, size: int) -> Checkpoint:
        """Return the checkpoint of `size` entries in a note that the keys in force signed.

        Raises:
            VerifyError: one of them did not, or it is not known.
        """
        known = [key for line in self._lines for key in line.at(size)]
        try:
            return open_checkpoint(note, [*known, *self._others]).checkpoint
        except VerifyError:
            for index, stale in [one for line in self._lines for one in line.stale(size)]:
                if opens(note, stale):
                    raise VerifyError(
                        f"it is signed by key {stale.key_id.hex()}, which was given up at entry "
                        f"{index}"
                    ) from None
            raise


class _Line:
    """The keys of one type, one after the other; the arguments are as for `History`."""

    def __init__(
        self, keys: Sequence[VerifierKey], turns: Sequence[tuple[int, Handover]], pruned: int,
        before: Sequence[Handover],
    ) -> None:  # fmt: skip
        self._keys, self._turns, self._pruned = keys, turns, pruned
        known = {one for _, one in turns}
        gone = [one for one in before if one not in known]
        self._former = [gone[0].old, *(one.new for one in gone)] if gone else []
        self._chain = self._former[-1:]
        if turns:
            self._chain = [turns[0][1].old, *(one.new for _, one in turns)]
        self._is_known = bool({*self._chain, *self._former} & set(keys))

    def at(self, size: int) -> Sequence[VerifierKey]:
        """Return the keys of which one must have signed a checkpoint of `size` entries."""
        if not self._is_known:
            return self._keys
        if self._former and size <= self._pruned:  # which of them it was is in no entry any more
            return self._former
        return [self._chain[self._given_up(size)]]

    def stale(self, size: int) -> list[tuple[int, VerifierKey]]:
        """Return the keys that were given up before, and by which entry."""
        if not self._is_known or (self._former and size <= self._pruned):
            return []
        over = self._turns[: self._given_up(size)]
        return [(index, key) for (index, _), key in zip(over, self._chain, strict=False)]

    def _given_up(self, size: int) -> int:
        return sum(index < size for index, _ in self._turns)
