"""The command `chopmark models`, for the bundled classifiers and for one's own."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from chopmark.terminal import Commands, table

from ._commands_suite import suite_command
from ._folder import read_folder
from ._listing import Listed, look
from ._locate import bundled, locate
from ._packages import check_packages
from ._providers import resolve
from ._report import report
from ._running import Running
from ._speed import speeds

_json = click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
_provider = click.option(
    "--provider", "providers", multiple=True, help="Run it on this, such as OpenVINO, not on CPU."
)
_given = click.argument("names", nargs=-1, metavar="[MODEL]...")


@click.group(cls=Commands, invoke_without_command=True)
@click.pass_context
def models(context: click.Context) -> None:
    """Look after classifiers for plugin `onnx`; by itself it lists the bundled ones.

    A MODEL is a folder, or bundled:NAME.
    """
    if context.invoked_subcommand is None:
        context.invoke(list_command, names=(), as_json=False)


@models.command("list")
@_given
@_json
def list_command(names: Sequence[str], as_json: bool) -> None:
    """List models, by default the bundled ones: size, heads, whether the digest is right.

    Exits with 1 where a digest is wrong or a folder cannot be used.
    """
    found = [look(name) for name in names or bundled()]
    if as_json:
        _print_json(found)
    else:
        rows = [
            (one.name, f"{one.bytes / 1e6:.1f} MB", one.state, ", ".join(one.heads))
            for one in found
        ]
        click.echo(table(("MODEL", "SIZE", "DIGEST", "HEADS"), rows))
        for one in found:
            if one.error:
                click.echo(f"{one.name}: {one.error}", err=True)
    if any(one.state == "wrong" for one in found):
        sys.exit(1)


@models.command("verify")
@_given
@_json
def verify_command(names: Sequence[str], as_json: bool) -> None:
    """Compare networks with the SHA-256 in their guard.json, by default the bundled ones.

    Exits with 1 where one differs, cannot be read, or names none.
    """
    found = [look(name) for name in names or bundled()]
    if as_json:
        _print_json(found)
    else:
        for one in found:
            click.echo(f"{one.name}: {_verified(one)}")
    if any(one.state != "ok" for one in found):
        sys.exit(1)


def _verified(one: Listed) -> str:
    if one.state == "wrong":
        return one.error
    if one.state == "not pinned":
        return f"guard.json names no sha256 to compare with; the network has {one.sha256}"
    return f"ok, SHA-256 {one.sha256}, with all its files {one.digest}"


@models.command("bench")
@_given
@click.option("--rounds", default=200, show_default=True, type=click.IntRange(10, 100_000))
@_provider
@_json
def bench_command(
    names: Sequence[str], rounds: int, providers: tuple[str, ...], as_json: bool
) -> None:
    """Time models on one core, by default the bundled ones, for texts of 32, 128, 512 tokens."""
    check_packages()
    resolved = resolve(providers)
    found = []
    for name in names or bundled():
        found += speeds(name, read_folder(locate(name, Path())), rounds, resolved)
    if as_json:
        _print_json(found)
        return
    rows = [
        (one.model, str(one.tokens), str(one.windows), f"{one.p50:.2f}", f"{one.p99:.2f}")
        for one in found
    ]
    click.echo(table(("MODEL", "TOKENS", "WINDOWS", "P50 MS", "P99 MS"), rows))


@models.command("check")
@click.argument("model")
@click.option("--threads", default=1, show_default=True, type=click.IntRange(1, 64))
@_provider
@_json
def check_command(model: str, threads: int, providers: tuple[str, ...], as_json: bool) -> None:
    """Load MODEL (a folder, or bundled:NAME) and print what plugin `onnx` sees in it.

    Exits with 1, and says what is wrong, where the model cannot be used.
    """
    check_packages()
    found = report(
        read_folder(locate(model, Path())), Running(threads=threads, providers=resolve(providers))
    )
    click.echo(json.dumps(asdict(found), indent=2, ensure_ascii=False) if as_json else str(found))


models.add_command(suite_command)


def _print_json(found: Sequence[Any]) -> None:
    click.echo(json.dumps([asdict(one) for one in found], indent=2, ensure_ascii=False))
