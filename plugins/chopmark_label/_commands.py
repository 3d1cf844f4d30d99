"""The commands `chopmark inspect` and `chopmark label`. None takes a label away (Art. 10)."""

from __future__ import annotations

import json
import sys
import uuid
from pathlib import Path

import click

from chopmark import Chopmark, ChopmarkError

from ._block import Aigc
from ._file_label import label_file
from ._inspect import Report, inspect_file, inspect_text

NOTHING, UNSOUND = 1, 3


@click.command("inspect")
@click.argument("file")
@click.option("--policy", default="cn", show_default=True, help="Whose markers look at the text.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")
def inspect(file: str, policy: str, as_json: bool) -> None:
    """Say which marks of origin FILE carries; - is text from standard input.

    Exits with 0 where a label was found and nothing is wrong with it, with 1 where none was found,
    and with 3 where one is malformed, doubled or contradicts another.
    """
    try:
        chop = Chopmark(policy)
        if file == "-":
            report = inspect_text(sys.stdin.read(), chop)
        else:
            report = inspect_file(Path(file), chop)
    except ChopmarkError as error:
        raise click.ClickException(str(error)) from error
    click.echo(json.dumps(report.to_json(), ensure_ascii=False) if as_json else _show(report))
    if not report.labelled:
        sys.exit(NOTHING)
    if not report.sound:
        sys.exit(UNSOUND)


@click.command("label")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--producer", required=True, help="The provider's 27-position code, or its name.")
@click.option("--id", "number", help="The unique number of the content; by default a UUID.")
@click.option("--out", type=click.Path(path_type=Path), help="Where to; by default FILE itself.")
@click.option("--replace", is_flag=True, help="Put it in the place of a block that is there.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")
def label(
    file: Path, producer: str, number: str | None, out: Path | None, replace: bool, as_json: bool
) -> None:
    """Write the implicit label of GB 45438-2025, Annex E, into FILE, and read it back.

    Nothing else of the file changes, and FILE itself only when all went well.
    """
    try:
        block = Aigc(label="1", content_producer=producer, produce_id=number or str(uuid.uuid4()))
        target = out or file
        where = label_file(file, target, block, replace=replace)
    except ChopmarkError as error:
        raise click.ClickException(str(error)) from error
    if as_json:
        click.echo(json.dumps({"file": str(target), "where": where, "AIGC": {**block.fields()}}))
    else:
        click.echo(f"{target}: labelled in {where}\n{block.to_bare()}")


def _show(report: Report) -> str:
    lines = [f"{report.name}: {report.format}"]
    for finding in report.findings:
        lines.append(f"\n{finding.technique} ({finding.kind}) in {finding.where}")
        lines += [f"  {key}: {value}" for key, value in finding.said.items() if value]
        lines += [f"  wrong: {fault}" for fault in finding.faults]
        lines.append(f"  proves: {finding.proves}")
    if not report.findings:
        lines.append("no mark of origin was found; that proves nothing about where it comes from")
    lines += [f"wrong: {fault}" for fault in report.faults]
    return "\n".join(lines)
