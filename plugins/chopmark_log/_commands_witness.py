"""The command `chopmark witness`, and `chopmark log witness`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from chopmark import LogError
from chopmark.terminal import counted, table

from ._command_line import (
    FAILS,
    UNCHECKED,
    LogCommands,
    errors,
    folder_of,
    json_option,
    log_keys,
    log_keys_argument,
    only_option,
    path_option,
    shown_time,
    tell,
    told_of_log,
    unbroken,
)
from ._command_serve import serve_until_interrupted, serving_json_option
from ._packages import check_packages

if TYPE_CHECKING:
    from ._cosignatures import Cosignatures
    from ._store import Store
    from ._witness_state import WitnessFolder

_witness_path = click.option(
    "--path", type=click.Path(path_type=Path), default="chopmark-witness", show_default=True,
    help="The folder of the witness.",
)  # fmt: skip
_KINDS = {"ed25519": 0x04, "ml-dsa-44": 0x06}


@click.group("witness", cls=LogCommands)
def witness() -> None:
    """Watch logs of others: cosign what grew, refuse what was set back or tells two stories.

    Run it where those who run the log have no access. Exits with 0 where what was asked holds, with
    1 where a log contradicts itself, with 2 where it could not be checked, and with 130 after
    Ctrl-C, which leaves nothing broken. With --json a command prints one JSON document, also where
    it ends otherwise: {"holds": false or null, "why": ...}.
    """
    with errors():
        check_packages()


@witness.command("init")
@_witness_path
@click.option("--name", required=True, help="Its name, such as witness.example.org/w1.")
@click.option(
    "--kind", type=click.Choice(list(_KINDS)), default="ed25519", show_default=True,
    help="Of its key; ml-dsa-44 withstands quantum computers, and fewer programs know it.",
)  # fmt: skip
@json_option
def init(path: Path, name: str, kind: str, as_json: bool) -> None:
    """Make a witness and its key.

    Exits with 0 where it is made, and with 2 where it could not be.
    """
    with errors("the witness is there whole, or not at all"), unbroken():
        key = _witness(path).create(name, _KINDS[kind])
    told = {"name": name, "path": str(path), "kind": kind, "key": str(key.public)}
    why = "give this key to the logs, and to those who shall verify them:"
    tell(as_json, told, f"{path}: witness {name}\n{why}\n{key.public}")


@witness.command("add-log")
@log_keys_argument
@_witness_path
@only_option
@json_option
def add_log(keys: tuple[str, ...], path: Path, only: bool, as_json: bool) -> None:
    """Cosign the log whose key is KEY, or in the file KEY, from now on.

    Given both keys of a log, log.pub and log-ml-dsa.pub, it cosigns what both signed, and nothing
    that one of them signed alone. Exits with 0, and with 2 where KEY is none of a log, or there is
    no witness.
    """
    with errors():
        known = log_keys(keys)
        _witness(path).open().add_log(*known, only=only)
    tell(as_json, told_of_log(known, path, only=only), f"{path}: knows log {known[0].name}")


@witness.command("status")
@_witness_path
@json_option
def status(path: Path, as_json: bool) -> None:
    """Say which logs are known, what was cosigned last, and which contradict themselves.

    With --json, `conflicts` holds the heads of one size that a log signed: they prove it to anyone.
    Exits with 0, with 1 where a log contradicts itself, and with 2 where there is no witness.
    """
    with errors():
        found = _witness(path).open()
        logs, conflicts = found.logs(), found.conflicts()
    told = {
        "key": str(found.key.public),
        "logs": [one._asdict() for one in logs],
        "conflicts": [one._asdict() for one in conflicts],
    }
    rows = [
        (
            one.origin, str(one.size), shown_time(1000 * one.time) if one.time else "-",
            str(sum(other.origin == one.origin for other in conflicts)),
        )
        for one in logs
    ]  # fmt: skip
    shown = table(("LOG", "ENTRIES", "COSIGNED AT", "CONTRADICTIONS"), rows)
    tell(as_json, told, f"key {found.key.public}\n\n{shown}")
    if conflicts:
        sys.exit(FAILS)


@witness.command("serve")
@_witness_path
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen at.")
@click.option("--port", default=8799, show_default=True, help="The port; 0 takes a free one.")
@serving_json_option
def serve(path: Path, host: str, port: int, as_json: bool) -> None:
    """Answer logs that ask for cosignatures, until it is interrupted.

    It speaks HTTP; where others can reach it, put a server in front that speaks HTTPS. Exits with 0
    after Ctrl-C, and with 2 where it could not begin.
    """
    from ._witness_server import WitnessServer

    with errors():
        found = _witness(path).open()
        about = {"key": str(found.key.public), "logs": len(found.logs())}
    does = f"{found.key.public.name} cosigns {counted(len(found.logs()), 'log')}"
    address = (host, port)
    serve_until_interrupted(as_json, lambda: WitnessServer(found, address), address, does, about)


@click.command("witness")
@path_option
@click.option(
    "--ask", nargs=2, metavar="URL KEY",
    help="Have the last checkpoint cosigned now by the witness at URL, whose key is KEY.",
)  # fmt: skip
@click.option(
    "--drop", nargs=2, metavar="WITNESS REASON",
    help="Sign again though WITNESS, a name or a key, refused the log; the log says so, and why.",
)  # fmt: skip
@json_option
def log_witness(
    path: Path, ask: tuple[str, str] | None, drop: tuple[str, str] | None, as_json: bool
) -> None:
    """Say what witnesses cosigned of the log, and whether one refuses it.

    Which witnesses a running log asks, `witnesses` in [settings.log] says: one that refused the log
    and is still asked refuses it again. Exits with 0, with 1 where a witness refuses the log, and
    with 2 where the one that was asked did not answer, or there is no log.
    """
    from ._cosignatures import Cosignatures
    from ._witnessing import drop_refusal

    with errors("what was done by then stays: see `chopmark log witness`"):
        folder = folder_of(path)
        if drop:
            drop_refusal(folder, *drop)
        store = folder.open()
        kept = Cosignatures(folder.path)
        trouble = _ask(store, kept, ask) if ask else ""
        last = store.checkpoint()
        found, refusal = kept.witnesses(store.origin), kept.refusal(store.origin)
    signed = last.size if last else 0
    told = {
        "signed": signed, "refusal": refusal, "witnesses": [one._asdict() for one in found],
    }  # fmt: skip
    rows = [
        (
            one.key.partition("+")[0], one.url, f"{one.size} of {signed}",
            shown_time(1000 * one.time) if one.time else "-", one.trouble or "-",
        )
        for one in found
    ]  # fmt: skip
    shown = table(("WITNESS", "AT", "COSIGNED", "TIME", "TROUBLE"), rows)
    tell(as_json, told, f"{shown}\nnothing is signed: {refusal}" if refusal else shown)
    if refusal:
        sys.exit(FAILS)
    if trouble:
        sys.exit(UNCHECKED)


def _ask(store: Store, kept: Cosignatures, ask: tuple[str, str]) -> str:
    """Ask a witness, and return what the matter is with it."""
    from ._signing import read_verifier_key
    from ._witness_client import WitnessAddress, WitnessRefusalError, WitnessTroubleError
    from ._witnessing import ask_one
    from .verify import VerifyError

    url, key = ask
    try:
        address = WitnessAddress.of(url, str(read_verifier_key(key)))
        if not ask_one(store, kept, address):
            raise LogError("the log has no checkpoint yet; ask again in a second")
    except VerifyError as error:
        raise LogError(str(error)) from error
    except (WitnessRefusalError, WitnessTroubleError) as error:
        return str(error)
    return ""


def _witness(path: Path) -> WitnessFolder:
    from ._witness_state import WitnessFolder

    return WitnessFolder(path)
