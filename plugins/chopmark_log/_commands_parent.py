"""The commands of a parent log, whose entries are the heads of others: `chopmark log parent`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from chopmark import LogError
from chopmark.terminal import Commands, counted, table

from ._command_line import (
    FAILS,
    bytes_of,
    errors,
    fail,
    folder_of,
    index_of,
    json_option,
    leaf_beside,
    only_option,
    serve_until_interrupted,
    shown_time,
    text_of,
    write_proof,
)

if TYPE_CHECKING:
    from ._parent import Parent

_parent_path = click.option(
    "--path", type=click.Path(path_type=Path), default="chopmark-parent", show_default=True,
    help="The folder of the parent log.",
)  # fmt: skip
_child_path = click.option(
    "--path", type=click.Path(path_type=Path), default="chopmark-log", show_default=True,
    help="The folder of the child.",
)  # fmt: skip


@click.group("parent", cls=Commands)
def parent() -> None:
    """Keep the heads of many logs in one: of each machine's, under a key of its own.

    A child names the parent among its `witnesses`. It is refused where it was set back or has
    forked; else its head becomes an entry, before it gets a cosignature. Exits with 0 where what
    was asked holds, with 1 where it does not, and with 2 where it could not be checked.
    """


@parent.command("init")
@_parent_path
@click.option("--origin", required=True, help="Its name, such as example.com/chopmark/all.")
def init(path: Path, origin: str) -> None:
    """Make a parent log, the key that signs it, and the one that cosigns its children."""
    from ._parent import make_parent

    with errors():
        folder = folder_of(path)
        key = make_parent(folder, origin)
        click.echo(f"{path}: parent log {origin}")
        click.echo("give this key to those who shall verify it:")
        click.echo(folder.public.read_text("utf-8"), nl=False)
        click.echo("give this one to the children, as `key` of a witness:")
        click.echo(str(key))


@parent.command("add")
@click.argument("key")
@_parent_path
@only_option
def add(key: str, path: Path, only: bool) -> None:
    """Take the heads of the log whose key is KEY, or in the file KEY, from now on."""
    from ._signing import read_verifier_key

    with errors():
        known = read_verifier_key(key)
        _open(path).add_log(known, only=only)
    click.echo(f"{path}: takes heads of log {known.name}")


@parent.command("serve")
@_parent_path
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen at.")
@click.option("--port", default=8798, show_default=True, help="The port; 0 takes a free one.")
def serve(path: Path, host: str, port: int) -> None:
    """Take heads of children that ask for cosignatures, until it is interrupted.

    It speaks HTTP; where others can reach it, put a server in front that speaks HTTPS.
    """
    from ._parent import ParentServer

    with errors():
        found = _open(path)
    does = f"{found.key.public.name} takes heads of {counted(len(found.logs()), 'log')}"
    serve_until_interrupted(lambda: ParentServer(found, (host, port)), host, port, does)


@parent.command("gather")
@click.argument("children", nargs=-1, required=True, type=click.Path(path_type=Path))
@_parent_path
def gather(children: tuple[Path, ...], path: Path) -> None:
    """Take the last head of each of the logs in the folders CHILDREN, which can be read from here.

    Exits with 1 where one of them was set back or has forked; the others are taken all the same.
    """
    from ._parent import gather as take
    from ._witness_client import WitnessRefusalError, WitnessTroubleError

    refused = 0
    with errors():
        found = _open(path)
        for child in children:
            try:
                taken = take(found, folder_of(child))
                entries = counted(taken.size, "entry", "entries")
                click.echo(f"{child}: {entries} of {taken.origin}")
            except WitnessRefusalError as error:
                refused += 1
                click.echo(f"{child}: refused: {error}")
            except WitnessTroubleError as error:
                raise LogError(f"{child}: {error}") from error
        found.sign()
    if refused:
        sys.exit(FAILS)


@parent.command("status")
@_parent_path
@json_option
def status(path: Path, as_json: bool) -> None:
    """Say which heads of children there are, from when, and which contradict themselves."""
    with errors():
        found = _open(path)
        logs, conflicts = found.logs(), found.conflicts()
    if as_json:
        told = {
            "key": str(found.key.public), "children": [one._asdict() for one in logs],
            "conflicts": [one._asdict() for one in conflicts],
        }  # fmt: skip
        click.echo(json.dumps(told, ensure_ascii=False))
    else:
        rows = [
            (
                one.origin, str(one.size), shown_time(1000 * one.time) if one.time else "-",
                str(sum(other.origin == one.origin for other in conflicts)),
            )
            for one in logs
        ]  # fmt: skip
        click.echo(table(("CHILD", "ENTRIES", "AT", "CONTRADICTIONS"), rows))
    if conflicts:
        sys.exit(FAILS)


@parent.command("prove-head")
@click.argument("origin")
@_parent_path
@click.option("-o", "--out", type=click.Path(path_type=Path), required=True, help="The file.")
def prove_head(origin: str, path: Path, out: Path) -> None:
    """Write the proof that the last head of the child ORIGIN is in the parent, and its entry.

    The child's owner makes of the entry, by `prove`, the proof of a record.
    """
    from ._parent_proof import prove_head as make

    with errors():
        leaf = leaf_beside(out)
        found = make(_open(path), origin)
        out.write_text(str(found.proof), "utf-8")
        leaf.write_bytes(found.leaf)
    click.echo(f"{out}: a head of {origin}\n{leaf}: the entry that holds it")


@parent.command("prove")
@click.argument("record")
@_child_path
@click.option(
    "--under", required=True, type=click.Path(path_type=Path),
    help="The entry of the parent, as `prove-head` wrote it.",
)  # fmt: skip
@click.option("-o", "--out", type=click.Path(path_type=Path), help="By default RECORD.tlog-proof.")
def prove(record: str, path: Path, under: Path, out: Path | None) -> None:
    """Write the proof that RECORD, an id or an index, is under the head that the parent has."""
    from ._parent_proof import prove_under

    with errors():
        store = folder_of(path).open()
        entry = store.entry(index_of(store, record))
        proof = prove_under(store, entry, bytes_of(under))
        told = write_proof(store, entry, proof, out or Path(f"{record}.tlog-proof"))
    click.echo(told)


@parent.command("verify-proof")
@click.argument("proof", type=click.Path(path_type=Path))
@click.argument("head", type=click.Path(path_type=Path))
@click.option(
    "--key", "keys", multiple=True, required=True,
    help="The parent's key, or its file; and the child's, where you know it.",
)  # fmt: skip
@click.option(
    "--handovers", multiple=True, type=click.Path(path_type=Path),
    help="The file of that name of the parent or the child: how a key that you know gave way.",
)  # fmt: skip
@json_option
def verify_proof(
    proof: Path, head: Path, keys: tuple[str, ...], handovers: tuple[Path, ...], as_json: bool
) -> None:
    """Say whether a record is in a child whose head is in the parent. It needs neither log.

    PROOF is what `prove` wrote, HEAD what `prove-head` wrote, each beside its .leaf. Each of the
    two is a tlog-proof of C2SP, which any reader of those checks, too.
    """
    from ._parent_proof import check_both
    from ._signing import read_verifier_key
    from .verify import Handover, Proof, VerifyError, split_handovers, with_successors

    with errors():
        known = [read_verifier_key(key) for key in keys]
        notes = [note for file in handovers for note in split_handovers(text_of(file))]
        texts = [text_of(one) for one in (proof, head)]
        leaves = [bytes_of(one.with_suffix(".leaf")) for one in (proof, head)]
    try:
        known = with_successors(known, map(Handover.open, notes))
        below, above = (Proof.parse(text) for text in texts)
        found = check_both(leaves[0], below, leaves[1], above, known)
    except VerifyError as error:
        fail(str(error), as_json)
        return
    if as_json:
        click.echo(json.dumps({"holds": True, **found._asdict()}))
        return
    click.echo(f"holds: entry {found.entry} of {found.child}, whose head is in {found.parent}")
    if not found.known:
        click.echo("  by the key that the parent knows the child by; give it by --key to compare")


def _open(path: Path) -> Parent:
    from ._parent import Parent

    return Parent(folder_of(path))
