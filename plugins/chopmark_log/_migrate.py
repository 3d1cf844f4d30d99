"""Moves a log from the folder of one machine into a Postgres database that several share.

The log stays the log: its name, its key, every entry and every checkpoint are the same, so that all
receipts and proofs hold, and witnesses see it grow. The folder is sealed first, and what writes it
has ended; then all is copied, hashed again and compared; then the database is the log, and what
could be erased is taken out of the folder. What was cut short goes on where it stopped. The former
file, without texts and keys, is put aside.
"""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

from chopmark import LogError

from ._audit import audit
from ._files import sync_folder, write_whole
from ._folder import LogFolder
from ._handover import public_keys
from ._integrate import integrate, integrating, publish
from ._migrate_end import State, arrive
from ._migrate_tables import LOG, TABLES, compare, copy, count
from ._migrate_target import Arriving, said_of, wipe
from ._postgres import Address
from ._postgres_tables import create
from ._side import Side
from ._spool import NEW, SUFFIX, is_alive
from ._sql_store import ARRIVING, KEY_NAMES, SqlStore
from ._sqlite_store import SqliteStore
from ._subject import Keys
from ._tables import ErasableFile, tables_of

PATIENCE = 30.0
"""Seconds for which the process that takes in what is in the spools is waited for."""
ARRIVING_FOLDER = "arriving"
Progress = Callable[[int], object]


class Moved(NamedTuple):
    """What was moved: how much of it, where to, and where the former file is."""

    origin: str
    entries: int
    contents: int
    store: str
    aside: str


def migrate(folder: LogFolder, address: Address, progress: Progress = lambda n: None) -> Moved:
    """Move the log in `folder` to `address`, or end a move that was cut short.

    Args:
        folder: that of a log in SQLite. It is afterwards that of this machine, of the shared one.
        address: a database without a log.
        progress: told how many entries and rows more are done, of `todo`.

    Raises:
        LogError: something writes the log, the database has another one or cannot be reached, or
            what is there is not what is here. Nothing is lost; the folder stays sealed, if what is
            the matter came up after it was.
    """
    if folder.address == address.text and not folder.moved.exists():
        return _told(folder, address)
    with _alone(folder):
        state = State.read(folder)
        if state is None:
            state = _begin(folder, address)
        elif not state.done:
            _check_ended(folder)  # the folder may have been sealed a moment before the end
        if state.to != address.text:
            raise LogError(
                f"the log in {str(folder.path)!r} is on its way to {state.to!r}; end that first, "
                "or take it back by --cancel"
            )
        if not state.done:
            _copy(folder, address, progress)
            state = state.over(folder)
        arrive(folder, address, state)
        return _told(folder, address)


def cancel(folder: LogFolder) -> None:
    """Leave a log where it is that was to be moved, and take the copy out of the database.

    Raises:
        LogError: it was not, all of it was moved already, or the database cannot be reached.
    """
    with _alone(folder):
        state = State.read(folder)
        if state is None:
            raise LogError(f"the log in {str(folder.path)!r} is not being moved")
        if state.done:
            raise LogError(
                f"all of the log is in {state.to!r} already; run `chopmark log migrate` again to "
                "end it"
            )
        try:
            wipe(Address.of(state.to))
        except LogError as error:
            raise LogError(
                f"{error}; the copy there stays, and the log is sealed: try again when it can be "
                f"reached or, where that database is gone for good, delete {str(folder.moved)!r}"
            ) from error
        shutil.rmtree(folder.path / ARRIVING_FOLDER, ignore_errors=True)
        folder.moved.unlink()
        sync_folder(folder.path)


def todo(folder: LogFolder) -> int:
    """Return how many entries and rows `migrate` has to copy and to compare, or so."""
    if not folder.base.exists() or folder.where.exists():
        return 0
    store = SqliteStore(folder.base)
    try:
        beside = [(table, one) for name, one in _sources(folder) for table in TABLES[name]]
        whole = [*((table, store.tables) for table in LOG), *beside]
        return store.size + sum(count(table, source) for table, source in whole)
    finally:
        store.close()


def _begin(folder: LogFolder, address: Address) -> State:
    """Seal the folder, so that what is in it does not change any more."""
    if folder.where.exists():
        raise LogError(f"the log of {str(folder.path)!r} is in {folder.address!r} already")
    if not folder.base.exists():
        raise LogError(f"{str(folder.path)!r} is no log; make one with `chopmark log init`")
    if not folder.key.exists():
        raise LogError(f"{str(folder.key)!r} is missing: without it the log could not go on")
    store = SqliteStore(folder.base)
    store.close()
    found = said_of(address)
    if found and (found.get("format"), found.get("origin")) != (str(ARRIVING), store.origin):
        raise _other(address, found)
    if found:
        wipe(address)  # of a move that was taken back: what was erased since is in it
    state = State(address.text, False, f"moved-{time.time_ns() // 1_000_000:x}")
    state.keep(folder)
    try:
        _check_ended(folder)
    except LogError:
        folder.moved.unlink()
        raise
    return state


