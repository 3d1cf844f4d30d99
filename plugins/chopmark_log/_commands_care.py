"""The commands that keep a log whole: `fsck`, `recover`, `doctor`."""

from __future__ import annotations

import secrets
import sys
import textwrap
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from chopmark import LogError
from chopmark.terminal import counted, table

from ._command_bars import bars
from ._command_line import (
    FAILS,
    errors,
    folder_of,
    json_option,
    keys_option,
    path_option,
    tell,
    unbroken,
)

if TYPE_CHECKING:
    from ._anew import Anew
    from ._folder import LogFolder

WIDTH = 80
"""Columns of a terminal."""
PATIENCE = 10.0
"""Seconds for which `recover` waits for the lock of the log."""


@click.command("fsck")
@path_option
@keys_option
@json_option
def fsck(path: Path, keys: tuple[str, ...], as_json: bool) -> None:
    """Compute everything in the log again from its entries, and name what differs.

    Does what `verify` does, and looks at all tiles, at the form of every leaf, at the index of ids,
    and at SQLite's own file. Nothing is changed. Exits with 0 where all of it is whole, with 1
    where something differs, and with 2 where it could not be looked at.
    """
    from ._beside import fsck_all
    from ._signing import read_verifier_key

    with errors():
        folder = folder_of(path)
        store = folder.open()
        known = [read_verifier_key(key) for key in keys or folder.publics]
        size = store.size
        with bars(as_json) as bar:
            faults = fsck_all(folder, store, known, lambda n: bar("comparing", n, 2 * size))
    text = f"whole: {counted(size, 'record')} of {store.origin}"
    if faults:
        text = "\n  ".join(("differs:", *faults))
        text += "\nput back a copy that `chopmark log verify` finds to hold; nothing was changed"
    told = {"whole": not faults, "entries": size, "faults": faults}
    tell(as_json, told, text)
    if faults:
        sys.exit(FAILS)


@click.command("recover")
@path_option
@click.option(
    "--new-origin", metavar="ORIGIN",
    help="Where an older copy of the log was put in place and the newer one is gone: put this one "
    "aside, and begin a log of this name. All processes that write it must have ended.",
)  # fmt: skip
@json_option
def recover(path: Path, new_origin: str | None, as_json: bool) -> None:
    """Take in what crashes left behind, and say what was done.

    Records that stand behind damage in a spool are taken, torn ends and spools that a backup
    brought back are looked through. Every such file goes to the folder `recovered`, and the log
    gets an entry of kind `gap` for it: nothing is thrown away, and nothing is done silently.

    Exits with 0 where nothing is left to do, and with 2 where it could not be done: another process
    takes records in at this moment, or the log is an older copy than the one that was signed, which
    only you can decide about.
    """
    from ._anew import end_anew, start_anew
    from ._care import recover as mend

    writer = f"recover-{time.time_ns() // 1_000_000:x}-{secrets.token_hex(4)}"
    with errors("run it again, which ends what was begun"):
        folder = folder_of(path)
        if not folder.is_log:
            raise LogError(f"{str(path)!r} is no log; make one with `chopmark log init`")
        if not (folder.lock.exists() or folder.anew.exists()):
            folder.open().close()  # no lock is laid into a folder of somebody else
        with _taking_turns(folder):
            if folder.anew.exists():
                with unbroken():
                    done = _told(end_anew(folder, new_origin))
            elif new_origin is None:
                with bars(as_json) as bar:
                    done = mend(folder, writer, lambda n, size: bar("looking through", n, size))
            else:
                with unbroken():
                    done = _told(start_anew(folder, new_origin, writer))
    tell(as_json, {"done": done}, "\n".join(done or ["nothing was left behind"]))


def _told(begun: Anew) -> list[str]:
    return [f"the former log is in {begun.aside}; {begun.origin} begins with an entry about it"]


@click.command("doctor")
@path_option
@json_option
def doctor(path: Path, as_json: bool) -> None:
    """Look at what the log stands on: SQLite, the disk, permissions, the clock, what waits.

    Exits with 0 where all is well, also where it warns, with 1 where something wants your
    attention, and with 2 where there is no log to look at.
    """
    from ._doctor import examine

    with errors():
        found = examine(folder_of(path))
    well = all(one.well for one in found)
    room = WIDTH - len("LOOK") - max(len(one.name) for one in found) - 4
    wrap = textwrap.TextWrapper(room, break_long_words=False, break_on_hyphens=False).wrap
    rows = []
    for one in found:
        first, *others = wrap(one.told) or [""]
        mark = "LOOK" if not one.well else "warn" if one.warns else "ok"
        rows.append((mark, one.name, first))
        rows += [("", "", line) for line in others]
    told = {"well": well, "found": [one._asdict() for one in found]}
    tell(as_json, told, table(("", "WHAT", "FOUND"), rows))
    if not well:
        sys.exit(FAILS)


@contextmanager
def _taking_turns(folder: LogFolder) -> Iterator[None]:
    """Hold the lock of the log; a process that takes records in has it for moments only."""
    from ._integrate import integrating

    deadline = time.monotonic() + PATIENCE
    while True:
        with integrating(folder) as mine:
            if mine:
                yield
                return
        if time.monotonic() > deadline:
            raise LogError(
                "another process takes records in, and does not come to an end; stop those that "
                "write this log"
            )
        time.sleep(0.02)


COMMANDS = (fsck, recover, doctor)
