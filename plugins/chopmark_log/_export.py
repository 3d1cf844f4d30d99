"""What a log hands out to who does not trust it: the proof of an entry, and bundles of them."""

from __future__ import annotations

import base64
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from chopmark import LogError

from . import verify as _verify
from ._cosignatures import cosigned
from ._errors import UnsoundError
from ._folder import LogFolder
from ._handover import keys_under
from ._holding import Under
from ._store import Entry, Store
from .verify import Proof, VerifierKey

_NAMES = {"checkpoint", "handovers", "keys", "records.jsonl", "verify.py"}
_TOLD = 256
"""After so many records of a bundle it is told how far it is."""


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
        LogError: the folder is there already or cannot be made, `end` is before `start`, or nothing
            was signed yet.
    """
    if not out.name:
        raise LogError(f"{str(out)!r} is there already; give the name of a new folder")
    if start > min(end, store.size):
        raise LogError(f"there are no entries from {start} to {end}; the log has {store.size}")
    last = store.checkpoint()
    if last is None:
        raise LogError("the log has no checkpoint yet; ask again in a second")
    head = cosigned(store, min(end, last.size))
    under, folder = Under(store, head.note), LogFolder(store.folder)
    end = min(end, head.size)
    making = out.with_name(out.name + ".part")
    _check_ours(making)
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


def _check_ours(making: Path) -> None:
    """Look whether there is nothing in `making` but what an export that was cut short left."""
    if making.is_dir():
        others = {path.name for path in making.iterdir()} - _NAMES
        if others:
            raise LogError(
                f"{str(making)!r} has other files, such as {min(others)!r}; give the bundle "
                "another name; nothing was changed"
            )


def _all_of(store: Store, start: int, end: int) -> Iterator[Entry]:
    due = start
    for entry in store.entries(start, end):
        if entry.index != due:
            break
        yield entry
        due += 1
    if due < end:
        raise UnsoundError(f"entry {due} is missing; `chopmark log verify` says what else is")
