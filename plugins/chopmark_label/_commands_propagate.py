"""The command `chopmark propagate`: what a platform that spreads a file must say of it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

import click

from chopmark.terminal import visible

from ._block import Aigc
from ._commands_status import NOTHING, UNSOUND, failing
from ._file_label import FoundBlock, label_file, read_labels
from ._files._formats import format_of
from ._inspect import inspect_file
from ._inspect_readers import readers
from ._inspect_report import Finding
from ._propagate import REMINDER, Platform, Propagation
from ._propagate import propagate as decide
from ._read_block import Reading

_STRONGEST = ("1", "2", "3")


@click.command("propagate")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--propagator", required=True, help="The platform's 27-position code, or its name.")
@click.option("--id", "number", required=True, help="The platform's number of the content.")
@click.option("--declared", is_flag=True, help="The user declared it to be AI-generated.")
@click.option(
    "--suspected", is_flag=True, help="Traces were found by other means, such as a classifier."
)
@click.option(
    "--earlier",
    type=click.Choice(["keep", "replace"]),
    default="keep",
    show_default=True,
    help="What becomes of the fields of an earlier propagator.",
)
@click.option(
    "--policy", default="inspect", show_default=True, help="Whose plugins look for traces."
)
@click.option("--out", type=click.Path(path_type=Path), help="Where to; by default FILE itself.")
@click.option("--dry-run", is_flag=True, help="Say what would be written, and write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")
def propagate(
    file: Path,
    propagator: str,
    number: str,
    declared: bool,
    suspected: bool,
    earlier: Literal["keep", "replace"],
    policy: str,
    out: Path | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Say which state of Article 6 of the Labelling Measures FILE is in, and write it into FILE.

    Confirmed: its metadata say that it is AI-generated. Possible: its user declares so, or its
    metadata say that it may be. Suspected: there is a visible label or another trace. The state,
    the platform's name and its number go into the AIGC block; the words to be shown around the
    content are printed. What the producer wrote stays.

    Exits with 0 where the fields are in the file (or would be, with --dry-run), with 1 where
    nothing says that it is AI-generated, with 3 where something does and nothing could be written,
    and with 2 where FILE cannot be read or written.
    """
    with failing():
        markers = readers(policy)
        _, blocks = read_labels(file)
        report = inspect_file(file, markers)
        traces = [
            f for f in report.findings if f.technique != "AIGC" and f.says not in ("", "is not")
        ]
        result = decide(
            _strongest(blocks),
            declared=declared,
            suspected=suspected or bool(traces),
            platform=Platform(name=propagator, number=number),
            earlier=earlier,
        )
        notes = list(result.notes)
        block = _to_write(file, result, blocks, notes)
        manifests = [f for f in report.findings if f.kind == "manifest" and not f.faults]
        if block is not None and manifests:
            notes.append("the file has a C2PA manifest, which no longer fits when that is written")
        where = ""
        if block is not None and not dry_run:
            where = label_file(file, out or file, block, replace=True)
    why = [*_why(blocks, traces, declared, suspected)]
    _print(result, block, where, why, notes, as_json=as_json)
    if result.state == "none":
        sys.exit(NOTHING)
    if block is None:
        sys.exit(UNSOUND)


def _to_write(
    file: Path, result: Propagation, blocks: Sequence[FoundBlock], notes: list[str]
) -> Aigc | None:
    """Return the block that goes into the file, or None with a note."""
    if result.block is None:
        return None
    if len(blocks) > 1:
        notes.append(
            f"the file has {len(blocks)} blocks, where one may stand, and nothing says which of "
            "them is to be kept: nothing is written"
        )
        return None
    if format_of(file) is None:
        notes.append("such a file has no place for metadata: nothing is written")
        return None
    return result.block


def _strongest(blocks: Sequence[FoundBlock]) -> Reading | None:
    """Return the block that says most; of several that say the same the first."""
    readings = [block.reading for block in blocks if block.reading.found]
    return min(readings, key=lambda r: r.label or "4", default=None)


def _why(
    blocks: Sequence[FoundBlock], traces: Sequence[Finding], declared: bool, suspected: bool
) -> Iterator[str]:
    for block in blocks:
        said = block.reading.fields.get("Label")
        yield (
            f"the block in {block.where} has Label {said}"
            if said
            else (f"there is a block without Label in {block.where}")
        )
    for trace in traces:
        words = trace.said.get("wording") or trace.said.get("source") or trace.state
        yield f"{trace.technique} ({trace.kind}) at the {trace.where}: {words}"
    if declared:
        yield "the user declared it"
    if suspected:
        yield "traces were found by other means"


def _print(
    result: Propagation,
    block: Aigc | None,
    where: str,
    why: Sequence[str],
    notes: Sequence[str],
    *,
    as_json: bool,
) -> None:
    if as_json:
        data = {
            "state": result.state,
            "article": result.article,
            "why": list(why),
            "prompts": dict(result.prompts),
            "reminder": dict(REMINDER),
            "AIGC": dict(block.fields()) if block else None,
            "where": where,
            "replaced": dict(result.replaced),
            "notes": list(notes),
        }
        click.echo(json.dumps(data, ensure_ascii=False))
        return
    lines = [f"{result.state} (Labelling Measures, Art. {result.article})"]
    lines += [f"why     {visible(reason)}" for reason in why] or ["why     nothing says so"]
    lines += [f"show    {text}  ({language})" for language, text in result.prompts.items()]
    if block is not None:
        lines.append(f"{'wrote ' if where else 'would write'}  {where}")
        lines.append(block.to_bare())
    lines += [f"note    {visible(note)}" for note in notes]
    if result.state == "none":
        lines += [f"remind  {text}  ({language})" for language, text in REMINDER.items()]
    click.echo("\n".join(lines))
