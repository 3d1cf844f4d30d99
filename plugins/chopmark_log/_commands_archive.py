"""The commands of an archive of Parquet files: `chopmark log archive`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from chopmark import LogError
from chopmark.terminal import Commands, counted, table

from ._command_bars import bars
from ._command_line import (
    FAILS,
    check_apart,
    errors,
    folder_of,
    json_option,
    keys_option,
    leaf_beside,
    path_option,
    tell,
)
from ._progress import adding

_folder = click.argument("folder", type=click.Path(path_type=Path))


@click.group("archive", cls=Commands)
def archive() -> None:
    """Keep the closed months of a log as Parquet files, which any tool can ask in SQL.

    FOLDER is the archive's. It has the records as they are, with what they say in columns, and the
    signed checkpoints: all of it can be verified, and each record proved, without the log. It never
    has texts or keys, so nothing in it is ever to be erased.
    """


@archive.command("write")
@_folder
@path_option
@click.option(
    "--open-month", is_flag=True, help="Also what is signed of the month that is not over yet."
)
@json_option
def write(folder: Path, path: Path, open_month: bool, as_json: bool) -> None:
    """Bring the archive in FOLDER up to date; it is made where it is not there.

    Months end at the last checkpoint that was signed in them (UTC). A file is read again before it
    counts. Cut short, by Ctrl-C or a loss of power, it goes on with the file that it was at. Exits
    with 0 where all of it is there, and with 2 where it could not be written.
    """
    with errors("the same command goes on"):
        from ._archive import due
        from ._archive import write as bring
        from ._signing import read_verifier_key

        log = folder_of(path)
        check_apart(folder)
        store = log.open()
        try:
            public = read_verifier_key(str(log.public))
            left = due(store, folder, open_month=open_month)
            with bars(as_json) as bar:
                more = adding(bar, "archiving", left)
                done = bring(store, public, folder, open_month=open_month, progress=more)
        finally:
            store.close()
    told = {
        "origin": done.origin, "entries": done.size, "archived": left, "files": len(done.files),
        "bytes": sum(file.bytes for file in done.files),
        "months": [one.name for one in done.periods],
    }  # fmt: skip
    rows = [
        (
            one.name,
            f"{one.first}-{one.end}",
            str(len(one.files)),
            str(sum(file.bytes for file in one.files)),
        )
        for one in done.periods
    ]
    shown = table(("MONTH", "ENTRIES", "FILES", "BYTES"), rows)
    entries = counted(done.size, "entry", "entries")
    tell(as_json, told, f"{shown}\n{folder}: {entries} of {done.origin}, {left} of them new")


@archive.command("verify")
@_folder
@keys_option
@path_option
@json_option
def verify(folder: Path, keys: tuple[str, ...], path: Path, as_json: bool) -> None:
    """Read the archive in FOLDER, hash all of it, and compare with what was signed.

    It needs no log where --key gives the log's key; else that of the log in --path counts. Exits
    with 0 where all of it holds, with 1 where something does not, and with 2 where nobody could
    look.
    """
    with errors():
        from ._archive_check import verify as look
        from ._archive_manifest import Manifest
        from ._signing import read_verifier_key

        manifest = Manifest.read(folder)
        if not keys and not folder_of(path).public.exists():
            raise LogError(f"there is no log in {str(path)!r}; give its key by --key")
        known = [read_verifier_key(key) for key in keys or folder_of(path).publics]
        with bars(as_json) as bar:
            faults = look(folder, known, progress=adding(bar, "reading", manifest.reached))
    text = "\n  ".join(("does not hold:", *faults))
    if not faults:
        entries = counted(manifest.size, "entry", "entries")
        text = f"holds: {entries} of {manifest.origin}, all of them signed"
    told = {"holds": not faults, "origin": manifest.origin, "entries": manifest.size}
    tell(as_json, {**told, "faults": faults}, text)
    if faults:
        sys.exit(FAILS)


@archive.command("prove")
@_folder
@click.argument("record")
@click.option("-o", "--out", type=click.Path(path_type=Path), help="By default RECORD.tlog-proof.")
@json_option
def prove(folder: Path, record: str, out: Path | None, as_json: bool) -> None:
    """Write the proof that RECORD, an id or an index, is in the log, and its leaf beside it.

    It needs no log, and hashes all that is in the archive. Exits with 0, and with 2 where that is
    not what was signed, or has no such record.
    """
    with errors("the proof may not be whole: run it again"):
        from ._archive_manifest import Manifest
        from ._archive_proof import find
        from ._archive_proof import prove as make

        out = out or Path(f"{record}.tlog-proof")
        leaf, index = leaf_beside(out), find(folder, record)
        with bars(as_json) as bar:
            found = make(folder, index, adding(bar, "hashing", Manifest.read(folder).reached))
        out.write_text(str(found.proof), "utf-8")
        leaf.write_bytes(found.leaf)
    told = {"entry": index, "proof": str(out), "leaf": str(leaf)}
    tell(as_json, told, f"{out}: entry {index}\n{leaf}: what was recorded")
