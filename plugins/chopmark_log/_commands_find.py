"""The command `chopmark log find`: whether a text, or a part of it, is an answer of the log."""

from __future__ import annotations

import codecs
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from chopmark import LogError
from chopmark.terminal import counted, table, visible

from ._command_bars import bars
from ._command_line import (
    FAILS,
    bytes_of,
    errors,
    folder_of,
    json_option,
    path_option,
    shown_time,
    tell,
)
from ._packages import check_finding

if TYPE_CHECKING:
    from ._find import Finding, Match, Part

STDIN = "-"
_BAR_FROM = 1000  # entries; fewer are taken in while one looks
_HEADS = (
    "INDEX",
    "TIME",
    "RECORD",
    "ANSWER IS",
    "SAME",
    "IN TEXT",
    "IN ANSWER",
    "ENTRIES",
    "WORTH",
)
_WORTH = {"enough": "enough", "common": "too common", "short": "too short"}


@click.command("find")
@click.argument("file", required=False)
@click.option("--text", "given", help="The text itself, instead of FILE.")
@path_option
@click.option("-n", "most", default=5, show_default=True, help="How many answers to show.")
@json_option
def find(file: str | None, given: str | None, path: Path, most: int, as_json: bool) -> None:
    """Say which answers of the log have the text in FILE, or parts of it; - is standard input.

    Shown is which letters and digits are the same, and in how many entries such a part is; how a
    text is set makes no difference. 40 in common, less half of those that differ between them, are
    enough to call it an answer of this log if few entries have them; 16 are, where they are all of
    an answer. The first time it makes an index of all contents.

    Exits with 0 where a text was found, with 1 where it was not, and with 2 where nobody could
    look. That it was not found proves nothing: it may be paraphrased, translated, erased, or of a
    time when no contents were kept.
    """
    with errors("what was indexed stays, and the same command goes on"):
        check_finding()
        from ._find import find as look

        text = _text(file, given)
        with bars(as_json, _BAR_FROM) as bar:
            counts: list[int] = []

            def told(count: int, missing: int) -> None:
                counts.append(count)
                bar("indexing", sum(counts), missing)

            found = look(folder_of(path), text, told=told)
    tell(as_json, found.to_json(), _shown(found, most))
    if not found.found:
        sys.exit(FAILS)


def _text(file: str | None, given: str | None) -> str:
    if (file is None) == (given is None):
        raise LogError("say which text: the FILE it is in, - for standard input, or --text TEXT")
    if given is not None:
        return given
    data = sys.stdin.buffer.read() if file == STDIN else bytes_of(Path(str(file)))
    wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        return data.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise LogError(
            f"{'standard input' if file == STDIN else repr(file)} is no text in UTF-8: {error}; "
            "convert it, or give what can be read in it as --text"
        ) from error


def _shown(found: Finding, most: int) -> str:
    lines = []
    rows = [row for one in found.matches[:most] for row in _rows(one, found.entries)]
    if rows:
        lines += [table(_HEADS, rows), ""]
    if len(found.matches) > most:
        more = counted(len(found.matches) - most, "answer")
        lines.append(f"{more} more, which -n shows")
    if found.found:
        best = found.matches[0]
        lines.append(
            f"found: {best.matched} of its {found.compared} letters and digits are in the answer "
            f"of record {best.record}"
        )
    elif rows:
        lines.append("not found: what it shares with answers is too common, or too short")
    else:
        entries = counted(found.entries, "entry", "entries")
        lines.append(f"not found: no answer of {entries} shares anything with it")
    lines += [f"note: {visible(note)}" for note in found.notes]
    return "\n".join(lines)


def _rows(match: Match, entries: int) -> Iterator[tuple[str, ...]]:
    who: tuple[str, ...] = (
        str(match.index), shown_time(match.time), match.record[-12:], match.how,
    )  # fmt: skip
    for part in match.parts:
        yield (*who, *_part(part, entries))
        who = ("",) * len(who)


def _part(part: Part, entries: int) -> tuple[str, ...]:
    runs = f"{part.matched} in {part.runs} run{'s' if part.runs > 1 else ''}"
    rare = f"{part.entries} of {entries}"
    return (runs, _span(part.text), _span(part.answer), rare, _WORTH[part.worth])


def _span(span: tuple[int, int]) -> str:
    return f"{span[0]}-{span[1]}"
