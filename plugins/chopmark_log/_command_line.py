"""What the commands of a log have in common: options, exit codes, and how an error is told."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import click

from chopmark import ChopmarkError, LogError

from ._errors import UnsoundError

if TYPE_CHECKING:
    from ._folder import LogFolder
    from ._store import Entry, Store

FAILS, UNCHECKED, INTERRUPTED = 1, 2, 130
path_option = click.option(
    "--path", type=click.Path(path_type=Path), default="chopmark-log", show_default=True,
    help="The folder of the log.",
)  # fmt: skip
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")
keys_option = click.option(
    "--key", "keys", multiple=True, help="A key that you know, or its file; by default the log's."
)

only_option = click.option(
    "--only", is_flag=True, help="Know the log by this key alone, and by none before it."
)


def folder_of(path: Path) -> LogFolder:
    """Return the folder of the log at `path`."""
    from ._folder import LogFolder

    return LogFolder(path)


def index_of(store: Store, record: str) -> int:
    """Return the index of RECORD, an id or an index.

    Raises:
        LogError: it is neither, or the log has no such record.
    """
    if record.isascii() and record.isdigit():
        return int(record)
    try:
        name = bytes.fromhex(record.replace("-", ""))
    except ValueError:
        raise LogError(f"{record!r} is neither the id of a record nor an index") from None
    if len(name) != 16:
        raise LogError(
            f"{record!r} is no whole id; give all of it (`chopmark log tail --json`), or the index"
        )
    found = store.find(name)
    if found is None:
        gone = f", and entries before {store.minimum} were pruned" if store.minimum else ""
        raise LogError(
            f"record {record} is not in the log; what was taken a moment ago may still wait: see "
            f"`chopmark log status`{gone}"
        )
    return found.index


def shown_time(milliseconds: int) -> str:
    """Return a time, ms since 1970, to be read (UTC)."""
    moment = datetime.fromtimestamp(milliseconds / 1000, timezone.utc)
    return moment.strftime("%Y-%m-%d %H:%M:%S")


def fail(why: str, as_json: bool) -> None:
    """Say that something does not hold, and exit with 1."""
    click.echo(json.dumps({"holds": False, "why": why}) if as_json else f"does not hold: {why}")
    sys.exit(FAILS)


def text_of(file: Path) -> str:
    """Return the text in a file; what is no UTF-8 in it is replaced.

    Raises:
        LogError: it cannot be read.
    """
    return bytes_of(file).decode("utf-8", "replace")


def bytes_of(file: Path) -> bytes:
    """Return what is in a file.

    Raises:
        LogError: it cannot be read.
    """
    try:
        return file.read_bytes()
    except OSError as error:
        raise LogError(f"{str(file)!r}: {error.strerror}") from error


@contextmanager
def errors(interrupted: str = "interrupted") -> Iterator[None]:
    """Turn errors into a message and an exit code.

    That is 1 for what does not hold, 2 for what cannot be checked, and 130 for Ctrl-C.
    """
    try:
        yield
    except KeyboardInterrupt:
        click.echo(interrupted, err=True)
        sys.exit(INTERRUPTED)
    except UnsoundError as error:
        click.echo(f"does not hold: {error}", err=True)
        sys.exit(FAILS)
    except (ChopmarkError, OSError) as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(UNCHECKED)


def leaf_beside(out: Path) -> Path:
    """Return the file of the leaf that belongs to the proof in `out`.

    Raises:
        LogError: it is the same file.
    """
    leaf = out.with_suffix(".leaf")
    if leaf == out:
        raise LogError(f"{str(out)!r} is where the leaf goes; give the proof another ending")
    return leaf


def write_proof(store: Store, entry: Entry, proof: object, out: Path) -> str:
    """Write a proof that `entry` is in the log, and the entry beside it.

    Return what was written where, for people.
    """
    leaf = leaf_beside(out)
    out.write_text(str(proof), "utf-8")
    leaf.write_bytes(entry.leaf)
    return f"{out}: entry {entry.index} of {store.origin}\n{leaf}: what was recorded"


def serve_until_interrupted(make: Callable[[], Serving], host: str, port: int, does: str) -> None:
    """Serve until it is interrupted; `does` says what, and is followed by the address.

    Where nothing can listen there, it says so and exits with 2.
    """
    with errors():
        try:
            server = make()
        except (OSError, OverflowError) as error:
            raise LogError(f"{host}, port {port}: {error}") from error
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    click.echo(f"{does} at {server.url}")
    sys.stdout.flush()
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        click.echo("stopped", err=True)
    finally:
        server.server_close()


class Serving(Protocol):
    """A server of the standard library that knows its address."""

    @property
    def url(self) -> str: ...
    def serve_forever(self) -> None: ...
    def server_close(self) -> None: ...
