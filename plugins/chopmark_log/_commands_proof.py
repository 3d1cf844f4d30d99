"""The commands that prove: `prove`, `verify-proof`, `verify`, `consistency`, `export`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from chopmark import LogError
from chopmark.terminal import counted

from ._command_line import (
    FAILS,
    bytes_of,
    errors,
    fail,
    folder_of,
    index_of,
    json_option,
    keys_option,
    path_option,
    text_of,
    write_proof,
)


@click.command("prove")
@click.argument("record")
@path_option
@click.option("-o", "--out", type=click.Path(path_type=Path), help="By default RECORD.tlog-proof.")
def prove(record: str, path: Path, out: Path | None) -> None:
    """Write the proof that RECORD, an id or an index, is in the log, and its leaf beside it.

    Anyone checks it with the log's key: `chopmark log verify-proof`, verify.py of an exported
    bundle, or any tool that reads C2SP's tlog-proof. Where RECORD is not what was signed, nothing
    is written, and it exits with 1.
    """
    from ._audit import prove_entry

    with errors():
        store = folder_of(path).open()
        entry = store.entry(index_of(store, record))
        proof = prove_entry(store, entry)
        told = write_proof(store, entry, proof, out or Path(f"{record}.tlog-proof"))
    click.echo(told)


@click.command("verify-proof")
@click.argument("proof", type=click.Path(path_type=Path))
@click.argument("leaf", type=click.Path(path_type=Path))
@click.option(
    "--key", "keys", multiple=True, required=True, help="A key that you know, or its file."
)
@click.option(
    "--handovers", type=click.Path(path_type=Path),
    help="The log's file of that name: how the key that you know gave way to the next ones.",
)  # fmt: skip
@json_option
def verify_proof(
    proof: Path, leaf: Path, keys: tuple[str, ...], handovers: Path | None, as_json: bool
) -> None:
    """Say whether LEAF is in the log, by PROOF and a key that you know. It needs no log."""
    from ._signing import read_verifier_key
    from .verify import (
        Handover,
        Proof,
        VerifyError,
        moment,
        split_handovers,
        with_successors,
    )

    with errors():
        known = [read_verifier_key(key) for key in keys]
        text, entry = text_of(proof), bytes_of(leaf)
        notes = split_handovers(text_of(handovers)) if handovers is not None else []
    try:
        known = with_successors(known, map(Handover.open, notes))
        found = Proof.parse(text)
        head, signers = found.check(entry, known)
    except VerifyError as error:
        fail(str(error), as_json)
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


@click.command("verify")
@path_option
@keys_option
@click.option(
    "--deep", is_flag=True, help="Open the texts, too, and compare them with the records."
)
@json_option
def verify(path: Path, keys: tuple[str, ...], deep: bool, as_json: bool) -> None:
    """Hash every record again, and compare with everything that was ever signed.

    So are the sealed texts, and what witnesses cosigned.
    """
    from ._beside import audit_all
    from ._signing import read_verifier_key

    with errors():
        folder = folder_of(path)
        store = folder.open()
        known = [read_verifier_key(key) for key in keys or (str(folder.public),)]
        with click.progressbar(
            length=store.size, label="hashing", file=sys.stderr, hidden=as_json or not store.size
        ) as bar:
            found = audit_all(folder, store, known, lambda n: bar.update(n - bar.pos), opening=deep)
    told = {"holds": not found.faults, **found._asdict()}
    if as_json:
        click.echo(json.dumps(told))
    elif found.faults:
        click.echo("does not hold:")
        for fault in found.faults:
            click.echo(f"  {fault}")
    else:
        records = counted(found.entries, "record")
        click.echo(f"holds: {records} of {found.origin}, {found.size} of them signed")
    if found.faults:
        sys.exit(FAILS)


@click.command("consistency")
@click.argument("older", type=click.Path(path_type=Path))
@path_option
@keys_option
@json_option
def consistency(older: Path, path: Path, keys: tuple[str, ...], as_json: bool) -> None:
    """Say whether the log still begins with what the checkpoint in the file OLDER says.

    Exits with 0 where it does, with 1 where it does not, and with 2 where OLDER is no checkpoint.
    """
    from ._handover import known_keys
    from ._signing import read_verifier_key
    from .verify import Checkpoint, VerifyError, check_consistency, open_checkpoint, split_note

    with errors():
        folder = folder_of(path)
        store = folder.open()
        given = [read_verifier_key(key) for key in keys or (str(folder.public),)]
        known = known_keys(folder, given)
        text, last = text_of(older), store.checkpoint()
        if last is None:
            raise LogError("the log has no checkpoint yet")
        try:
            Checkpoint.parse_body(split_note(text)[0])
        except VerifyError as error:
            raise LogError(
                f"{str(older)!r} is no checkpoint: {error}; give a file that has what "
                "`chopmark log checkpoint` printed"
            ) from error
    try:
        before = open_checkpoint(text, known).checkpoint
        now = open_checkpoint(last.note, known).checkpoint
        if before.origin != now.origin:
            raise VerifyError(f"{str(older)!r} is of log {before.origin}, this is {now.origin}")
        if before.size > now.size:
            raise VerifyError(
                f"it had {counted(before.size, 'entry', 'entries')} and now has {now.size}"
            )
        tree = store.tree(now.size)
        check_consistency(
            before.size, before.root, now.size, now.root, tree.consistency(before.size)
        )
    except VerifyError as error:
        fail(str(error), as_json)
        return
    told = {"holds": True, "from": before.size, "to": now.size}
    entries = counted(before.size, "entry", "entries")
    click.echo(json.dumps(told) if as_json else f"holds: {entries} became {now.size}")


@click.command("checkpoint")
@path_option
def checkpoint(path: Path) -> None:
    """Print the last signed checkpoint: kept elsewhere, it shows if anything is taken back."""
    from ._cosignatures import with_cosignatures

    with errors():
        store = folder_of(path).open()
        last = store.checkpoint()
        if last is None:
            raise LogError("the log has no checkpoint yet")
        note = with_cosignatures(store, last.note).note
    click.echo(note, nl=False)


@click.command("export")
@click.argument("out", type=click.Path(path_type=Path))
@path_option
@click.option("--from", "start", type=int, help="The first entry; by default all that is there.")
@click.option("--to", "end", type=int, help="Behind the last entry; by default all.")
@click.option("--open", "fields", help="Show these texts: request, answer, user, or several.")
def export(out: Path, path: Path, start: int | None, end: int | None, fields: str | None) -> None:
    """Write a bundle of records into the new folder OUT, with the program that checks it.

    Without --open it shows no texts. What was erased or is restricted is not opened. Where a record
    is not what was signed, nothing is written, and it exits with 1.
    """
    from ._audit import export as write
    from ._commands_erase import Opening
    from ._retention import check_there
    from ._signing import read_verifier_key

    with errors():
        folder = folder_of(path)
        store = folder.open()
        public = read_verifier_key(str(folder.public))
        opening = None if fields is None else Opening(folder, fields)
        first = store.minimum if start is None else start
        check_there(store, first)
        count = write(store, public, first, store.size if end is None else end, out, opening)
    if opening is not None and opening.closed:
        click.echo(f"{opening.closed} of them stay closed: not kept, erased, or restricted")
    records = counted(count, "record")
    click.echo(f"{out}: {records}; check them with: python {out / 'verify.py'} {out}")


COMMANDS = (prove, verify_proof, verify, consistency, checkpoint, export)
