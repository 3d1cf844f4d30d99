"""Erases, and waits until what running processes have in their spools is gone, too.

Each process lets go of its spool when it is asked to (`_renew`), and whoever takes records in
deletes that: both without the log's lock, which an erasure holds. So the waiting comes behind it.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from chopmark import LogError

from ._changing import holding
from ._erase import Done, registrar
from ._folder import LogFolder
from ._integrate import integrate
from ._master import Subject
from ._options import LogOptions
from ._progress import Steps, adding, unheard
from ._renew import OLDEST, ask
from ._retention import end_entries, end_texts
from ._spool import SUFFIX, is_alive
from ._subject import Keys
from ._work import settle

PATIENCE = 10.0
"""Seconds that are waited, at the most, for the spools to be gone."""
_STEP = 0.05


class Left(NamedTuple):
    """A spool that is still there, and the process that writes it; 0 where none does any more.

    `why` is what stops it, where that is known.
    """

    spool: str
    process: int
    why: str = ""

    def __str__(self) -> str:
        why = f" ({self.why})" if self.why else ""
        if not self.process:
            return f"{self.spool} waits to be taken into the log: see `chopmark log doctor`{why}"
        return (
            f"process {self.process} may still have sealed texts in {self.spool}, until it begins "
            f"another one, which is within {OLDEST / 60:.0f} minutes, or ends{why}; end it where "
            "it runs an older chopmark, or is stopped"
        )


class Forgotten(NamedTuple):
    """What was done, how many entries were pruned, and which spools may have it yet."""

    done: Done
    left: tuple[Left, ...] = ()
    pruned: int = 0


def erase(
    folder: LogFolder, subject: Subject, basis: str, until: int = 0, told: Steps = unheard
) -> Forgotten:
    """Do what `Registrar.erase` does, also in the spools of running processes.

    `told` hears how far it is.

    Raises:
        NoSubjectError: nothing is kept of the subject; nothing was changed.
        LogError: the basis names the subject, a file cannot be written, or the log is busy.
    """
    with registrar(folder, told, of_any=True) as by:
        done = by.erase(subject, basis, until)
    return Forgotten(done, _let_go(folder, told))


def prune(options: LogOptions, told: Steps = unheard) -> Forgotten:
    """Erase what is due, and what `options` keep no longer, also in spools of running processes.

    `told` hears how far it is.

    Raises:
        LogError: a file cannot be written, the log is busy, or an archive lacks what it must have.
    """
    if not options.entries and not Keys.are_kept(options.folder):
        with holding(options.folder) as store:  # no text was ever kept, and no entry is to end
            integrate(options.folder, store)
        return Forgotten(Done(), _let_go(options.folder, told))
    now = time.time_ns() // 1_000_000
    with registrar(options.folder, told) as by:
        integrate(by.folder, by.store)  # what waits is as old as the rest
        texts = end_texts(by, options, now)
        done = by.prune()
        pruned = end_entries(by, options, now)
    done = done._replace(erased=done.erased + texts)
    return Forgotten(done, _let_go(options.folder, told), pruned)


def _let_go(folder: LogFolder, told: Steps) -> tuple[Left, ...]:
    """Have all processes let go of their spools, and return those that do not within seconds."""
    if folder.address is not None:
        return ()  # a database has no such files
    end, unasked, untaken = time.monotonic() + PATIENCE, "", ""
    try:
        ask(folder)
    except OSError as error:
        end, unasked = 0.0, f"it could not be asked to: {error}"
    # What has nothing in it yet goes nowhere, and is of those who come later.
    there = [path for path in folder.spools.glob(f"*{SUFFIX}") if _has_any(path)]
    more = adding(told, "waiting for spools", len(there))
    while there := _still_there(there, more):
        if not all(map(_is_alive, there)):
            try:
                settle(folder)  # where no other process does
                untaken = ""
            except (LogError, OSError) as error:
                untaken = str(error)
        if time.monotonic() >= end:
            break
        time.sleep(_STEP)
    return tuple(_left(path, unasked, untaken) for path in sorted(there) if path.exists())


def _still_there(paths: Sequence[Path], more: Callable[[int], object]) -> list[Path]:
    found = [path for path in paths if path.exists()]
    more(len(paths) - len(found))
    return found


def _left(path: Path, unasked: str, untaken: str) -> Left:
    if not _is_alive(path):
        return Left(path.name, 0, untaken)
    # A writer's name begins with its start, and then has the number of its process.
    return Left(path.name, int(path.stem.split("-")[1]), unasked)


def _has_any(path: Path) -> bool:
    with contextlib.suppress(FileNotFoundError):
        return path.stat().st_size > 0
    return False


def _is_alive(path: Path) -> bool:
    with contextlib.suppress(FileNotFoundError):
        return is_alive(path)
    return True  # gone: nothing of it is to be taken in
