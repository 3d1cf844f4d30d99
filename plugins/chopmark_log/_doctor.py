"""Looks at what a log stands on: `chopmark log doctor`."""

from __future__ import annotations

import os
import sqlite3
import stat
import time
from pathlib import Path
from typing import NamedTuple

from chopmark import LogError

from ._folder import LogFolder
from ._gone import gone
from ._handover import all_signers
from ._integrate import check_head
from ._master import master_of, masters
from ._rotate import older_keys, stale_masters
from ._side import Side
from ._spool import DAMAGED, DOUBT, NEW, SUFFIX, TORN, TWICE, is_alive, read_frames
from ._store import Store
from ._subject import Keys
from .verify import ED25519, ML_DSA_44_COSIGNATURE

SOUND_SQLITE = (3, 51, 3)
"""Before it, connections that write or checkpoint at the same moment may lose pages of the WAL."""
VOLATILE = ("tmpfs", "ramfs", "devtmpfs")
REMOTE = ("nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "fuse.sshfs", "glusterfs", "ceph")
BARRIERS_OFF = ("nobarrier", "barrier=0", "data=writeback")
TOO_FAST = 20e-6
"""Seconds of a sync below which no device can have been asked: those of memory take longer."""
LATE = 60.0
"""Seconds after which what still waits in a spool is late."""
TRIES = 9
_OFF = {
    "fsync": "a loss of power may take records, and damage the rest",
    "full_page_writes": "a loss of power may damage what was there",
    "data_checksums": "the server does not see what its disk damages; `chopmark log verify` does",
}


class Finding(NamedTuple):
    """What one look found, and whether it is as it should be; `warns` of what may yet do harm."""

    name: str
    well: bool
    told: str
    warns: bool = False


def examine(folder: LogFolder) -> list[Finding]:
    """Return what was found; of a log whose database is away, what is on this machine.

    Raises:
        LogError: there is no log.
        OSError: the folder cannot be read.
    """
    try:
        store = folder.open()
    except LogError as error:
        if folder.address is None:
            raise
        return [Finding("Postgres", False, str(error)), _permissions(folder), _left(folder)]
    try:
        below = [_sqlite(), *_disk(folder.path)] if folder.address is None else _server(store)
        found = [*below, _permissions(folder), _keys(folder, store), _contents(folder)]
        found += [_waiting(folder, store), _left(folder), _head(folder, store)]
        return [*found, *_gone(store), _clock(store)]
    finally:
        store.close()


def _sqlite() -> Finding:
    version = sqlite3.sqlite_version
    if sqlite3.sqlite_version_info >= SOUND_SQLITE:
        return Finding("SQLite", True, version)
    told = (
        f"{version}: before {'.'.join(map(str, SOUND_SQLITE))} several writers at once may lose "
        "pages; this log has one, the holder of integrate.lock, and is safe as long as nothing "
        "else writes into log.db"
    )
    return Finding("SQLite", True, told, warns=True)


def _server(store: Store) -> list[Finding]:
    from ._postgres_store import PostgresStore

    assert isinstance(store, PostgresStore)
    found = []
    for name, value in store.settings.items():
        well = value != "off"
        told = value if well else f"off: {_OFF[name]}"
        found.append(Finding(f"Postgres {name}", well, told))
    why = store.read_only
    told = f"read-only, {why}: let the address lead to a server that takes records"
    found.append(Finding("Postgres", not why, told if why else "takes records"))
    told = f"{store.waiting} records wait"
    late = store.late > LATE
    if late:
        told += f", some for {store.late:.0f} s: no process of a machine with log.key takes them in"
    return [*found, Finding("spool", not late, told)]


def _disk(path: Path) -> list[Finding]:
    kind, options = _mounted(path)
    flaws = []
    if kind in VOLATILE:
        flaws.append("it is kept in memory, and nothing survives a loss of power")
    if kind in REMOTE:
        flaws.append("locks and SQLite's WAL do not work between machines; use a local disk")
    flaws += [f"mounted with {one}: a sync may not reach the disk" for one in options]
    found = [Finding("file system", not flaws, "; ".join([kind or "unknown", *flaws]))]
    free = os.statvfs(path)
    room = free.f_bavail * free.f_frsize
    found.append(Finding("free space", room > 64 << 20, f"{room >> 20} MiB"))
    try:
        seconds = _sync_time(path)
    except OSError as error:
        return [*found, Finding("fsync", False, f"cannot be tried: {error.strerror}")]
    told = f"takes {seconds * 1e3:.3f} ms"
    if seconds < TOO_FAST:
        told += ": so fast that no device can have been asked; a loss of power may take records"
    else:
        told += "; a device that says it wrote what it did not cannot be told from here"
    return [*found, Finding("fsync", seconds >= TOO_FAST, told)]


def _mounted(path: Path) -> tuple[str, list[str]]:
    """Return the type of the file system, and those of its options that endanger a sync."""
    best, kind, options = "", "", ""
    real = os.path.realpath(path)
    try:
        lines = Path("/proc/self/mounts").read_text("utf-8").splitlines()
    except OSError:
        return "", []
    for line in lines:
        _, at, this, given, *_ = line.split(" ")
        at = at.replace("\\040", " ")
        inside = real == at or real.startswith(at.rstrip("/") + "/")
        if inside and len(at) >= len(best):
            best, kind, options = at, this, given
    return kind, [one for one in BARRIERS_OFF if one in options.split(",")]


def _sync_time(path: Path) -> float:
    """Return the seconds of the median of some syncs of a small file in `path`."""
    probe = path / f".doctor-{os.getpid()}"
    file = os.open(probe, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        taken = []
        for _ in range(TRIES):
            os.write(file, b"x" * 512)
            start = time.perf_counter()
            os.fsync(file)
            taken.append(time.perf_counter() - start)
        return sorted(taken)[TRIES // 2]
    finally:
        os.close(file)
        probe.unlink()


def _permissions(folder: LogFolder) -> Finding:
    wrong = []
    shared = folder.address is not None
    keys = [folder.key] if folder.signs else []
    if folder.second.public.exists() or folder.second.key.exists():
        keys += [folder.second.key] if folder.signs else []
    own = [folder.path, *keys]
    for path in own if shared else (*own, folder.spools, folder.base):
        if not path.exists():
            wrong.append(f"{path.name} is missing")
            continue
        mode = stat.S_IMODE(path.stat().st_mode)
        if path in own and mode & 0o077:
            wrong.append(f"{path.name} is open to others (mode {mode:o}): run `chmod go-rwx`")
        if not os.access(path, os.W_OK if path.is_dir() else os.R_OK):
            wrong.append(f"{path.name} cannot be used by this user")
    return Finding("permissions", not wrong, "; ".join(wrong) or "its owner's alone")


def _keys(folder: LogFolder, store: Store) -> Finding:
    """Look whether keys are those in force, and none that was given up is left."""
    told = older_keys(folder, store)
    try:
        signing = all_signers(folder, store) if folder.signs else []
        for kind, which in (ED25519, "signing"), (ML_DSA_44_COSIGNATURE, "ml-dsa"):
            if sum(key.public.kind == kind for key in signing) > 1:
                name = folder.keys_of(kind).key.name
                told.append(f"{name}: `chopmark log keys rotate {which}` ends what was cut short")
    except LogError as error:
        told.append(str(error))
    if Keys.are_kept(folder) and any(True for _ in masters(folder)):  # who only writes needs none
        keys = Keys(folder, writing=False)
        try:
            master_of(folder, keys)
            told += stale_masters(folder, keys)
        except LogError as error:
            told.append(str(error))
        finally:
            keys.close()
    return Finding("keys", not told, "; ".join(told) or "those in force")


def _contents(folder: LogFolder) -> Finding:
    """Look whether what the texts are in is there, and is that of this log."""
    keyed = Keys.are_kept(folder)
    if not Side.is_kept(folder):
        lost = "side.db is missing, and there are keys of its texts: put it back from a copy"
        return Finding("texts", not keyed, lost if keyed else "none were ever kept")
    side = Side(folder)
    try:
        side.check()
        if not keyed or _are_of(folder, side):
            return Finding("texts", True, "those of this log")
        told = "side.db is that of another log: no key of its texts is here"
    except LogError as error:
        told = str(error)
    finally:
        side.close()
    return Finding("texts", False, f"{told}; put that of this log back from a copy")


def _are_of(folder: LogFolder, side: Side) -> bool:
    """Return whether the log has the key of any text, or there is none."""
    keys, named = Keys(folder, writing=False), side.keys()
    try:
        return not named or any(keys.wrapped(one) is not None for one in named)
    finally:
        keys.close()


def _waiting(folder: LogFolder, store: Store) -> Finding:
    read = store.read()
    waiting, oldest, faults = 0, 0.0, []
    for path in [one for end in (SUFFIX, DOUBT) for one in folder.spools.glob(f"*{end}")]:
        try:
            at = start = read.get(path.name, 0)
            for frame in read_frames(path, start):
                at = frame.end
            if at > start:
                waiting += at - start
                oldest = max(oldest, time.time() - path.stat().st_mtime)
        except LogError as error:
            faults.append(str(error))
        except FileNotFoundError:
            continue  # taken in the meantime
    told = f"{waiting} bytes wait"
    late = oldest > LATE
    if late:
        told += (
            f", some for {oldest:.0f} s: no process takes records in; start one with "
            "`integrate = true`, or run `chopmark log recover`"
        )
    return Finding("spools", not late and not faults, "; ".join([told, *faults]))


def _left(folder: LogFolder) -> Finding:
    left = [
        path.name
        for suffix in (TORN, TWICE, DAMAGED, NEW)
        for path in folder.spools.glob(f"*{suffix}")
        if suffix != NEW or not is_alive(path)
    ]
    told = f"{', '.join(left)}: run `chopmark log recover`" if left else "nothing"
    return Finding("left behind", not left, told)


def _gone(store: Store) -> list[Finding]:
    names = gone(store)
    if not names:
        return []
    told = (
        f"{', '.join(names)}: deleted before the log had all of it, as an entry `gap` says; keep "
        "cleaners of old files away from the folder"
    )
    return [Finding("spools gone", True, told, warns=True)]


def _head(folder: LogFolder, store: Store) -> Finding:
    try:
        check_head(folder, store)
    except LogError as error:
        return Finding("signed", False, str(error))
    last = store.checkpoint()
    signed, size = last.size if last else 0, store.size
    return Finding("signed", True, f"{signed} of {size} entries")


def _clock(store: Store) -> Finding:
    last = store.checkpoint()
    ahead = last.time / 1000 - time.time() if last else 0.0
    if ahead > 1:
        told = (
            f"{ahead:.0f} s behind the last checkpoint: it was set back, or was wrong then; the "
            "order of entries is that of their indices, and times of checkpoints wait for it"
        )
        return Finding("clock", False, told)
    return Finding("clock", True, "not behind the last checkpoint")
