"""The command `chopmark inspect`: one reader for every mark that there is."""

from __future__ import annotations

import json
import re
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from chopmark.hookspecs import Marker

from ._block import WRAPPER
from ._commands_status import NOTHING, UNSOUND, Failed, failing
from ._files._errors import FileError
from ._files._formats import format_of
from ._inspect import MOST_TEXT, inspect_file, inspect_text
from ._inspect_readers import read_pins, readers
from ._inspect_report import Report
from ._inspect_table import show
from ._inspect_text import decode

STDIN = "-"
MOST_STDIN = 256 * 2**20
"""Bytes of standard input, which is held in memory."""

_PAGE = re.compile(
    r"(?:\s|<!--(?:(?!-->).){0,4096}-->|<\?xml[^>]{0,200}\?>){0,64}<(?:!doctype\s+html|html|head|body)\b",
    re.IGNORECASE | re.DOTALL,
)


@click.command("inspect")
@click.argument("file")
@click.option(
    "--policy",
    default="inspect",
    show_default=True,
    help="Whose plugins look beside the usual ones, and with which options.",
)
@click.option(
    "--key",
    "keys",
    multiple=True,
    type=click.Path(path_type=Path),
    help="A PEM file with the SM2 public key of a producer whom you know; may be repeated.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")
def inspect(file: str, policy: str, keys: tuple[Path, ...], as_json: bool) -> None:
    """Say which marks of origin FILE carries, and what each proves; - is standard input.

    Looked for are visible labels, the AIGC block of GB 45438-2025 and its seals, C2PA manifests,
    hidden characters, and what the plugins of --policy find. Nothing is fetched from the network,
    and nothing is written.

    Exits with 0 where something says that the content is AI-generated, or may be, and nothing is
    wrong with it; with 1 where nothing says so; with 3 where a mark is malformed, forged, doubled,
    moved from elsewhere, or contradicts another; with 2 where FILE cannot be read.
    """
    with failing():
        markers, pins = readers(policy), read_pins(keys)
        if file == STDIN:
            data = sys.stdin.buffer.read(MOST_STDIN + 1)
            if len(data) > MOST_STDIN:
                raise Failed(
                    f"standard input has more than {MOST_STDIN:,} bytes; write it to a file, and "
                    "name that"
                )
            report = _inspect_stream(data, markers, pins)
        else:
            report = inspect_file(Path(file), markers, pins)
    click.echo(json.dumps(report.to_json(), ensure_ascii=False) if as_json else show(report))
    if not report.sound:
        sys.exit(UNSOUND)
    if not report.labelled:
        sys.exit(NOTHING)


def _inspect_stream(data: bytes, markers: Sequence[Marker], pins: Mapping[str, str]) -> Report:
    """Look at what came on standard input: text, or a file of a kind that is known."""
    if not data:
        raise Failed("standard input is empty, so there is nothing that a mark could be in")
    text = decode(data) if len(data) <= MOST_TEXT else None
    suffix = ""
    if text is not None and _PAGE.match(text):
        suffix = ".html"
    elif text is not None and WRAPPER in text:
        suffix = ".md"  # in which a block may stand at either end
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"stdin{suffix}"
        path.write_bytes(data)
        known = format_of(path) is not None
        try:
            if known or text is None:
                return inspect_file(path, markers, pins, name=STDIN)
        except FileError as error:
            if not suffix:
                said = str(error).replace(repr(str(path)), "standard input")
                raise Failed(f"{said} (it begins with {data[:8].hex(' ')})") from error
    return inspect_text(text or "", markers, pins)  # as a document it may be broken
