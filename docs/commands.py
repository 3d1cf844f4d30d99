"""Writes docs/commands.md from the --help of every command; --check says whether it is current."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from chopmark._cli import cli

PAGE = Path(__file__).with_name("commands.md")


def pages(command: click.Command, name: str, parent: click.Context | None) -> Iterator[str]:
    settings = {"max_content_width": 90, **command.context_settings}
    context = click.Context(command, info_name=name, parent=parent, **settings)
    yield f"## `{context.command_path}`\n\n```text\n{command.get_help(context)}\n```\n"
    if isinstance(command, click.Group):
        for sub in command.list_commands(context):
            found = command.get_command(context, sub)
            if found is not None and not found.hidden:
                yield from pages(found, sub, context)


def main() -> int:
    text = "# Commands\n\nWritten by `make docs` from `--help`.\n\n" + "\n".join(
        pages(cli, "chopmark", None)
    )
    if "--check" not in sys.argv:
        PAGE.write_text(text, "utf-8")
        return 0
    if not PAGE.exists() or PAGE.read_text("utf-8") != text:
        print("docs/commands.md is not what --help prints; run `make docs`", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
