"""Ends what a policy keeps no longer: texts of calls, and entries, which an archive may have first.

Of an entry that is pruned the bytes go, and its hash stays: every checkpoint, every proof that was
given, and every later one hold as before (C2SP tlog-tiles, "pruning"). The log says what was done.
"""

from __future__ import annotations

import json

from chopmark import LogError

from ._content import record_id
from ._contents import leaf_of
from ._erase import Registrar
from ._options import DAY, LogOptions
from ._progress import adding
from ._store import Store
from ._tree import WIDTH


def end_texts(by: Registrar, options: LogOptions, now: int) -> int:
    """Erase texts that are older than the policy keeps them, unless the law or a hold does.

    The age is that of the record's id, a UUIDv7. Return of how many records.

    Args:
        by: who may.
        options: those of the log in the policy.
        now: milliseconds since 1970.

    Raises:
        LogError: a file cannot be written.
    """
    if not options.texts:
        return 0
    older = _first_id(now - options.texts)
    leaving = {one.id for one in by.keys.leaving()}  # whose end is another one
    kept = [key for key in by.side.keys(older) if key not in leaving and not by.keys.is_held(key)]
    due = {key: count for key in kept if (count := by.side.count(key, now, older))}
    count = sum(due.values())
    if count:  # said first: what is cut short may be said twice, and none goes unsaid
        basis = f"texts_days of the policy: {options.texts // DAY}"
        with by.keys.transaction():
            by.keys.send(*leaf_of("erase", {"count": count, "basis": basis}))
    more = adding(by.told, "ending texts", count)
    for key in due:
        by.clear(key, older)
        by.side.remove(key, now, older, more)
    return count


def end_entries(by: Registrar, options: LogOptions, now: int) -> int:
    """Prune entries that were signed before the policy keeps them; return how many.

    Those stay from the first one on of which texts are kept, and the last ones until their bundle
    of 256 is old enough.

    Args:
        by: who may.
        options: those of the log in the policy.
        now: milliseconds since 1970.

    Raises:
        LogError: the archive that the policy names has not all of them as they are here; nothing
            was changed.
    """
    store = by.store
    signed = [one.size for one in store.checkpoints() if one.time < now - options.entries]
    if not options.entries or not signed:
        return 0
    first, end = store.minimum, signed[-1] // WIDTH * WIDTH
    if end > first:
        end = _before_texts(by, first, end) // WIDTH * WIDTH
    if end <= first:
        return 0
    if options.archive is not None:
        from ._archive_check import compare

        compare(store, options.archive, first, end, adding(by.told, "comparing", end - first))
    said = {"before": end, "basis": f"entries_days of the policy: {options.entries // DAY}"}
    with by.keys.transaction():
        by.keys.send(*leaf_of("prune", said))
    by.say()  # first: who finds entries missing finds that, too
    store.prune(end)
    return end - first


def _before_texts(by: Registrar, first: int, end: int) -> int:
    """Return the first entry of which texts are kept, or `end`."""
    oldest = by.side.oldest()
    if oldest is None:
        return end
    for entry in by.store.entries(first, end):
        by.told("looking for texts", entry.index - first, end - first)
        if b'"payload":"' not in entry.leaf:
            continue
        record = record_id(json.loads(entry.leaf)["id"])
        if record >= oldest and by.side.get(record) is not None:
            return entry.index
    return end


def _first_id(time: int) -> bytes:
    """Return the least id that a UUIDv7 of that time may be."""
    return max(time, 0).to_bytes(6, "big") + bytes(10)


def check_there(store: Store, start: int) -> None:
    """Raise unless the entries from `start` on are there, and none of them was pruned.

    Raises:
        LogError: some were.
    """
    if start < store.minimum:
        raise LogError(
            f"the entries before {store.minimum} were pruned; an archive may have them: see "
            "`chopmark log archive`"
        )
