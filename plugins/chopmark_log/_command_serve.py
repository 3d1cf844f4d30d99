"""How the commands that serve begin, say where they listen, and end."""

from __future__ import annotations

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
        try:
            server = make()
        except (OSError, OverflowError) as error:
            raise LogError(f"{address[0]}, port {address[1]}: {error}") from error
    try:
        logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
        tell(as_json, {**about, "url": server.url}, f"{does} at {server.url}")
        sys.stdout.flush()
        server.serve_forever()
    except KeyboardInterrupt:
        click.echo("stopped", err=True)
    finally:
        server.server_close()


class Serving(Protocol):
    """A server of the standard library that knows its address."""

    @property
    def url(self) -> str: ...
    def serve_forever(self) -> None: ...
    def server_close(self) -> None: ...
