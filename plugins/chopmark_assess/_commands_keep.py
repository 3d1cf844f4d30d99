"""The command `chopmark assess keep`: a failing case becomes a test."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path

import click

from ._command_options import run_argument


@click.command("keep")
@run_argument
@click.argument("cases", metavar="[CASE]...", nargs=-1)
@click.option(
    "--to", "file", type=click.Path(path_type=Path), required=True,
    help="The bank of tests, a .jsonl file; it is made where it is not there.",
)  # fmt: skip
def keep_command(run_folder: Path, cases: tuple[str, ...], file: Path) -> None:
    """Keep cases of RUN as tests, by default all that are wrong.

    `pytest --chopmark-bank FILE` asks them again, of the run's target or of --chopmark-target.
    """
    from ._errors import AssessError
    from ._keep import keep
    from ._run import load
    from ._tally import results

    run = load(run_folder)
    for name in cases:
        if name not in run.cases:
            raise AssessError(f"{run_folder} has no case {name!r}; see `chopmark assess cases`")
    wanted = [
        one.case for one in results(run)
        if (one.case.id in cases if cases else one.state == "wrong")
    ]  # fmt: skip
    kept, there = keep(run, wanted, file, datetime.now(timezone.utc).date())
    click.echo(f"{file}: {kept} kept" + (f", {there} were there" if there else ""))
    click.echo(f"now: pytest --chopmark-bank {file}")
