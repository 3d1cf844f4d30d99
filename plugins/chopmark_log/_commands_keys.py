"""The commands about keys: `chopmark log keys list`, `new`, `rotate`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from chopmark.terminal import Commands, counted, table

from ._command_bars import bars
from ._command_line import errors, folder_of, json_option, path_option, public_key, tell

ED25519, ML_DSA_44_COSIGNATURE = 0x01, 0x06  # as in `verify`, whose import wants cryptography

if TYPE_CHECKING:
    from ._folder import LogFolder


@click.group("keys", cls=Commands)
def keys() -> None:
    """Look at the keys of a log, and put new ones in their places."""


@keys.command("list")
@path_option
@json_option
def list_keys(path: Path, as_json: bool) -> None:
    """Show the keys that signed the log, the first one first, and where its master key is.

    Exits with 0, and with 2 where they could not be read.
    """
    with errors():
        folder = folder_of(path)
        folder.open().close()
        found = {"signing": _signing(folder), "ml_dsa": _ml_dsa(folder), **_master(folder)}
    if as_json:
        click.echo(json.dumps(found))
        return
    *former, last = found["signing"]
    rows = [*(("signing, given up", key) for key in former), ("signing", last)]
    if found["ml_dsa"]:
        # Each has 1,755 characters: name and id say which one it is.
        *former, last = ["+".join(key.split("+")[:2]) for key in found["ml_dsa"]]
        rows += [("ML-DSA-44, given up", key) for key in former]
        rows += [("ML-DSA-44", last), ("", f"in {folder.second.public}")]
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
@json_option
def new(as_json: bool) -> None:
    """Print a new master key, for CHOPMARK_LOG_MASTER_KEY or CHOPMARK_LOG_MASTER_KEY_NEXT.

    Exits with 0.
    """
    from ._master import new_secret

    secret = new_secret()
    tell(as_json, {"key": secret}, secret)


@keys.command("rotate")
@click.argument("which", type=click.Choice(["master", "signing", "ml-dsa"]))
@path_option
@json_option
def rotate(which: str, path: Path, as_json: bool) -> None:
    """Put a new key in the place of the log's master key or a signing key; destroy the old one.

    master: the keys of all subjects are wrapped by a new key; no entry changes, and who was erased
    stays erased. The new key is CHOPMARK_LOG_MASTER_KEY_NEXT, where that is set, else it is made
    and goes into master.key. A shared log wants it on each machine before.

    signing: an entry that both keys sign hands the log over, and the next checkpoint is signed by
    both. Give the file handovers to those who know the old key. Witnesses and parents that run
    chopmark learn of the new one from the log, when it next asks them; give others log.pub.

    ml-dsa: the same of the log's key of ML-DSA-44, where it has one.

    What is cut short is ended by running it again. Exits with 0, and with 2 where it could not be
    done.
    """
    with errors("run it again, which ends what was begun"):
        told = _rotate_master(path, as_json) if which == "master" else _rotate_signing(path, which)
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
        with bars(as_json) as bar:
            done = rotate_master(by, lambda n: bar("wrapping", n, count))
    told = f"the new master key, in {done.where}, wraps {counted(done.keys, 'key')}"
    if not count:
        told = f"no subject has a key; the new master key in {done.where} is in force"
    elif not done.keys:
        told = f"what was cut short is ended: the master key in {done.where} is in force"
    if done.where == NEXT:
        told += f"; put it into {MASTER}, and take {NEXT} away"
    return {**done._asdict(), "told": told}


def _rotate_signing(path: Path, which: str) -> dict[str, Any]:
    from ._changing import holding
    from ._rotate_signing import rotate_signing

    folder = folder_of(path)
    kind = ML_DSA_44_COSIGNATURE if which == "ml-dsa" else ED25519
    with holding(folder) as store:
        key = str(rotate_signing(folder, store, kind).public)
    told = f"give {folder.handovers} to those who know the key before it"
    if kind == ED25519:
        told = (
            f"the log is signed by\n{key}\n{told}, and this key to witnesses of other makes: those "
            "of chopmark learn it from the log"
        )
    else:
        told = f"the log is signed by the key in {folder.second.public}, too; {told}"
    return {"key": key, "handovers": str(folder.handovers), "told": told}


def _signing(folder: LogFolder) -> list[str]:
    return [*_given_up(folder, ED25519), public_key(folder.public) or "-"]


def _ml_dsa(folder: LogFolder) -> list[str]:
    """Return the keys of ML-DSA-44, none where the log has none."""
    last = public_key(folder.second.public)
    return [] if last is None else [*_given_up(folder, ML_DSA_44_COSIGNATURE), last]


def _given_up(folder: LogFolder, kind: int) -> list[str]:
    from ._handover import handovers_in

    return [str(one.old) for one in handovers_in(folder) if one.old.kind == kind]


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
