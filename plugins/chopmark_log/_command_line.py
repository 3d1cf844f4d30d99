"""What the commands of a log have in common: options, exit codes, and how an end is told.

With --json each prints one JSON document on standard output, however it ends. Where it ends before
it has one of its own, that is `{"holds": ..., "why": ...}`: false where something does not hold
(exit code 1), null where that could not be checked (2), or Ctrl-C came first (130).
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from chopmark import ChopmarkError, LogError
from chopmark.terminal import Commands

from ._errors import UnsoundError

if TYPE_CHECKING:
    from ._folder import LogFolder
    from ._store import Entry, Store
    from .verify import VerifierKey

FAILS, UNCHECKED, INTERRUPTED = 1, 2, 130
_MOST = 1 << 26
"""Bytes of a file that is given, at the most: a device may have no end."""
path_option = click.option(
    "--path", type=click.Path(path_type=Path), default="chopmark-log", show_default=True,
    help="The folder of the log.",
)  # fmt: skip
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")
keys_option = click.option(
    "--key", "keys", multiple=True, help="A key that you know, or its file; by default the log's."
)

log_keys_argument = click.argument("keys", nargs=-1, required=True, metavar="KEY...")
only_option = click.option(
    "--only", is_flag=True, help="Know the log by what is given alone, and by no key before it."
)


class LogCommands(Commands):
    """Commands that exit with 2 where what they found cannot be printed.

    click would exit with 1 where nobody reads any more, which says that something does not hold.
    """

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except OSError as error:  # a command tells all others itself
            with suppress(OSError):
                click.echo(f"Error: what was found cannot be printed: {error}", err=True)
            with suppress(OSError), open(os.devnull, "wb") as nowhere:
                os.dup2(nowhere.fileno(), sys.stdout.fileno())  # what waits is not tried again
            ctx.exit(UNCHECKED)


def folder_of(path: Path) -> LogFolder:
    """Return the folder of the log at `path`."""
    from ._folder import LogFolder

    return LogFolder(path)


def public_key(file: Path) -> str | None:
    """Return the key in a file of a log, which checks what it signs, None where the file is gone.

    Raises:
        LogError: the file cannot be read, or has no key in it.
    """
    from ._signing import parse_verifier_key

    try:
        return str(parse_verifier_key(file.read_text("utf-8")))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise LogError(f"key {str(file)!r}: {error.strerror}") from error
    except ValueError as error:  # no text, or no key
        raise LogError(f"key {str(file)!r}: {error}; put it back from a copy") from error


def log_keys(given: Sequence[str]) -> list[VerifierKey]:
    """Return the keys of a log that were given, or are in the files of these names.

    Raises:
        LogError: one is none.
    """
    from ._signing import read_verifier_key

    return [read_verifier_key(one) for one in given]


def told_of_log(keys: Sequence[VerifierKey], path: Path, *, only: bool) -> dict[str, Any]:
    """Return what is told where the witness or parent at `path` knows a log by `keys`."""
    return {
        "origin": keys[0].name, "path": str(path), "key": str(keys[0]),
        "keys": list(map(str, keys)), "only": only,
    }  # fmt: skip


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


def say(told: Mapping[str, Any], indent: int | None = None) -> None:
    """Print JSON; half a character of UTF-16, which UTF-8 has not, is escaped as JSON wants it."""
    text = json.dumps(told, indent=indent, ensure_ascii=False)
    click.echo(text.encode("utf-8", "backslashreplace"))


def tell(as_json: bool, told: Mapping[str, Any], text: str) -> None:
    """Print what a command found or did, for a machine or as a text for people."""
    if as_json:
        say(told)
    else:
        click.echo(text)


def fail(why: str, as_json: bool) -> NoReturn:
    """Say that something does not hold, and exit with 1."""
    tell(as_json, {"holds": False, "why": why}, f"does not hold: {why}")
    sys.exit(FAILS)


def give_up(holds: bool | None, why: str, text: str, code: int) -> NoReturn:
    """Say on standard error why there is no answer, with --json on standard output, too; exit."""
    context = click.get_current_context(silent=True)
    if context is not None and context.params.get("as_json"):
        say({"holds": holds, "why": why})
    click.echo(text, err=True)
    sys.exit(code)


def text_of(file: Path) -> str:
    """Return the text in a file; what is no UTF-8 in it is replaced.

    Raises:
        LogError: it cannot be read, or has more than 64 MiB.
    """
    return bytes_of(file).decode("utf-8", "replace")


def bytes_of(file: Path) -> bytes:
    """Return what is in a file.

    Raises:
        LogError: it cannot be read, or has more than 64 MiB.
    """
    try:
        with file.open("rb") as opened:
            found = opened.read(_MOST + 1)
    except OSError as error:
        raise LogError(f"{str(file)!r}: {error.strerror}") from error
    if len(found) > _MOST:
        raise LogError(f"{str(file)!r} has more than {_MOST >> 20} MiB: no text or proof has")
    return found


@contextmanager
def errors(interrupted: str = "nothing was changed") -> Iterator[None]:
    """Turn errors into a message and an exit code.

    That is 1 for what does not hold, 2 for what cannot be checked, and 130 for Ctrl-C, where
    `interrupted` says what became of what was begun.
    """
    try:
        yield
    except KeyboardInterrupt:
        why = f"interrupted; {interrupted}"
        give_up(None, why, why, INTERRUPTED)
    except UnsoundError as error:
        give_up(False, str(error), f"does not hold: {error}", FAILS)
    except (ChopmarkError, OSError) as error:
        give_up(None, str(error), f"Error: {error}", UNCHECKED)


@contextmanager
def unbroken() -> Iterator[None]:
    """Let Ctrl-C wait until the block is over: for a few renames that belong together."""
    waiting: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield  # no signal comes here
        return
    former = signal.signal(signal.SIGINT, lambda number, frame: waiting.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, former)
        if waiting:
            signal.raise_signal(signal.SIGINT)


def leaf_beside(out: Path) -> Path:
    """Return the file of the leaf that belongs to the proof in `out`.

    Raises:
        LogError: it is the same file, or `out` is no name of a file.
    """
    if not out.name:
        raise LogError(f"{str(out)!r} is a folder; give the name of a file for the proof")
    leaf = out.with_suffix(".leaf")
    if leaf == out:
        raise LogError(f"{str(out)!r} is where the leaf goes; give the proof another ending")
    return leaf


def check_apart(out: Path) -> None:
    """Look whether others may get all that is in the folder `out`.

    Raises:
        LogError: it is the folder of a log.
    """
    if folder_of(out).is_log:
        raise LogError(f"{str(out)!r} is the folder of a log, with its keys; give another one")


def write_proof(entry: Entry, proof: object, out: Path) -> dict[str, Any]:
    """Write a proof that `entry` is in the log, and the entry beside it; say what is where.

    Raises:
        LogError: both would be the same file.
    """
    leaf = leaf_beside(out)
    out.write_text(str(proof), "utf-8")
    leaf.write_bytes(entry.leaf)
    return {"entry": entry.index, "proof": str(out), "leaf": str(leaf)}
