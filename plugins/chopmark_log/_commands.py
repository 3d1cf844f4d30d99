"""The command `chopmark log`. Exit codes: 0 holds, 1 does not hold, 2 could not be checked."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from chopmark import LogError
from chopmark.terminal import table

if TYPE_CHECKING:
    from ._folder import LogFolder
    from ._store import Store

FAILS, UNCHECKED = 1, 2
_path = click.option(
    "--path", type=click.Path(path_type=Path), default="chopmark-log", show_default=True,
    help="The folder of the log.",
)  # fmt: skip
_json = click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")
_keys = click.option(
    "--key", "keys", multiple=True, help="A key that you know, or its file; by default the log's."
)


@click.group("log")
def log() -> None:
    """Look into a transparency log of calls, prove what is in it, and verify it.

    Exits with 0 where what was asked holds, with 1 where it does not, and with 2 where it could
    not be checked.
    """


@log.command("init")
@_path
@click.option("--origin", required=True, help="Its name, such as example.com/chopmark/2026.")
def init(path: Path, origin: str) -> None:
    """Make an empty log and the key that signs it."""
    with _errors():
        folder = _folder(path)
        folder.create(origin)
        click.echo(f"{path}: log {origin}")
        click.echo("give this key to those who shall verify it:")
        click.echo(folder.public.read_text("utf-8"), nl=False)


@log.command("status")
@_path
@_json
def status(path: Path, as_json: bool) -> None:
    """Say how many records there are, how many wait, and what was signed last."""
    with _errors():
        folder = _folder(path)
        store = folder.open()
        last = store.checkpoint()
        waiting = _waiting(folder, store)
        found = {
            "origin": store.origin,
            "entries": store.size,
            "bytes": folder.base.stat().st_size,
            "waiting_bytes": waiting,
            "signed_entries": last.size if last else 0,
            "signed_at": last.time if last else None,
            "key": folder.public.read_text("utf-8").strip() if folder.public.exists() else None,
        }
    if as_json:
        click.echo(json.dumps(found))
        return
    rows = [(name.replace("_", " "), _shown(name, value)) for name, value in found.items()]
    click.echo(table(("LOG", str(path)), rows))


@log.command("tail")
@_path
@click.option("-n", "count", default=10, show_default=True, help="How many.")
@_json
def tail(path: Path, count: int, as_json: bool) -> None:
    """Show the last records."""
    from ._leaf import decode, filled

    with _errors():
        store = _folder(path).open()
        size = store.size
        leaves = [
            (one.index, filled(decode(one.leaf)))
            for one in store.entries(max(0, size - count), size)
        ]
    if as_json:
        for index, leaf in leaves:
            click.echo(json.dumps({"index": index, **leaf}, ensure_ascii=False))
        return
    heads = ("INDEX", "TIME", "RECORD", "ACTION", "ENDING", "MODEL", "VERDICTS", "MARKS")
    click.echo(table(heads, [(str(index), *_row(leaf)) for index, leaf in leaves]))


def _row(leaf: dict[str, Any]) -> tuple[str, ...]:
    if leaf["k"] != "call":
        return (_time(leaf["t"]), leaf["k"], "-", "-", "-", "-", "-")
    verdicts = sorted({one["category"] for one in leaf["verdicts"]})
    marks = [one["marker"] for one in leaf["marks"] if one["placed"]]
    return (
        _time(leaf["t"]), leaf["id"][-12:], leaf["action"], leaf["ending"], leaf["model"],
        ", ".join(verdicts) or "-", ", ".join(marks) or "-",
    )  # fmt: skip


@log.command("show")
@click.argument("record")
@_path
@click.option("--open", "fields", help="Print texts, too: request, answer, user, or several.")
@click.option("--break-glass", "reason", help="Read what is restricted; the log says so, and why.")
def show(record: str, path: Path, fields: str | None, reason: str | None) -> None:
    """Print what the leaf of RECORD, an id or an index, says, with what it leaves out.

    A text that is opened was compared with what the leaf commits to.
    """
    from ._commands_erase import show_opened
    from ._leaf import filled

    with _errors():
        folder = _folder(path)
        store = folder.open()
        entry = store.entry(_index(store, record))
        data = filled(json.loads(entry.leaf))
        if fields is not None:
            data["opened"] = show_opened(folder, json.loads(entry.leaf), fields, reason or "")
        elif reason is not None:
            raise LogError("--break-glass goes with --open FIELDS")
    text = json.dumps({"index": entry.index, **data}, indent=2, ensure_ascii=False)
    click.echo(text.encode("utf-8", "backslashreplace"))  # of lone surrogates


@log.command("prove")
@click.argument("record")
@_path
@click.option("-o", "--out", type=click.Path(path_type=Path), help="By default RECORD.tlog-proof.")
def prove(record: str, path: Path, out: Path | None) -> None:
    """Write the proof that RECORD, an id or an index, is in the log, and its leaf beside it.

    Anyone checks it with the log's key: `chopmark log verify-proof`, verify.py of an exported
    bundle, or any tool that reads C2SP's tlog-proof.
    """
    from ._audit import prove as make

    with _errors():
        store = _folder(path).open()
        index = _index(store, record)
        proof = make(store, index)
        out = out or Path(f"{record}.tlog-proof")
        out.write_text(str(proof), "utf-8")
        leaf = out.with_suffix(".leaf")
        leaf.write_bytes(store.entry(index).leaf)
    click.echo(f"{out}: entry {index} of {store.origin}\n{leaf}: what was recorded")


@log.command("verify-proof")
@click.argument("proof", type=click.Path(path_type=Path))
@click.argument("leaf", type=click.Path(path_type=Path))
@click.option(
    "--key", "keys", multiple=True, required=True, help="A key that you know, or its file."
)
@_json
def verify_proof(proof: Path, leaf: Path, keys: tuple[str, ...], as_json: bool) -> None:
    """Say whether LEAF is in the log, by PROOF and a key that you know. It needs no log."""
    from ._signing import read_verifier_key
    from .verify import Proof, VerifyError, moment

    with _errors():
        known = [read_verifier_key(key) for key in keys]
        text, entry = _text(proof), _bytes(leaf)
    try:
        found = Proof.parse(text)
        head, signers = found.check(entry, known)
    except VerifyError as error:
        _fail(str(error), as_json)
        return
    told = {
        "holds": True, "origin": head.origin, "index": found.index, "size": head.size,
        "signers": signers,
    }  # fmt: skip
    if as_json:
        click.echo(json.dumps(told))
    else:
        click.echo(f"holds: entry {found.index} of {head.origin}, which has {head.size}")
        for key, time in signers.items():
            seen = "" if time is None else f", who saw it at {moment(time)}"
            click.echo(f"  signed by {key.partition('+')[0]}{seen}")


@log.command("verify")
@_path
@_keys
@_json
def verify(path: Path, keys: tuple[str, ...], as_json: bool) -> None:
    """Hash every record again, and compare with everything that was ever signed."""
    from ._audit import audit
    from ._integrate import head_faults
    from ._signing import read_verifier_key

    with _errors():
        folder = _folder(path)
        store = folder.open()
        known = [read_verifier_key(key) for key in keys or (str(folder.public),)]
        with click.progressbar(
            length=store.size, label="hashing", file=sys.stderr, hidden=as_json or not store.size
        ) as bar:
            found = audit(store, known, lambda n: bar.update(n - bar.pos))
        found = found._replace(faults=(*found.faults, *head_faults(folder, store)))
    told = {"holds": not found.faults, **found._asdict()}
    if as_json:
        click.echo(json.dumps(told))
    elif found.faults:
        click.echo("does not hold:")
        for fault in found.faults:
            click.echo(f"  {fault}")
    else:
        click.echo(
            f"holds: {found.entries} records of {found.origin}, {found.size} of them are signed"
        )
    if found.faults:
        sys.exit(FAILS)


@log.command("consistency")
@click.argument("older", type=click.Path(path_type=Path))
@_path
@_keys
@_json
def consistency(older: Path, path: Path, keys: tuple[str, ...], as_json: bool) -> None:
    """Say whether the log still begins with what the checkpoint in the file OLDER says."""
    from ._signing import read_verifier_key
    from .verify import VerifyError, check_consistency, open_checkpoint

    with _errors():
        folder = _folder(path)
        store = folder.open()
        known = [read_verifier_key(key) for key in keys or (str(folder.public),)]
        text, last = _text(older), store.checkpoint()
        if last is None:
            raise LogError("the log has no checkpoint yet")
    try:
        before = open_checkpoint(text, known).checkpoint
        now = open_checkpoint(last.note, known).checkpoint
        if before.origin != now.origin:
            raise VerifyError(f"{str(older)!r} is of log {before.origin}, this is {now.origin}")
        if before.size > now.size:
            raise VerifyError(f"it had {before.size} entries and now has {now.size}")
        tree = store.tree(now.size)
        check_consistency(
            before.size, before.root, now.size, now.root, tree.consistency(before.size)
        )
    except VerifyError as error:
        _fail(str(error), as_json)
        return
    told = {"holds": True, "from": before.size, "to": now.size}
    click.echo(json.dumps(told) if as_json else f"holds: {before.size} entries became {now.size}")


@log.command("checkpoint")
@_path
def checkpoint(path: Path) -> None:
    """Print the last signed checkpoint: kept elsewhere, it shows if anything is taken back."""
    from ._cosignatures import with_cosignatures

    with _errors():
        store = _folder(path).open()
        last = store.checkpoint()
        if last is None:
            raise LogError("the log has no checkpoint yet")
        note = with_cosignatures(store, last.note).note
    click.echo(note, nl=False)


@log.command("export")
@click.argument("out", type=click.Path(path_type=Path))
@_path
@click.option("--from", "start", default=0, show_default=True, help="The first entry.")
@click.option("--to", "end", type=int, help="Behind the last entry; by default all.")
@click.option("--open", "fields", help="Show these texts: request, answer, user, or several.")
def export(out: Path, path: Path, start: int, end: int | None, fields: str | None) -> None:
    """Write a bundle of records into the new folder OUT, with the program that checks it.

    Without --open it shows no texts. What was erased or is restricted is not opened.
    """
    from ._audit import export as write
    from ._commands_erase import Opening
    from ._signing import read_verifier_key

    with _errors():
        folder = _folder(path)
        store = folder.open()
        public = read_verifier_key(str(folder.public))
        opening = None if fields is None else Opening(folder, fields)
        count = write(store, public, start, store.size if end is None else end, out, opening)
    if opening is not None and opening.closed:
        click.echo(f"{opening.closed} of them stay closed: not kept, erased, or restricted")
    click.echo(f"{out}: {count} records; check them with: python {out / 'verify.py'} {out}")


def _folder(path: Path) -> LogFolder:
    from ._folder import LogFolder

    return LogFolder(path)


def _index(store: Store, record: str) -> int:
    if record.isdigit():
        return int(record)
    try:
        name = bytes.fromhex(record.replace("-", ""))
    except ValueError:
        raise LogError(f"{record!r} is neither the id of a record nor an index") from None
    found = store.find(name)
    if found is None:
        raise LogError(
            f"record {record} is not in the log; what was taken a moment ago may still wait: see "
            "`chopmark log status`"
        )
    return found.index


def _waiting(folder: LogFolder, store: Store) -> int:
    read = store.read()
    return sum(
        spool.stat().st_size - read.get(spool.name, 0) for spool in folder.spools.glob("*.spool")
    )


def _text(file: Path) -> str:
    return _bytes(file).decode("utf-8", "replace")


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise LogError(f"{str(file)!r}: {error.strerror}") from error


def _time(milliseconds: int) -> str:
    moment = datetime.fromtimestamp(milliseconds / 1000, timezone.utc)
    return moment.strftime("%Y-%m-%d %H:%M:%S")


def _shown(name: str, value: Any) -> str:
    if name == "signed_at" and value is not None:
        return _time(value) + " UTC"
    return "-" if value is None else str(value)


def _fail(why: str, as_json: bool) -> None:
    click.echo(json.dumps({"holds": False, "why": why}) if as_json else f"does not hold: {why}")
    sys.exit(FAILS)


@contextmanager
def _errors() -> Iterator[None]:
    """Turn what cannot be checked into a message and exit code 2."""
    try:
        yield
    except (LogError, OSError) as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(UNCHECKED)