def _other(address: Address, found: dict[str, str]) -> LogError:
    return LogError(
        f"{address.text!r} has log {found.get('origin')!r} already; give another database, whose "
        "tables are this log's alone"
    )


def _check_ended(folder: LogFolder) -> None:
    """Raise where a process writes; one that begins now sees that the folder is sealed."""
    writing = []
    for path in [path for end in (SUFFIX, NEW) for path in folder.spools.glob(f"*{end}")]:
        with contextlib.suppress(FileNotFoundError):  # taken in, or one that begins
            if is_alive(path):
                writing.append(path.name)
    if writing:
        # A writer's name begins with its start, and then has the number of its process.
        numbers = ", ".join(sorted({name.split("-")[1] for name in writing if "-" in name}))
        raise LogError(f"processes write the log ({numbers}); stop them, and try again")


def _copy(folder: LogFolder, address: Address, progress: Progress) -> None:
    """Copy all there is, and compare it."""
    source = SqliteStore(folder.base, writing=True)
    try:
        integrate(folder, source)
        publish(folder, source)
        public = public_keys(folder)
        said = {KEY_NAMES[key.kind]: str(key) for key in public}
        create(address, source.origin, {**said, "format": str(ARRIVING)})
        target = Arriving(address.text, folder.path)
        try:
            with target.alone() as mine:
                if not mine:
                    raise LogError(f"another process moves a log to {address.text!r}; try again")
                if target.origin != source.origin:  # it came there a moment before
                    raise _other(address, {"origin": target.origin})
                _copy_all(folder, address, source, target, progress)
            found = audit(target, public, _steps(progress))
            if found.faults or target.checkpoints() != source.checkpoints():
                why = "; ".join(found.faults[:3]) or "its checkpoints are others"
                raise LogError(f"what is in {address.text!r} does not hold: {why}")
        finally:
            target.close()
    finally:
        source.close()


def _copy_all(
    folder: LogFolder, address: Address, source: SqlStore, target: SqlStore, progress: Progress
) -> None:
    _copy_log(source, target, progress)
    with _there(folder, address) as there:
        if Keys.are_kept(folder):
            Keys.create(there, b"")
            Side.create(there)
        for name, tables in _sources(folder):
            other = tables_of(there, name, writing=True)
            try:
                for table in TABLES[name]:
                    copy(table, tables, other, progress)
                    compare(table, tables, other)
            finally:
                tables.close()
                other.close()


def _copy_log(source: SqlStore, target: SqlStore, progress: Progress) -> None:
    for table in LOG:
        copy(table, source.tables, target.tables, progress)
        compare(table, source.tables, target.tables)
    with target.tables.transaction():
        target.tables.many(
            "INSERT INTO meta VALUES (?, ?) "
            "ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            [("size", str(source.size)), ("minimum", str(source.minimum))],
        )


def _sources(folder: LogFolder) -> list[tuple[str, ErasableFile]]:
    found = [(name, ErasableFile(folder.path / f"{name}.db")) for name in TABLES]
    return [(name, one) for name, one in found if one.exists()]


@contextlib.contextmanager
def _there(folder: LogFolder, address: Address) -> Iterator[LogFolder]:
    """Yield a folder of the log in the database, which is there only while the block runs."""
    made = LogFolder(folder.path / ARRIVING_FOLDER)
    made.path.mkdir(mode=0o700, exist_ok=True)
    try:
        write_whole(made.where, f"{address.text}\n")
        yield made
    finally:
        shutil.rmtree(made.path)


def _steps(progress: Progress) -> Progress:
    """Return what is told how many are done by now, and tells `progress` how many more."""
    last = 0

    def told_of(done: int) -> None:
        nonlocal last
        progress(done - last)
        last = done

    return told_of


def _told(folder: LogFolder, address: Address) -> Moved:
    store = folder.open()
    try:
        side = Side(folder)
        try:
            contents = side.records_kept() if Side.is_kept(folder) else 0
        finally:
            side.close()
        aside = max((str(one) for one in folder.path.glob("moved-*/")), default="")
        return Moved(store.origin, store.size, contents, address.text, aside)
    finally:
        store.close()


@contextlib.contextmanager
def _alone(folder: LogFolder) -> Iterator[None]:
    """Hold the lock of the log."""
    if not folder.path.is_dir():
        raise LogError(f"{str(folder.path)!r} is no log; make one with `chopmark log init`")
    end = time.monotonic() + PATIENCE
    while True:
        with integrating(folder) as mine:
            if mine:
                yield
                return
        if time.monotonic() > end:
            raise LogError(f"log {str(folder.path)!r} is busy; stop what writes it, and try again")
        time.sleep(0.02)
