"""The command `chopmark model`, for those who bring their own classifier."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from ._folder import read_folder
from ._locate import locate
from ._packages import check_packages
from ._report import report


@click.group()
def model() -> None:
    """Look at classifiers for plugin `onnx`."""


@model.command("check")
@click.argument("folder")
@click.option("--threads", default=1, show_default=True, type=click.IntRange(1, 64))
@click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
def check_command(folder: str, threads: int, as_json: bool) -> None:
    """Load the model in FOLDER (a path, or bundled:NAME) and print what plugin `onnx` sees in it.

    Exits with 1, and says what is wrong, where the model cannot be used.
    """
    check_packages()
    found = report(read_folder(locate(folder, Path())), threads)
    click.echo(json.dumps(asdict(found), indent=2, ensure_ascii=False) if as_json else str(found))
