"""How the commands that serve begin, say where they listen, and end."""

from __future__ import annotations

import errno
import logging
import sys
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import click

from chopmark import LogError

from ._command_line import errors, tell

serving_json_option = click.option(
    "--json", "as_json", is_flag=True, help="Say as JSON where it listens, as soon as it does."
)
_HOST = (
    "write --host with an IPv4 address of this machine, 0.0.0.0 for all of them, or a name that "
    "stands for one"
)
_SHOWN = 80
"""Characters of a host that a message repeats."""


def serve_until_interrupted(
    as_json: bool,
    make: Callable[[], Serving],
    address: tuple[str, int],
    does: str,
    about: Mapping[str, Any],
) -> None:
    """Serve until it is interrupted; `does` says what, and is followed by where.

    With --json that is one document, `about` and the `url`, as soon as it listens: who started it
    waits for that line. What happens afterwards is told on standard error in either case. Where
    nothing can listen there, it says so and exits with 2.
    """
    with errors():
        _check(address)
        try:
            server = make()
        except OSError as error:
            what = error.strerror or str(error)
            raise LogError(f"{_said(address)}: {what}; {_cure(error)}") from error
    try:
        logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
        tell(as_json, {**about, "url": server.url}, f"{does} at {server.url}")
        sys.stdout.flush()
        server.serve_forever()
    except KeyboardInterrupt:
        click.echo("stopped", err=True)
    finally:
        server.server_close()


def _check(address: tuple[str, int]) -> None:
    """Raise `LogError` for what can be no address, which sockets tell in words of their own."""
    host, port = address
    if not 0 <= port <= 65535:
        raise LogError(f"{_said(address)}: no such port; write --port with 1 to 65535, or 0")
    if not host.strip():
        raise LogError(f"{_said(address)}: no host; {_HOST}")
    try:
        host.encode("idna" if not host.isascii() else "ascii")
    except UnicodeError as error:
        raise LogError(f"{_said(address)}: no name of a host; {_HOST}") from error


def _said(address: tuple[str, int]) -> str:
    host, port = address
    shown = host if len(host) <= _SHOWN else f"{host[:_SHOWN]}…"
    return f"cannot listen at {shown!r}, port {port}"


def _cure(error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return "choose another --port, or stop what listens there"
    if error.errno == errno.EACCES:
        return "choose a --port from 1024 on, or let the process use lower ones"
    return _HOST


class Serving(Protocol):
    """A server of the standard library that knows its address."""

    @property
    def url(self) -> str: ...
    def serve_forever(self) -> None: ...
    def server_close(self) -> None: ...
