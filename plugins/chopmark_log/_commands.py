"""The command `chopmark log`. Exit codes: 0 holds, 1 does not hold, 2 could not be checked."""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from chopmark import LogError
from chopmark.terminal import table

from ._command_line import (
    FAILS,
    LogCommands,
    errors,
    folder_of,
    index_of,
    json_option,
    path_option,
    public_key,
    say,
    shown_time,
    tell,
    unbroken,
)
from ._errors import UnsoundError
from ._packages import check_packages

if TYPE_CHECKING:
    from ._folder import LogFolder
    from ._store import Entry, Store


@click.group("log", cls=LogCommands)
def log() -> None:
    """Look into a transparency log of calls, prove what is in it, and verify it.

    Exits with 0 where what was asked holds, with 1 where it does not, with 2 where it could not be
    checked, and with 130 after Ctrl-C, which leaves nothing broken. With --json a command prints
    one JSON document, also where it ends otherwise: {"holds": false or null, "why": ...}.
    """
    with errors():
        check_packages()


@log.command("init")
@path_option
@click.option("--origin", default="", help="Its name, such as example.com/chopmark/2026.")
@click.option(
    "--store", metavar="ADDRESS", default="",
    help="A database that machines share, postgresql://USER@HOST/NAME; a log in it is joined.",
)  # fmt: skip
@click.option("--ml-dsa", is_flag=True, help="Give it a key of ML-DSA-44 beside that of Ed25519.")
@json_option
def init(path: Path, origin: str, store: str, ml_dsa: bool, as_json: bool) -> None:
    """Make an empty log and the key that signs it.

    With --store, the log is in the database, and the folder has what this machine needs: the log's
    keys are in the folder of the machine that made it, and none of them in the database. Exits
    with 0 where it is there, and with 2 where it could not be made.
    """
    with errors("the log is there whole, or not at all"):
        folder = folder_of(path)
        if store:
            from ._postgres import Address
            from ._postgres_folder import join

            made = join(folder, Address.of(store), origin, ml_dsa=ml_dsa)
        elif origin:
            with unbroken():
                folder.create(origin, ml_dsa=ml_dsa)
            made = True
        else:
            raise LogError("a new log wants a name: --origin example.com/chopmark/2026")
        opened = folder.open()
        told = {
            "origin": opened.origin, "path": str(path), "made": made, "signs": folder.signs,
            "key": public_key(folder.public),
            "other_keys": folder.publics[1:],
        }  # fmt: skip
        opened.close()
    lines = [f"{path}: log {told['origin']}{'' if made else ', which was there already'}"]
    if not told["signs"]:
        lines.append(
            "this machine writes it, and does not sign: for that, bring log.key here from one "
            "that does; to keep texts it needs master.key from there, too"
        )
    lines += ["give this key to those who shall verify it:", str(told["key"])]
    lines += [f"and that of ML-DSA-44, which is in {file}" for file in folder.publics[1:]]
    tell(as_json, told, "\n".join(lines))


@log.command("status")
@path_option
@json_option
def status(path: Path, as_json: bool) -> None:
    """Say how many records there are, how many wait, and what was signed last.

    Exits with 0, and with 2 where there is no log that can be read.
    """
    from ._gone import gone

    with errors():
        folder = folder_of(path)
        store = _reached(folder)
        last = store.checkpoint()
        waiting = _waiting(folder, store)
        found = {
            "origin": store.origin,
            "entries": store.size,
            "pruned_entries": store.minimum,
            "bytes": store.room,
            "waiting_bytes": waiting,
            "waiting_records": store.waiting,
            "read_only": store.read_only,
            "missing_spools": len(gone(store)),
            "signed_entries": last.size if last else 0,
            "signed_at": last.time if last else None,
            "key": public_key(folder.public),
        }
    rows = [(name.replace("_", " "), _shown(name, value)) for name, value in found.items()]
    tell(as_json, found, table(("LOG", str(path)), rows))


