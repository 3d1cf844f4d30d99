"""The command `chopmark watermark keys`: what is done to a ring. It shows no key."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from chopmark import MarkError
from chopmark.terminal import Commands, table

if TYPE_CHECKING:
    from ._ring import Ring

_json = click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")
_file = click.argument("ring", type=click.Path(path_type=Path), metavar="RING")


@click.group("keys", cls=Commands)
def keys() -> None:
    """Make, list, rotate, retire and revoke keys. No command shows one."""


@keys.command("new")
@_file
def new(ring: Path) -> None:
    """Make RING, a file that its owner alone can read, with one key."""
    from ._ring import Ring, this_epoch

    made = Ring().rotate(this_epoch())
    _write(made, ring, new=True)
    click.echo(f"{ring}: key {made.active.id} is active; keep a copy where you keep secrets")


@keys.command("list")
@_file
@_json
def list_command(ring: Path, as_json: bool) -> None:
    """List the keys of RING: their names, states and epochs."""
    rows = [
        {"id": one.id, "state": one.state, "since": one.since, "until": one.until}
        for one in _read_ring(ring).masters
    ]
    if as_json:
        click.echo(json.dumps(rows))
        return
    click.echo(table(("KEY", "STATE", "SINCE", "UNTIL"), [tuple(row.values()) for row in rows]))


@keys.command("rotate")
@_file
def rotate(ring: Path) -> None:
    """Make a new key active; the one before it still finds what it marked."""
    changed = _change(ring, lambda known, now: known.rotate(now))
    click.echo(f"{ring}: key {changed.active.id} is active")


@keys.command("retire")
@_file
@click.argument("key")
def retire(ring: Path, key: str) -> None:
    """Let KEY find, but mark nothing more."""
    _change(ring, lambda known, now: known.retire(key, now))
    click.echo(f"{ring}: key {key} is retired")


@keys.command("revoke")
@_file
@click.argument("key")
@click.option("--yes", is_flag=True, help="Do not ask.")
def revoke(ring: Path, key: str, yes: bool) -> None:
    """Let KEY neither mark nor find, for good: someone else may have it."""
    if not yes:
        click.confirm(f"What {key} marked will not be found again. Revoke it?", abort=True)
    _change(ring, lambda known, now: known.revoke(key, now))
    click.echo(f"{ring}: key {key} is revoked")


def _read_ring(path: Path) -> Ring:
    from ._ring_file import read_ring

    try:
        return read_ring(path)
    except MarkError as error:
        raise click.ClickException(str(error)) from error


def _write(ring: Ring, path: Path, *, new: bool = False) -> None:
    from ._ring_file import write_ring

    try:
        write_ring(ring, path, new=new)
    except MarkError as error:
        raise click.ClickException(str(error)) from error


def _change(path: Path, change: Callable[[Ring, str], Ring]) -> Ring:
    from ._ring import this_epoch

    try:
        changed = change(_read_ring(path), this_epoch())
    except MarkError as error:
        raise click.ClickException(str(error)) from error
    _write(changed, path)
    return changed
