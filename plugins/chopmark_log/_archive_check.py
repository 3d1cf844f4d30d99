"""Whether an archive holds: by itself, under the keys of its log, and beside the log."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from chopmark import LogError

from ._archive_file import check_columns, digest_of, leaves_of, reading
from ._archive_manifest import Manifest
from ._handover import is_handover
from ._history import History
from ._roots import Roots
from ._store import Store
from .verify import VerifierKey, VerifyError, hash_leaves, split_note

Progress = Callable[[int], object]


def verify(
    folder: Path,
    keys: Sequence[VerifierKey],
    *,
    progress: Progress = lambda n: None,
) -> list[str]:
    """Read all of an archive again, and return where it does not hold, as sentences.

    Each file must be the one that was written, its leaves those that were signed, and its columns
    what the leaves say. It needs no log.

    Args:
        folder: that of the archive.
        keys: those of the log, one of which must have signed.
        progress: told how many entries more are done.

    Raises:
        LogError: it is no archive.
    """
    manifest = Manifest.read(folder)
    faults: list[str] = []
    roots = Roots(period.end for period in manifest.periods)
    handovers: list[tuple[int, bytes]] = []
    at = 0
    try:
        with reading() as base:
            for one in manifest.files:
                path = folder / one.name
                if digest_of(path) != (one.bytes, one.sha256):
                    raise LogError(f"file {one.name!r} is not the one that was written")
                for leaves in leaves_of(base, path, one.first, one.end):
                    roots.add(hash_leaves(leaves))
                    handovers += [
                        (n, leaf) for n, leaf in enumerate(leaves, at) if is_handover(leaf)
                    ]
                    at += len(leaves)
                check_columns(base, path)
                progress(one.end - one.first)
    except LogError as error:
        return [str(error)]  # no root behind it can be computed
    roots.end()
    history = History(keys, handovers)
    for period in manifest.periods:
        try:
            head = history.open(period.checkpoint, period.end)
        except VerifyError as error:
            faults.append(f"checkpoint of {period.name}: {error}")
            continue
        if (head.origin, head.size) != (manifest.origin, period.end):
            faults.append(f"checkpoint of {period.name} is one of {head.origin}, {head.size}")
        root = roots.found.get(period.end)
        if period.reached == period.end and head.root != root:
            faults.append(f"the entries up to {period.end} are not those that were signed")
    return [*history.faults, *faults, *_unsigned(folder, manifest)]


def _unsigned(folder: Path, manifest: Manifest) -> Iterator[str]:
    """Yield what is in the folder and under no checkpoint: who asks all files reads it, too."""
    if manifest.reached > manifest.size:
        yield (
            f"the entries from {manifest.size} to {manifest.reached - 1} are in files, and those "
            "that were signed with them are not: run `chopmark log archive write` again"
        )
    known = {one.name for one in manifest.files}
    for name in sorted({path.name for path in folder.glob("*.parquet")} - known):
        yield (
            f"file {name!r} is none of the archive's: take it away, or run `chopmark log archive "
            "write`, which does so with what was cut short"
        )


def compare(
    store: Store, folder: Path, first: int, end: int,
    progress: Callable[[int], object] = lambda n: None,
) -> None:  # fmt: skip
    """Raise unless an archive has the entries from `first` to before `end` as a log has them.

    `progress` is told how many of its files' entries more were compared.

    Raises:
        LogError: it has not.
    """
    manifest = Manifest.read(folder)
    agrees(store, manifest)
    if manifest.size < end:
        raise LogError(
            f"entries before {end} are to be pruned, and archive {str(folder)!r} has "
            f"{manifest.size}; run `chopmark log archive write` first"
        )
    with reading() as base:
        for one in manifest.files:
            if one.end <= first or one.first >= end:
                continue
            at = one.first
            for leaves in leaves_of(base, folder / one.name, one.first, one.end):
                known = store.hashes(0, at, at + len(leaves))
                if b"".join(hash_leaves(leaves)) != known:
                    raise LogError(f"file {one.name!r} of the archive is not what the log has")
                at += len(leaves)
                progress(len(leaves))


def agrees(store: Store, manifest: Manifest) -> None:
    """Raise unless an archive is of this log, and the log still has what is archived.

    Raises:
        LogError: it is not, or has not.
    """
    if manifest.origin != store.origin:
        raise LogError(f"the archive is of log {manifest.origin!r}, this is {store.origin!r}")
    for period in manifest.periods:
        kept = store.checkpoint(period.end)
        if kept is None or split_note(kept.note)[0] != split_note(period.checkpoint)[0]:
            raise LogError(
                f"the archive has {period.end} entries that were signed, and the log has that "
                "checkpoint not, or another: the log was set back, or it is another one"
            )
