"""The commands about keys: `chopmark log keys list`, `new`, `rotate`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from chopmark.terminal import Commands, counted, table

from ._command_line import errors, folder_of, json_option, path_option

if TYPE_CHECKING:
    from ._folder import LogFolder


@click.group("keys", cls=Commands)
def keys() -> None:
    """Look at the keys of a log, and put new ones in their places."""


@keys.command("list")
@path_option
@json_option
def list_keys(path: Path, as_json: bool) -> None:
    """Show the keys that signed the log, the first one first, and where its master key is."""
    with errors():
        folder = folder_of(path)
        folder.open().close()
        found = {"signing": _signing(folder), **_master(folder)}
    if as_json:
        click.echo(json.dumps(found))
        return
    *former, last = found["signing"]
    rows = [*(("signing, given up", key) for key in former), ("signing", last)]
    if found["master"] is not None:
        subjects, changed = counted(found["subjects"], "key"), counted(found["changed"], "time")
        rows += [
            ("master key", found["master"]),
            ("", f"wraps {subjects} of subjects; changed {changed}"),
        ]
    click.echo(table(("WHAT", "KEY"), rows))
    for told in found["look"]:
        click.echo(f"LOOK: {told}")


@keys.command("new")
def new() -> None:
    """Print a new master key, for CHOPMARK_LOG_MASTER_KEY or CHOPMARK_LOG_MASTER_KEY_NEXT."""
    from ._master import new_secret

    click.echo(new_secret())


@keys.command("rotate")
@click.argument("which", type=click.Choice(["master", "signing"]))
@path_option
@json_option
def rotate(which: str, path: Path, as_json: bool) -> None:
    """Put a new key in the place of the log's master or signing key, and destroy the old one.

    master: the keys of all subjects are wrapped by a new key; no entry changes, and who was erased
    stays erased. The new key is CHOPMARK_LOG_MASTER_KEY_NEXT, where that is set, else it is made
    and goes into master.key. A shared log wants it on each machine before.

    signing: an entry that both keys sign hands the log over, and the next checkpoint is signed by
    both. Give the file handovers to those who know the old key. Witnesses and parents that run
    chopmark learn of the new one from the log, when it next asks them; give others log.pub.

    What is cut short is ended by running it again. Exits with 2 where it could not be done.
    """
    with errors("interrupted; run it again, which ends what was begun"):
        told = _rotate_master(path, as_json) if which == "master" else _rotate_signing(path)
    click.echo(json.dumps({"which": which, **told}) if as_json else told.pop("told"))


def _rotate_master(path: Path, as_json: bool) -> dict[str, Any]:
    from chopmark import LogError

    from ._erase import registrar
    from ._master import MASTER, NEXT
    from ._rotate import rotate_master
    from ._subject import Keys

    folder = folder_of(path)
    if folder.is_log and not Keys.are_kept(folder):
        raise LogError(f"log {str(path)!r} keeps no contents, and has no master key")
    with registrar(folder) as by:
        count = by.keys.count()
        with click.progressbar(
            length=count, label="wrapping", file=sys.stderr, hidden=as_json or not count
        ) as bar:
            done = rotate_master(by, lambda n: bar.update(n - bar.pos))
    told = f"the new master key, in {done.where}, wraps {counted(done.keys, 'key')}"
    if not count:
        told = f"no subject has a key; the new master key in {done.where} is in force"
    elif not done.keys:
        told = f"what was cut short is ended: the master key in {done.where} is in force"
    if done.where == NEXT:
        told += f"; put it into {MASTER}, and take {NEXT} away"
    return {**done._asdict(), "told": told}


def _rotate_signing(path: Path) -> dict[str, Any]:
    from ._erase import holding
    from ._rotate_signing import rotate_signing

    folder = folder_of(path)
    with holding(folder) as store:
        key = str(rotate_signing(folder, store).public)
    told = (
        f"the log is signed by\n{key}\ngive {folder.handovers} to those who know the key before "
        "it, and this key to witnesses of other makes: those of chopmark learn it from the log"
    )
    return {"key": key, "handovers": str(folder.handovers), "told": told}


def _signing(folder: LogFolder) -> list[str]:
    from .verify import Handover, split_handovers

    last = folder.public.read_text("utf-8").strip()
    notes = folder.handovers.read_text("utf-8") if folder.handovers.exists() else ""
    return [*(str(Handover.open(note).old) for note in split_handovers(notes)), last]


def _master(folder: LogFolder) -> dict[str, Any]:
    from ._master import Master, masters
    from ._rotate import rotations, stale_masters
    from ._subject import Keys

    if not Keys.are_kept(folder):
        return {"master": None, "subjects": 0, "changed": 0, "look": []}
    held = Keys(folder, writing=False)
    try:
        check = held.check
        where = [
            name for name, one in masters(folder) if isinstance(one, Master) and one.check == check
        ]
        return {
            "master": where[0] if where else "not here",
            "subjects": held.count(),
            "changed": rotations(held),
            "look": stale_masters(folder, held),
        }
    finally:
        held.close()
