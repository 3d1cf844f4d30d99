"""The commands of a parent log, whose entries are the heads of others: `chopmark log parent`."""

from __future__ import annotations

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
    log_keys,
    log_keys_argument,
    only_option,
    shown_time,
    tell,
    text_of,
    told_of_log,
    unbroken,
    write_proof,
)
from ._command_serve import serve_until_interrupted, serving_json_option

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
@json_option
def init(path: Path, origin: str, as_json: bool) -> None:
    """Make a parent log, the key that signs it, and the one that cosigns its children.

    Exits with 0 where it is made, and with 2 where it could not be.
    """
    from ._parent import make_parent

    with errors("the parent log is there whole, or not at all"):
        folder = folder_of(path)
        with unbroken():
            cosigns = str(make_parent(folder, origin))
        key = folder.public.read_text("utf-8").strip()
    told = {"origin": origin, "path": str(path), "key": key, "witness_key": cosigns}
    lines = [f"{path}: parent log {origin}", "give this key to those who shall verify it:", key]
    lines += ["give this one to the children, as `key` of a witness:", cosigns]
    tell(as_json, told, "\n".join(lines))


@parent.command("add")
@log_keys_argument
@_parent_path
@only_option
@json_option
def add(keys: tuple[str, ...], path: Path, only: bool, as_json: bool) -> None:
    """Take the heads of the log whose key is KEY, or in the file KEY, from now on.

    Given both keys of a log, log.pub and log-ml-dsa.pub, it takes what both signed, and nothing
    that one of them signed alone. Exits with 0, and with 2 where KEY is none of a log, or there is
    no parent log.
    """
    with errors():
        known = log_keys(keys)
        _open(path).add_log(*known, only=only)
    told = told_of_log(known, path, only=only)
    tell(as_json, told, f"{path}: takes heads of log {known[0].name}")


@parent.command("serve")
@_parent_path
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen at.")
@click.option("--port", default=8798, show_default=True, help="The port; 0 takes a free one.")
@serving_json_option
def serve(path: Path, host: str, port: int, as_json: bool) -> None:
    """Take heads of children that ask for cosignatures, until it is interrupted.

    It speaks HTTP; where others can reach it, put a server in front that speaks HTTPS. Exits with 0
    after Ctrl-C, and with 2 where it could not begin.
    """
    from ._parent import ParentServer

    with errors():
        found = _open(path)
        about = {"key": str(found.key.public), "logs": len(found.logs())}
    does = f"{found.key.public.name} takes heads of {counted(len(found.logs()), 'log')}"
    address = (host, port)
    serve_until_interrupted(as_json, lambda: ParentServer(found, address), address, does, about)


@parent.command("gather")
@click.argument("children", nargs=-1, required=True, type=click.Path(path_type=Path))
@_parent_path
@json_option
def gather(children: tuple[Path, ...], path: Path, as_json: bool) -> None:
    """Take the last head of each of the logs in the folders CHILDREN, which can be read from here.

    Exits with 0, with 1 where one of them was set back or has forked, while the others are taken
    all the same, and with 2 where one could not be read; those before it are taken then.
    """
    from ._parent import gather as take
    from ._witness_client import WitnessRefusalError, WitnessTroubleError

    taken: list[dict[str, object]] = []
    refused: list[dict[str, object]] = []
    lines = []
    with errors("the heads that were taken stay, and the same command goes on"):
        found = _open(path)
        for child in children:
            try:
                head = take(found, folder_of(child))
                taken.append({"path": str(child), **head._asdict()})
                entries = counted(head.size, "entry", "entries")
                lines.append(f"{child}: {entries} of {head.origin}")
            except WitnessRefusalError as error:
                refused.append({"path": str(child), "why": str(error)})
                lines.append(f"{child}: refused: {error}")
            except WitnessTroubleError as error:
                raise LogError(f"{child}: {error}") from error
        found.sign()
    tell(as_json, {"taken": taken, "refused": refused}, "\n".join(lines))
    if refused:
        sys.exit(FAILS)


@parent.command("status")
@_parent_path
@json_option
def status(path: Path, as_json: bool) -> None:
    """Say which heads of children there are, from when, and which contradict themselves.

    Exits with 0, with 1 where one contradicts itself, and with 2 where there is no parent log.
    """
    with errors():
        found = _open(path)
        logs, conflicts = found.logs(), found.conflicts()
    told = {
        "key": str(found.key.public), "children": [one._asdict() for one in logs],
        "conflicts": [one._asdict() for one in conflicts],
    }  # fmt: skip
    rows = [
        (
            one.origin, str(one.size), shown_time(1000 * one.time) if one.time else "-",
            str(sum(other.origin == one.origin for other in conflicts)),
        )
        for one in logs
    ]  # fmt: skip
    tell(as_json, told, table(("CHILD", "ENTRIES", "AT", "CONTRADICTIONS"), rows))
    if conflicts:
        sys.exit(FAILS)


@parent.command("prove-head")
@click.argument("origin")
@_parent_path
@click.option("-o", "--out", type=click.Path(path_type=Path), required=True, help="The file.")
@json_option
def prove_head(origin: str, path: Path, out: Path, as_json: bool) -> None:
    """Write the proof that the last head of the child ORIGIN is in the parent, and its entry.

    The child's owner makes of the entry, by `prove`, the proof of a record. Exits with 0, and with
    2 where there is no such head.
    """
    from ._parent_proof import prove_head as make

    with errors("the proof may not be whole: run it again"):
        leaf = leaf_beside(out)
        found = make(_open(path), origin)
        out.write_text(str(found.proof), "utf-8")
        leaf.write_bytes(found.leaf)
    told = {"origin": origin, "proof": str(out), "leaf": str(leaf)}
    tell(as_json, told, f"{out}: a head of {origin}\n{leaf}: the entry that holds it")


@parent.command("prove")
@click.argument("record")
@_child_path
@click.option(
    "--under", required=True, type=click.Path(path_type=Path),
    help="The entry of the parent, as `prove-head` wrote it.",
)  # fmt: skip
@click.option("-o", "--out", type=click.Path(path_type=Path), help="By default RECORD.tlog-proof.")
@json_option
def prove(record: str, path: Path, under: Path, out: Path | None, as_json: bool) -> None:
    """Write the proof that RECORD, an id or an index, is under the head that the parent has.

    Exits with 0, with 1 where RECORD is not what was signed, and with 2 where it could not be
    proved.
    """
    from ._parent_proof import prove_under

    with errors("the proof may not be whole: run it again"):
        store = folder_of(path).open()
        entry = store.entry(index_of(store, record))
        proof = prove_under(store, entry, bytes_of(under))
        told = write_proof(entry, proof, out or Path(f"{record}.tlog-proof"))
    where = f"{told['proof']}: entry {entry.index} of {store.origin}"
    text = f"{where}\n{told['leaf']}: what was recorded"
    tell(as_json, {"origin": store.origin, **told}, text)


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
    two is a tlog-proof of C2SP, which any reader of those checks, too. Exits with 0 where it holds,
    with 1 where it does not, and with 2 where a file or a key could not be read.
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
    text = f"holds: entry {found.entry} of {found.child}, whose head is in {found.parent}"
    if not found.known:
        text += "\n  by the key that the parent knows the child by; give it by --key to compare"
    tell(as_json, {"holds": True, **found._asdict()}, text)


def _open(path: Path) -> Parent:
    from ._parent import Parent

    return Parent(folder_of(path))
