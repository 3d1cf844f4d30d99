"""The commands `chopmark usage show`, `suspend` and `lift`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime, timezone

import click

from chopmark import ChopmarkError, load_policy
from chopmark.stores import MemoryStore
from chopmark.terminal import Commands, table

from ._note import LIFTED, SUSPENDED, note
from ._plugin import KEEPER
from ._rules import ALWAYS, State
from ._usage import Usage


@click.group(cls=Commands)
def usage() -> None:
    """Look after users whom plugin `usage` has suspended."""


def _arguments(command: Callable[..., None]) -> Callable[..., None]:
    user = click.argument("user")
    policy = click.option("--policy", required=True, help="The policy of the service, a TOML file.")
    as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
    return user(policy(as_json(command)))


_by_option = click.option(
    "--by", "actor", default="",
    help="Who acts, as your people are named; it goes into the log, and must be said where one is.",
)  # fmt: skip


@usage.command()
@_arguments
def show(user: str, policy: str, as_json: bool) -> None:
    """Show what is kept of USER, the id that the application passes."""
    with _opened(policy) as found:
        _print(user, found.seen(user), as_json)


@usage.command()
@click.option(
    "--hours",
    type=click.FloatRange(0, 366 * 24),
    help="For how long, 0 until it is lifted; by default what the policy says.",
)
@_by_option
@_arguments
def suspend(user: str, policy: str, as_json: bool, hours: float | None, actor: str) -> None:
    """Suspend the service for USER from now on; the policy's log says so, and by whom."""
    with _opened(policy) as found:
        seconds = found.options.limits.suspend_seconds if hours is None else hours * 3600
        until = 0 if not seconds else int(found.until(seconds) * 1000)
        note(load_policy(policy), SUSPENDED, user, actor, until=until)
        _print(user, found.suspend(user, seconds), as_json)


@usage.command()
@_by_option
@_arguments
def lift(user: str, policy: str, as_json: bool, actor: str) -> None:
    """Let USER use the service again; what was counted begins anew.

    The policy's log says so, and by whom.
    """
    with _opened(policy) as found:
        note(load_policy(policy), LIFTED, user, actor)
        _print(user, found.lift(user), as_json)


@contextmanager
def _opened(policy: str) -> Iterator[Usage]:
    try:
        found = KEEPER.open(load_policy(policy))
        store = found.keeping.store
        if isinstance(store, MemoryStore):
            raise click.ClickException(
                f"policy {policy!r} keeps users in the memory of the application, which no command "
                'sees; set store = "sqlite" and path = "usage.db" under [settings.usage], or the '
                "address of a Redis server"
            )
        yield found
        store.close()
    except ChopmarkError as error:
        raise click.ClickException(str(error)) from error


def _print(user: str, state: State, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps({"user": user, **asdict(state)}))
        return
    head = ("USER", "IN A ROW", "TODAY", "LAST SEEN (UTC)", "SUSPENDED UNTIL (UTC)")
    row = (
        user, str(state.in_a_row), str(state.today), _time(state.seen),
        "it is lifted" if state.suspended_until >= ALWAYS else _time(state.suspended_until),
    )  # fmt: skip
    click.echo(table(head, [row]))


def _time(at: float) -> str:
    return datetime.fromtimestamp(at, timezone.utc).strftime("%Y-%m-%d %H:%M") if at else "-"
