"""The command `chopmark watermark boilerplate`: learns passages that a search leaves out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from chopmark import MarkError


@click.command("boilerplate")
@click.argument("out", type=click.Path(path_type=Path))
@click.argument(
    "texts", type=click.Path(exists=True, path_type=Path), nargs=-1, required=True, metavar="TEXTS"
)
def boilerplate_command(out: Path, texts: tuple[Path, ...]) -> None:
    """Write to OUT the passages of TEXTS, files and folders of licences, notices and templates.

    Give OUT to `find --boilerplate`: such passages are then left out of the search, wherever they
    stand. TEXTS are what people wrote; what the key marked would not be found any more. OUT holds
    hashes and no text, but who has a text can see whether it was among them.
    """
    from ._boilerplate import LENGTH, Boilerplate

    files = [file for path in texts for file in _files(path)]
    read = [text for file in files if (text := _text(file)) is not None]
    made = Boilerplate.of(read)
    if not len(made.hashes):
        raise click.ClickException(f"no text of {LENGTH} words or more is in {len(files)} files")
    try:
        made.write(out)
    except MarkError as error:
        raise click.ClickException(str(error)) from error
    others = len(files) - len(read)
    left = f"; {others} files are not UTF-8 and were left out" if others else ""
    click.echo(f"{out}: passages of {len(read)} texts, {len(made.hashes):,} places{left}")


def _files(path: Path) -> Iterator[Path]:
    yield from (
        sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]
    )


def _text(file: Path) -> str | None:
    try:
        return file.read_text("utf-8")
    except UnicodeDecodeError:
        return None
    except OSError as error:
        raise click.ClickException(f"{file}: {error.strerror}") from error
