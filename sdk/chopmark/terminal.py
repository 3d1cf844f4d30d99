"""For authors of commands: what is printed in a terminal, in columns and without surprises."""

from __future__ import annotations

import operator
import re
import shutil
import sys
import unicodedata
from collections.abc import Iterator, Sequence
from itertools import zip_longest

import click

_NARROWEST = 5
"""Columns to which one of a table is made narrower at most."""
# A word, or a part of one up to its hyphen, with the blanks behind it; letters that are two columns
# wide may stand on any line.
_pieces = re.compile(r"[\u2e80-\uffef] *|[^ \u2e80-\uffef-]*-* *").findall


class Commands(click.Group):
    """A group of commands whose list says all of what each does, and whose errors all that lacks.

    click itself cuts a command's first sentence off where the line ends, and names one missing
    option at a time.
    """

    group_class: type[click.Group] | type[type] | None = type

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; what it wants and was not given is named at once."""
        try:
            return super().invoke(ctx)
        except click.MissingParameter as error:
            missing = _missing(error)
            if len(missing) < 2:
                raise
            raise click.UsageError(f"Missing {', '.join(missing)}.", error.ctx) from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write each command with its first sentence, over as many lines as that takes."""
        found = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        listed = [
            (name, command.get_short_help_str(sys.maxsize))
            for name, command in found
            if command is not None and not command.hidden
        ]
        with formatter.section("Commands"):
            formatter.write_dl(listed)


def table(
    header: Sequence[str], rows: Sequence[Sequence[str]], *, columns: int | None = None
) -> str:
    """Return `rows`, each as long as `header`, under it in columns two spaces apart.

    Han characters are two columns wide; control characters are escaped (`visible`).

    Args:
        header: the names of the columns.
        rows: their cells.
        columns: what the lines have room for (`terminal_columns`); what is in the widest columns
            of the table goes on in further lines, as far as that is needed.
    """
    lines = [[visible(str(cell)) for cell in line] for line in (header, *rows)]
    widths = [max(map(_width, column)) for column in zip(*lines, strict=True)]
    if columns is not None:
        words = [max(map(_longest, column)) for column in zip(*lines, strict=True)]
        room = columns - 2 * (len(widths) - 1)
        for least in (words, [_NARROWEST] * len(words)):  # words are cut where nothing else helps
            while sum(widths) > room and any(map(operator.gt, widths, least)):
                _, widest = max((w, n) for n, w in enumerate(widths) if w > least[n])
                widths[widest] -= 1
        lines = [part for line in lines for part in _folded(line, widths)]
    return "\n".join("  ".join(map(_padded, line, widths)).rstrip() for line in lines)


def terminal_columns() -> int | None:
    """Return how wide the terminal is that is printed to; None where that is a file or a pipe."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def counted(count: int, one: str, many: str = "") -> str:
    """Return `count` and what it counts: `one` thing, or `many`, which by default ends in an s."""
    return f"{count} {one if count == 1 else many or one + 's'}"


def visible(text: str) -> str:
    """Return `text` with control characters escaped: what a file says must not steer a terminal."""
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text
    )


def _missing(error: click.MissingParameter) -> list[str]:
    """Return the names of what is missing beside what the error says, in the order of the help.

    What is given comes first when click reads a command line, so the context has all of that.
    """
    context, first = error.ctx, error.param
    if context is None or first is None:
        return []
    return [
        parameter.get_error_hint(context)
        for parameter in context.command.params
        if parameter is first
        or (
            parameter.required
            and parameter.name not in context.params
            and parameter.value_from_envvar(context) is None
        )
    ]


def _folded(line: Sequence[str], widths: Sequence[int]) -> Iterator[list[str]]:
    """Yield `line` as the lines that it takes in columns of `widths`."""
    parts = zip_longest(*map(_wrapped, line, widths), fillvalue="")
    return map(list, parts)


def _wrapped(cell: str, width: int) -> list[str]:
    """Return `cell` in parts of at most `width` columns, cut at blanks where there are some."""
    parts, part = [], ""
    for piece in _pieces(cell):
        if part and _width(part + piece.rstrip(" ")) > width:
            parts.append(part.rstrip(" "))
            part = ""
        for character in piece:
            if part and character != " " and _width(part + character) > width:
                parts.append(part.rstrip(" "))
                part = ""
            part += character
    return [*parts, part.rstrip(" ")]


def _longest(cell: str) -> int:
    return max((_width(piece.rstrip(" ")) for piece in _pieces(cell)), default=0)


def _padded(cell: str, width: int) -> str:
    return cell + " " * (width - _width(cell))


def _width(text: str) -> int:
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )
