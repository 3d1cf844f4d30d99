"""The command `chopmark desk`."""

from __future__ import annotations

import ipaddress
import os

import click
from click.core import ParameterSource

from chopmark import load_policy
from chopmark.terminal import Commands

from ._commands_users import users
from ._options import read_options
from ._packages import check_packages


def _addresses(
    context: click.Context, parameter: click.Parameter, given: tuple[str, ...]
) -> tuple[str, ...]:
    """Return `given`; another word would be that of no proxy, and all who ask would be one."""
    for one in given:
        try:
            ipaddress.ip_network(one, strict=False)
        except ValueError:
            raise click.BadParameter(
                f"{one!r} is no address; write one such as 10.0.0.5, or a network such as "
                "10.0.0.0/8"
            ) from None
    return given


@click.group("desk", cls=Commands, invoke_without_command=True)
@click.option("--policy", help="The policy of the service: a name, or a TOML file.")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen at.")
@click.option(
    "--port", default=8484, show_default=True, type=click.IntRange(0, 65_535),
    help="The port; 0 for any that is free.",
)  # fmt: skip
@click.option(
    "--public", is_flag=True,
    help="The variant for strangers: whether a text is yours, and complaints; nobody logs in.",
)  # fmt: skip
@click.option(
    "--behind-proxy", is_flag=True,
    help="A proxy before it ends TLS: cookies go through TLS alone, and other hosts may ask.",
)  # fmt: skip
@click.option(
    "--proxy", "proxies", multiple=True, default=("127.0.0.1", "::1"), show_default=True,
    callback=_addresses,
    help="An address of that proxy, whose X-Forwarded-For is believed; may be given again.",
)  # fmt: skip
@click.pass_context
def desk(
    context: click.Context,
    policy: str | None,
    host: str,
    port: int,
    public: bool,
    behind_proxy: bool,
    proxies: tuple[str, ...],
) -> None:
    """Serve the desk: what was recorded, what is ours, complaints, word lists, in a browser.

    It listens on this machine alone, until Ctrl-C. Users are added by `chopmark desk users add`.
    The environment may hold its secret, CHOPMARK_DESK_SECRET.
    """
    if context.invoked_subcommand is not None:
        if policy is not None:  # said before the command, it holds for it as well
            names = users.commands
            context.default_map = {"users": {name: {"policy": policy} for name in names}}
        return
    if policy is None:
        raise click.UsageError("Missing option '--policy'.")
    if not behind_proxy and context.get_parameter_source("proxies") is ParameterSource.COMMANDLINE:
        raise click.UsageError("--proxy is of no use without --behind-proxy; give both, or none.")
    check_packages()
    from ._desk import open_desk
    from ._secret import secret_of
    from ._serve import check_address, serve

    served = load_policy(policy)
    check_address(host, behind_proxy, read_options(served).name)
    with open_desk(
        served, public=public, secure=behind_proxy, hosts=(host,),
        secret=secret_of(os.environ), source=policy,
    ) as opened:  # fmt: skip
        if not public and not opened.users.all():
            click.echo(
                "nobody can log in yet; in another terminal, type\n"
                f"  chopmark desk users add NAME --role admin --policy {policy}",
                err=True,
            )

        def ready(address: str) -> None:
            click.echo(f"the desk is at {address}  (Ctrl-C stops it)")

        serve(opened, host, port, proxies if behind_proxy else (), ready)
    click.echo("the desk is closed")


desk.add_command(users)