@log.command("tail")
@path_option
@click.option(
    "-n", "count", type=click.IntRange(min=0), default=10, show_default=True, help="How many."
)
@json_option
def tail(path: Path, count: int, as_json: bool) -> None:
    """Show the last records.

    Exits with 0, and with 2 where they could not be read.
    """
    from ._leaf import decode, filled

    with errors():
        store = folder_of(path).open()
        origin, size = store.origin, store.size
        leaves = [
            (one.index, filled(decode(one.leaf)))
            for one in store.entries(max(0, size - count), size)
        ]
    if as_json:
        records = [{"index": index, **leaf} for index, leaf in leaves]
        say({"origin": origin, "size": size, "records": records})
        return
    heads = ("INDEX", "TIME", "RECORD", "ACTION", "ENDING", "MODEL", "VERDICTS", "MARKS")
    click.echo(table(heads, [(str(index), *_row(leaf)) for index, leaf in leaves]))


def _row(leaf: dict[str, Any]) -> tuple[str, ...]:
    if leaf["k"] != "call":
        return (shown_time(leaf["t"]), leaf["k"], "-", "-", "-", "-", "-")
    verdicts = sorted({one["category"] for one in leaf["verdicts"]})
    marks = [one["marker"] for one in leaf["marks"] if one["placed"]]
    return (
        shown_time(leaf["t"]), leaf["id"][-12:], leaf["action"], leaf["ending"], leaf["model"],
        ", ".join(verdicts) or "-", ", ".join(marks) or "-",
    )  # fmt: skip


@log.command("show")
@click.argument("record")
@path_option
@click.option("--open", "fields", help="Print texts, too, of request,answer,user,recipient.")
@click.option("--break-glass", "reason", help="Read what is restricted; the log says so, and why.")
@click.option("--json", "as_json", is_flag=True, help="Print it in one line, for machines.")
def show(record: str, path: Path, fields: str | None, reason: str | None, as_json: bool) -> None:
    """Print what the leaf of RECORD, an id or an index, says, with what it leaves out.

    `holds` says whether it is the leaf that was signed: null while none is, false where it was
    changed, and then it opens no text. A text that is opened was compared with what the leaf
    commits to. Exits with 0, with 1 where it was changed, and with 2 where it, or a text that was
    asked for, could not be read.
    """
    from ._commands_erase import show_opened
    from ._holding import check

    with errors("nothing was shown"):
        folder = folder_of(path)
        store = folder.open()
        entry = store.entry(index_of(store, record))
        if reason is not None and fields is None:
            raise LogError("--break-glass goes with --open FIELDS")
        indent = None if as_json else 2
        try:
            holds = check(store, entry)
        except UnsoundError as error:
            say(_said(entry, holds=False, why=str(error)), indent)
            click.echo(f"does not hold: {error}", err=True)
            sys.exit(FAILS)
        opened = {}
        if fields is not None:
            leaf = json.loads(entry.leaf)
            opened = {"opened": show_opened(folder, leaf, fields, reason or "")}
    say(_said(entry, holds=holds, **opened), indent)


def _said(entry: Entry, **beside: object) -> dict[str, Any]:
    """Return what a leaf says, unless it is none, and what is said of it, which it cannot say."""
    from ._leaf import filled

    index = {"index": entry.index}
    try:
        data = filled(json.loads(entry.leaf))
    except (ValueError, TypeError, AttributeError, RecursionError):
        data = {}  # only what was changed is no leaf, and that is said
    return {**index, **data, **beside, **index}


def _reached(folder: LogFolder) -> Store:
    """Return the log, or raise with how much waits on this machine for a database that is away."""
    try:
        return folder.open()
    except LogError as error:
        if not folder.where.exists():
            raise
        from ._postgres_doubts import waiting

        sizes = sum(one.stat().st_size for one in waiting(folder))
        raise LogError(f"{error}; {sizes} bytes wait for it in {str(folder.spools)!r}") from error


def _waiting(folder: LogFolder, store: Store) -> int:
    from ._spool import DOUBT, SUFFIX

    read, waiting = store.read(), 0
    for spool in [one for end in (SUFFIX, DOUBT) for one in folder.spools.glob(f"*{end}")]:
        with suppress(FileNotFoundError):  # taken in, and gone
            waiting += spool.stat().st_size - read.get(spool.name, 0)
    return waiting


def _shown(name: str, value: Any) -> str:
    if name == "signed_at" and value is not None:
        return shown_time(value) + " UTC"
    return "-" if value in (None, "") else str(value)
