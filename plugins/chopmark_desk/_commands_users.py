"""The commands `chopmark desk users`: who may log in."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

import click

from chopmark import load_policy
from chopmark.terminal import Commands, table

from ._options import read_options
from ._passwords import checked
from ._roles import ROLES
from ._secret import secret_of
from ._users import Users, now

PASSWORD = "CHOPMARK_DESK_PASSWORD"
F = TypeVar("F", bound=Callable[..., Any])

_policy = click.option(
    "--policy", required=True, help="The policy of the service: a name, or a TOML file."
)
_name = click.argument("name", metavar="NAME")
_role = click.option("--role", required=True, type=click.Choice(ROLES), help="What NAME may do.")


@contextmanager
def users_of(policy: str, environment: Mapping[str, str] = os.environ) -> Iterator[Users]:
    """Yield the users of the desk of a policy."""
    options = read_options(load_policy(policy))
    users = Users(
        options.folder, now, idle=options.idle, longest=options.longest,
        secret=secret_of(environment),
    )  # fmt: skip
    try:
        yield users
    finally:
        users.close()


@click.group("users", cls=Commands)
def users() -> None:
    """Say who may log in. A password is asked for, or is CHOPMARK_DESK_PASSWORD's."""


@users.command("add")
@_name
@_role
@_policy
def add_command(name: str, role: str, policy: str) -> None:
    """Add NAME: viewer, reviewer, officer, admin, each may do what those before it may."""
    with users_of(policy) as found:
        free = found.free(name)  # before somebody is asked for a password in vain
        user = found.add(free, role, _password(free))
    click.echo(f"{user.name} is {user.role}; the log calls this user {user.id}")


@users.command("list")
@_policy
def list_command(policy: str) -> None:
    """List the users, and what the log calls each."""
    with users_of(policy) as found:
        rows = [(user.name, user.role, user.id) for user in found.all()]
    click.echo(table(("NAME", "ROLE", "IN THE LOG"), rows))


@users.command("role")
@_name
@_role
@_policy
def role_command(name: str, role: str, policy: str) -> None:
    """Give NAME another role; whoever is logged in under it is logged out."""
    with users_of(policy) as found:
        user = found.set_role(name, role)
    click.echo(f"{user.name} is {user.role}")


@users.command("password")
@_name
@_policy
def password_command(name: str, policy: str) -> None:
    """Give NAME another password; whoever is logged in under it is logged out."""
    with users_of(policy) as found:
        user = found.get(name)
        found.set_password(name, _password(user.name))
    click.echo(f"the password of {user.name} is set")


@users.command("remove")
@_name
@_policy
def remove_command(name: str, policy: str) -> None:
    """Remove NAME, who is logged out; what the log has of this user stays."""
    with users_of(policy) as found:
        found.remove(name)
    click.echo(f"{name} is removed")


def _password(name: str) -> str:
    given = os.environ.get(PASSWORD)
    if given is None:
        given = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    return checked(given, name)
