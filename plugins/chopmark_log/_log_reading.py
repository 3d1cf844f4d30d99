"""The reading side of a log, as the SDK and its plugins ask it: entries, texts, proofs, faults."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from chopmark import Content
from chopmark.hookspecs import Entry

from ._folder import LogFolder
from ._packages import check_finding
from ._read import backward, end, forward, get, outlines, read
from ._slices import Slice, slices

if TYPE_CHECKING:
    from chopmark.reading import Outline

    from ._entries import Proven
    from ._find import Finding
    from ._mapped import Mapped


class LogReading:
    """Reads the log in `folder`, whichever process or machine writes it. Shared by threads."""

    folder: LogFolder

    def read(self, since: int = 0, until: int | None = None) -> Iterator[Mapping[str, Any]]:
        """Yield what is in the log from `since` to before `until`, milliseconds since 1970.

        What was taken is there within a second, where some process takes records in.

        Raises:
            LogError: the log is damaged; what came before was yielded.
        """
        return read(self.folder, since, until)

    def outlines(
        self, since: int = 0, until: int | None = None
    ) -> Iterator[Outline | Mapping[str, Any]]:
        """Yield the same to be counted, calls as outlines: see `chopmark.reading.outlines`.

        Raises:
            LogError: the log is damaged; what came before was yielded.
        """
        return outlines(self.folder, since, until)

    def slices(self, count: int) -> list[Slice]:
        """Return all of it in at most `count` slices, which processes count side by side.

        Raises:
            LogError: the log cannot be read.
        """
        return slices(self.folder, count)

    def missing(self) -> str | None:
        """Return the path of the folder where no log is in it."""
        return None if self.folder.is_log else str(self.folder.path)

    def end(self) -> int:
        """Return how many entries the log has; the place of an entry is its index.

        Raises:
            LogError: the log cannot be read.
        """
        return end(self.folder)

    def forward(self, place: int = 0) -> Iterator[Entry]:
        """Yield the entries from index `place` on, of a bundle of 256 at a time.

        Raises:
            LogError: the log cannot be read.
        """
        return forward(self.folder, place)

    def backward(self, place: int | None = None) -> Iterator[Entry]:
        """Yield the entries before index `place`, by default all, the last first.

        Raises:
            LogError: the log cannot be read.
        """
        return backward(self.folder, place)

    def get(self, id: str) -> Entry | None:
        """Return the first entry of that id, which the index of ids has, None where there is none.

        Raises:
            LogError: the log cannot be read.
        """
        return get(self.folder, id)

    def find(self, text: str) -> Finding:
        """Return which answers of the log have `text`, or parts of it: see docs/find.md.

        Raises:
            LogError: the log cannot be read, keeps no contents, or `text` has nothing to compare.
        """
        check_finding()
        from ._find import find

        return find(self.folder, text, mapped=self._mapped)

    @cached_property
    def _mapped(self) -> Mapped:
        from ._mapped import Mapped

        return Mapped()

    def proof(self, index: int) -> Proven:
        """Return the proof that entry `index` is in the log, and what checks it.

        Raises:
            LogError: there is no such entry, it is under no checkpoint yet, or the log is damaged.
        """
        from ._entries import proof_of  # who records need not load it

        return proof_of(self.folder, index)

    def content(self, id: str) -> Content:
        """Return the texts of record `id`, each compared with what the record commits to.

        Whoever shows them takes down first, as an event, that somebody looks at them.

        Raises:
            LogError: there is no such record; its texts were not kept, were erased, or are
                restricted; or what is kept is not what was recorded.
        """
        from ._entries import content_of

        return content_of(self.folder, id)

    def faults(self, told: Callable[[int], object] = lambda count: None) -> list[str]:
        """Hash all of the log again, and return where it does not hold, as sentences.

        Five seconds for a million entries, or so. The key that must have signed is that of the
        folder: who does not trust this machine verifies by a key of its own. `told` hears how many
        entries are done.

        Raises:
            LogError: it cannot be read.
        """
        from ._audit import audit  # who records need not load it
        from ._beside import faults_beside
        from ._handover import public_keys

        if not self.folder.is_log:
            return []
        store = self.folder.open()
        try:
            found = audit(store, public_keys(self.folder), told)
            return [*found.faults, *faults_beside(self.folder, store)]
        finally:
            store.close()

    def behind(self) -> float:
        """Return for how many seconds the oldest record waits for the tree, 0.0 where none does.

        Raises:
            LogError: what it waits in, or the log, is damaged.
            OSError: it cannot be read.
        """
        from ._behind import behind

        return behind(self.folder)
