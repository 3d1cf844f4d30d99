"""An archive: the closed months of a log as Parquet files, from which all of it is verified again.

A month ends with the last checkpoint that was signed in it (UTC), and is closed when it is over.
Its entries are in files of at most `MOST`, and the manifest says which, with their digests and the
signed checkpoint. Texts are never in it, nor keys: there is nothing in an archive to be erased. A
file is in the manifest when all of it is on the disk, so that a run that was cut short goes on with
the next one.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

from chopmark import LogError

from ._alone import alone
from ._archive_check import agrees
from ._archive_file import Base, reading, write_leaves
from ._archive_manifest import MANIFEST, File, Manifest, Period, is_name
from ._cosignatures import with_cosignatures
from ._files import sync_folder
from ._store import Head, Store
from .verify import Checkpoint, VerifierKey, split_note

MOST = 1 << 18
"""Entries of a file: so much is done again where a run is cut short."""
Progress = Callable[[int], object]


def write(
    store: Store,
    public: VerifierKey,
    folder: Path,
    *,
    open_month: bool = False,
    progress: Progress = lambda n: None,
) -> Manifest:
    """Bring an archive up to date, and return what it has then.

    Args:
        store: the log.
        public: its key.
        folder: that of the archive, which is made where it is not there.
        open_month: whether what is signed of the month that is not over yet is archived, too.
        progress: told how many entries more are done.

    Raises:
        LogError: the log is damaged or another one than that of the archive, or a file cannot be
            written. What was done before stays.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        busy = f"another process writes archive {str(folder)!r}; try again"
        with alone(folder / "lock", os.O_RDWR | os.O_CREAT, busy):
            manifest = _begun(store, public, folder)
            with reading() as base:
                for period in _due(store, manifest, open_month):
                    manifest = _write(base, store, folder, manifest, period, progress)
            return manifest
    except OSError as error:
        raise LogError(f"archive {str(folder)!r} cannot be written: {error.strerror}") from error


def due(store: Store, folder: Path, *, open_month: bool = False) -> int:
    """Return how many entries `write` would put into files."""
    found = (folder / MANIFEST).exists()
    manifest = Manifest.read(folder) if found else Manifest(store.origin)
    return sum(one.end - one.reached for one in _due(store, manifest, open_month))


def _begun(store: Store, public: VerifierKey, folder: Path) -> Manifest:
    """Return the manifest as it stands, without what a run that was cut short left over.

    What is there may be the only copy of what was pruned: nothing is taken away that cannot be
    written again.
    """
    there = [path for path in folder.iterdir() if is_name(path.name.removesuffix(".part"))]
    if (folder / MANIFEST).exists():
        manifest = Manifest.read(folder)
    elif there:
        raise LogError(
            f"archive {str(folder)!r} has files and no {MANIFEST}: put its newest one back from a "
            "copy, or choose another folder; nothing was changed"
        )
    else:
        manifest = Manifest(store.origin, (str(public),))
    agrees(store, manifest)
    if manifest.reached < store.minimum:
        raise LogError(
            f"archive {str(folder)!r} has {manifest.reached} entries, and the log none before "
            f"{store.minimum}, which were pruned: write into the archive that has them, or put its "
            f"newest {MANIFEST} back; nothing was changed"
        )
    if not (folder / MANIFEST).exists():
        manifest.write(folder)
        sync_folder(folder.parent)  # else a power cut may take the archive and all that is in it
    known = {file.name for file in manifest.files}
    for path in there:
        if path.name not in known:
            path.unlink()
    return manifest


def _due(store: Store, manifest: Manifest, open_month: bool) -> list[Period]:
    """Return the periods that are to be written, of the first perhaps what is left of it."""
    begun = [one for one in manifest.periods if one.reached < one.end]
    at = manifest.periods[-1].end if manifest.periods else 0
    this_month = _month(time.time_ns() // 1_000_000)
    last: dict[str, Head] = {_month(one.time): one for one in store.checkpoints()}
    found = []
    for name, head in sorted(last.items()):
        if head.size > at and (open_month or name < this_month):
            found.append(Period(name, at, head.size, with_cosignatures(store, head.note).note))
            at = head.size
    return [*begun, *found]


def _write(
    base: Base,
    store: Store,
    folder: Path,
    manifest: Manifest,
    period: Period,
    progress: Progress,
) -> Manifest:
    head = Checkpoint.parse_body(split_note(period.checkpoint)[0])
    if store.tree(head.size).root() != head.root:
        raise LogError(f"the first {head.size} entries are not those that were signed; see `fsck`")
    keys = dict.fromkeys((*manifest.keys, *with_cosignatures(store, period.checkpoint).keys))
    done = tuple(one for one in manifest.periods if one.first != period.first)
    while period.reached < period.end:
        first, end = period.reached, min(period.reached + MOST, period.end)
        name = f"entries-{first:012}-{end:012}.parquet"
        size, digest = write_leaves(base, store, folder / name, first, end, progress)
        period = replace(period, files=(*period.files, File(name, first, end, size, digest)))
        manifest = replace(manifest, keys=tuple(keys), periods=(*done, period))
        manifest.write(folder)
    return manifest


def _month(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, timezone.utc).strftime("%Y-%m")
