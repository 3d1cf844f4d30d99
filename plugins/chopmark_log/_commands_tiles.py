"""The command that publishes a log for any reader of C2SP tlog-tiles: `chopmark log tiles`."""

from __future__ import annotations

from pathlib import Path

import click

from chopmark import LogError
from chopmark.terminal import counted

from ._command_bars import bars
from ._command_line import check_apart, errors, folder_of, json_option, path_option, tell


@click.command("tiles")
@click.argument("out", type=click.Path(path_type=Path))
@path_option
@click.option("--hashes-only", is_flag=True, help="Leave out the entries, and what they say.")
@json_option
def tiles(out: Path, path: Path, hashes_only: bool, as_json: bool) -> None:
    """Write the log into the folder OUT as files that any web server can serve.

    They are those of C2SP tlog-tiles, so that any reader of it can follow the log: the last
    checkpoint, with what witnesses added, the hashes of the tree, and the entries, which have no
    texts. The next time it adds what is new, and takes out what was pruned; cut short, the same
    command goes on. Exits with 0 where all of it is there, with 1 where the log is not what was
    signed or published, and with 2 where it could not be written.
    """
    with errors("what was published before is as it was; the same command goes on"):
        from ._cosignatures import with_cosignatures
        from ._handover import own_keys
        from ._tiles import write_tiles

        folder = folder_of(path)
        check_apart(out)
        store = folder.open()
        try:
            last = store.checkpoint()
            if last is None:
                raise LogError("the log has no checkpoint yet; ask again in a second")
            note = with_cosignatures(store, last.note).note
            with bars(as_json) as bar:
                done = write_tiles(
                    store, own_keys(folder), note, out, entries=not hashes_only, told=bar
                )
        finally:
            store.close()
    told = {"origin": store.origin, "entries": done.size, "files": done.files, "folder": str(out)}
    entries = counted(done.size, "entry", "entries")
    tell(as_json, told, f"{out}: {entries} of {store.origin}, {counted(done.files, 'new file')}")
