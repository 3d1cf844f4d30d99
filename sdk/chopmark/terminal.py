"""For authors of commands: what is printed in a terminal, in columns and without surprises."""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Sequence

import click


class Commands(click.Group):
    """A group of commands whose list says all of what each does.

    click itself cuts a command's first sentence off where the line ends.
    """

    group_class: type[click.Group] | type[type] | None = type

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


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return `rows`, each as long as `header`, under it in columns two spaces apart.

    Han characters are two columns wide; control characters are escaped (`visible`).
    """
    lines = [[visible(str(cell)) for cell in line] for line in (header, *rows)]
    widths = [max(map(_width, column)) for column in zip(*lines, strict=True)]
    return "\n".join("  ".join(map(_padded, line, widths)).rstrip() for line in lines)


def counted(count: int, one: str, many: str = "") -> str:
    """Return `count` and what it counts: `one` thing, or `many`, which by default ends in an s."""
    return f"{count} {one if count == 1 else many or one + 's'}"


def visible(text: str) -> str:
    """Return `text` with control characters escaped: what a file says must not steer a terminal."""
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text
    )


def _padded(cell: str, width: int) -> str:
    return cell + " " * (width - _width(cell))


def _width(text: str) -> int:
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )
