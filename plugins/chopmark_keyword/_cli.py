"""What the commands of `chopmark words` have in common."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone
from pathlib import Path

import click

from chopmark import PolicyError

from ._lists import WordList
from ._read import bundled_names, load_file, read_bundled

as_of = click.option(
    "--on",
    "day",
    type=click.DateTime(["%Y-%m-%d"]),
    help="Take this day (YYYY-MM-DD, UTC) for today.",
)
as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
file_path = click.Path(path_type=Path)


def read_lists(paths: Sequence[Path]) -> list[WordList]:
    """Return the lists at `paths`, the bundled ones where there is none."""
    try:
        return [*map(load_file, paths)] or [*map(read_bundled, bundled_names())]
    except PolicyError as error:
        raise click.ClickException(str(error)) from error


def utc(day: datetime | None) -> datetime:
    """Return `day`, or now."""
    return day or datetime.now(timezone.utc)
