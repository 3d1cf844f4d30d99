"""The commands that prove: `prove`, `verify-proof`, `verify`, `consistency`, `export`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from chopmark import LogError
from chopmark.terminal import counted

from ._command_bars import bars
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
    say,
    tell,
    text_of,
    write_proof,
)


@click.command("prove")
@click.argument("record")
@path_option
@click.option("-o", "--out", type=click.Path(path_type=Path), help="By default RECORD.tlog-proof.")
@json_option
def prove(record: str, path: Path, out: Path | None, as_json: bool) -> None:
    """Write the proof that RECORD, an id or an index, is in the log, and its leaf beside it.

    Anyone checks it with the log's key: `chopmark log verify-proof`, verify.py of an exported
    bundle, or any tool that reads C2SP's tlog-proof. Exits with 0, with 1 where RECORD is not what
    was signed, and nothing is written then, and with 2 where it could not be proved.
    """
    from ._export import prove_entry

    with errors("the proof may not be whole: run it again"):
        store = folder_of(path).open()
        entry = store.entry(index_of(store, record))
        proof = prove_entry(store, entry)
        told = write_proof(entry, proof, out or Path(f"{record}.tlog-proof"))
    text = (
        f"{told['proof']}: entry {entry.index} of {store.origin}\n{told['leaf']}: what was recorded"
    )
    tell(as_json, {"origin": store.origin, **told}, text)


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
    """Say whether LEAF is in the log, by PROOF and a key that you know. It needs no log.

    Exits with 0 where it is, with 1 where that does not hold, and with 2 where a file or a key
    could not be read.
    """
    from ._signing import read_verifier_key
    from .verify import Proof, VerifyError, handovers_for, moment, with_successors

    with errors():
        known = [read_verifier_key(key) for key in keys]
        text, entry = text_of(proof), bytes_of(leaf)
        notes = text_of(handovers) if handovers is not None else ""
    try:
        known = with_successors(known, handovers_for(known, notes))
        found = Proof.parse(text)
        head, signers = found.check(entry, known)
    except VerifyError as error:
        fail(str(error), as_json)
    told = {
        "holds": True, "origin": head.origin, "index": found.index, "size": head.size,
        "signers": signers,
    }  # fmt: skip
    lines = [f"holds: entry {found.index} of {head.origin}, which has {head.size}"]
    for key, time in signers.items():
        seen = "" if time is None else f", who saw it at {moment(time)}"
        lines.append(f"  signed by {key.partition('+')[0]}{seen}")
    tell(as_json, told, "\n".join(lines))


@click.command("verify")
@path_option
@keys_option
@click.option(
    "--deep", is_flag=True, help="Open the texts, too, and compare them with the records."
)
@json_option
def verify(path: Path, keys: tuple[str, ...], deep: bool, as_json: bool) -> None:
    """Hash every record again, and compare with everything that was ever signed.

    So are the sealed texts, and what witnesses cosigned. Exits with 0 where all of it holds, with
    1 where something does not, and with 2 where it could not be looked at.
    """
    from ._beside import audit_all
    from ._signing import read_verifier_key

    with errors():
        folder = folder_of(path)
        store = folder.open()
        known = [read_verifier_key(key) for key in keys or folder.publics]
        with bars(as_json) as bar:
            size = store.size
            found = audit_all(folder, store, known, lambda n: bar("hashing", n, size), opening=deep)
    text = "\n  ".join(("does not hold:", *found.faults))
    if not found.faults:
        records = counted(found.entries, "record")
        text = f"holds: {records} of {found.origin}, {found.size} of them signed"
    text = "\n  ".join((text, *found.told))
    tell(as_json, {"holds": not found.faults, **found._asdict()}, text)
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
        given = [read_verifier_key(key) for key in keys or folder.publics]
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
    told = {"holds": True, "origin": now.origin, "from": before.size, "to": now.size}
    tell(as_json, told, f"holds: {counted(before.size, 'entry', 'entries')} became {now.size}")


@click.command("checkpoint")
@path_option
@json_option
def checkpoint(path: Path, as_json: bool) -> None:
    """Print the last signed checkpoint: kept elsewhere, it shows if anything is taken back.

    Exits with 0, and with 2 where there is none that can be read.
    """
    from ._cosignatures import with_cosignatures

    with errors():
        store = folder_of(path).open()
        last = store.checkpoint()
        if last is None:
            raise LogError("the log has no checkpoint yet")
        note = with_cosignatures(store, last.note).note
    told = {"origin": store.origin, "size": last.size, "time": last.time, "checkpoint": note}
    if as_json:
        say(told)
    else:
        click.echo(note, nl=False)


@click.command("export")
@click.argument("out", type=click.Path(path_type=Path))
@path_option
@click.option(
    "--from", "start", type=click.IntRange(min=0),
    help="The first entry; by default all that is there.",
)  # fmt: skip
@click.option(
    "--to", "end", type=click.IntRange(min=0), help="Behind the last entry; by default all."
)
@click.option("--open", "fields", help="Show texts, of request,answer,user,recipient.")
@json_option
def export(
    out: Path, path: Path, start: int | None, end: int | None, fields: str | None, as_json: bool
) -> None:
    """Write a bundle of records into the new folder OUT, with the program that checks it.

    Without --open it shows no texts. What was erased or is restricted is not opened. It is OUT.part
    until all of it is there. Exits with 0, with 1 where a record is not what was signed, and with 2
    where it could not be written; then there is nothing in OUT.
    """
    from ._commands_erase import Opening
    from ._export import export as write
    from ._retention import check_there
    from ._signing import read_verifier_key

    with errors(f"{str(out)!r} is there whole, or not at all"):
        folder = folder_of(path)
        store = folder.open()
        public = read_verifier_key(str(folder.public))
        opening = None if fields is None else Opening(folder, fields)
        first = store.minimum if start is None else start
        check_there(store, first)
        with bars(as_json) as bar:
            count = write(
                store, public, first, store.size if end is None else end, out, opening,
                lambda done, total: bar("exporting", done, total),
            )  # fmt: skip
    closed = opening.closed if opening is not None else 0
    told = {
        "origin": store.origin, "bundle": str(out), "from": first, "records": count,
        "closed": closed,
    }  # fmt: skip
    lines = [f"{closed} of them stay closed: not kept, erased, or restricted"] if closed else []
    records = counted(count, "record")
    lines.append(f"{out}: {records}; check them with: python {out / 'verify.py'} {out}")
    tell(as_json, told, "\n".join(lines))


COMMANDS = (prove, verify_proof, verify, consistency, checkpoint, export)
