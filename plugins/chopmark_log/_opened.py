"""Opens what a record committed to, for who has the keys."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from chopmark import LogError

from ._content import OPENABLE, SubjectKey, digest_of, disclosures, record_id
from ._folder import LogFolder
from ._master import master_of
from ._side import Side
from ._store import Run, Store
from ._subject import Keys


class ClosedError(LogError):
    """The content of a record cannot be shown, for a reason that is no fault."""


class RestrictedError(ClosedError):
    """The content is kept because it must be, and is not to be read."""


class Opener:
    """Opens records of one log."""

    def __init__(self, folder: LogFolder) -> None:
        if not Keys.are_kept(folder):
            raise ClosedError(f"log {str(folder.path)!r} keeps no contents")
        self._keys, self._side = Keys(folder), Side(folder)
        self._folder, self._master = folder, master_of(folder, self._keys)

    def open(self, leaf: Mapping[str, Any], *, restricted: bool = False) -> dict[str, str]:
        """Return the disclosures of all fields of a leaf, each checked against it.

        Raises:
            ClosedError: its content was not kept, was erased, or is restricted.
            LogError: what is kept is not what was recorded.
        """
        if leaf.get("k") != "call" or not leaf.get("payload"):
            raise ClosedError("no content was kept of it")
        record = record_id(leaf["id"])
        kept = self._side.get(record)
        if kept is None:
            if self._side.is_gone(record):
                raise ClosedError(f"the content of record {leaf['id']} was erased")
            raise LogError(f"the content of record {leaf['id']} is missing from side.db")
        found = self._keys.wrapped(kept.key)
        if found is None:
            raise ClosedError(f"the content of record {leaf['id']} was erased")
        if found[1] and not restricted:
            raise RestrictedError(
                f"the content of record {leaf['id']} is restricted: it is kept because it must be, "
                "and not to be read; `chopmark log show --break-glass REASON` reads it, and the "
                "log says so"
            )
        if digest_of(kept.cipher) != leaf["payload"]:
            raise LogError(f"the content of record {leaf['id']} is not the one that was recorded")
        return disclosures(self._unwrap(kept.key, found[0]), record, kept.cipher, leaf)

    def close(self) -> None:
        """Close the files."""
        self._keys.close()
        self._side.close()

    def _unwrap(self, id: bytes, wrapped: bytes) -> SubjectKey:
        try:
            return self._master.unwrap(id, wrapped)
        except LogError:
            if self._keys.check == self._master.check:
                raise
        self._master = master_of(self._folder, self._keys)  # another is in force since
        found = self._keys.wrapped(id)
        if found is None:
            raise ClosedError(f"what is under key {id.hex()} was erased")
        return self._master.unwrap(id, found[0])


class Comparison:
    """Compares contents with the entries that name them. `faults` are sentences.

    It needs no key, unless for `opening` them: then texts are compared with what leaves commit to.

    Raises:
        LogError: keys are needed, and cannot be read.
    """

    def __init__(self, folder: LogFolder, *, opening: bool = False) -> None:
        self._side = Side(folder) if Side.is_kept(folder) else None
        self._opener = Opener(folder) if opening and self._side is not None else None
        self._ended = self._side is None and folder.moved.exists()  # they are where the log is
        self.faults: list[str] = []

    def look(self, run: Run) -> None:
        """Look at entries."""
        if self._ended:
            return
        try:
            for index, leaf in enumerate(run.leaves, run.first):
                if b'"payload":"' in leaf:
                    self._look(index, json.loads(leaf))
        except (LogError, ValueError, KeyError) as error:
            self.faults.append(str(error))
            self._ended = True

    def close(self) -> None:
        """Close the files."""
        for one in (self._side, self._opener):
            if one is not None:
                one.close()

    def _look(self, index: int, leaf: Mapping[str, Any]) -> None:
        record = record_id(leaf["id"])
        kept = self._side.get(record) if self._side is not None else None
        if kept is not None and digest_of(kept.cipher) != leaf["payload"]:
            self.faults.append(f"entry {index}: its content is not the one that was recorded")
        elif kept is None and (self._side is None or not self._side.is_gone(record)):
            self.faults.append(f"entry {index}: its content is missing, and was not erased")
        elif kept is not None and self._opener is not None:
            try:
                self._opener.open(leaf, restricted=True)  # compared, and shown to nobody
            except ClosedError:
                pass
            except LogError as error:
                self.faults.append(f"entry {index}: {error}")


def content_faults(folder: LogFolder, store: Store, *, opening: bool = False) -> list[str]:
    """Return what `Comparison` finds in a log.

    Raises:
        LogError: keys are needed, and cannot be read, or the log cannot.
    """
    found = Comparison(folder, opening=opening)
    try:
        for run in store.runs(0, store.size):
            found.look(run)
    except LogError as error:
        found.faults.append(str(error))
    finally:
        found.close()
    return found.faults


def read_fields(text: str) -> Sequence[str]:
    """Return the fields that `text` names, such as `request,answer`.

    Raises:
        LogError: there is no such field.
    """
    names = [name.strip() for name in text.split(",") if name.strip()]
    unknown = sorted(set(names) - set(OPENABLE))
    if unknown or not names:
        raise LogError(
            f"{text!r} names no field that can be opened; those are {', '.join(OPENABLE)}"
        )
    return names
