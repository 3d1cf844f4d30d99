"""How the commands end where they have no result: message, exit code, and JSON for machines."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import click

from chopmark import ChopmarkError

NOTHING, INTERRUPTED = 2, 130


@contextmanager
def ends(as_json: bool) -> Iterator[None]:
    """Turn errors, and Ctrl-C, into a message and an exit code.

    With `as_json` standard output gets `{"holds": null, "why": ...}`, as from the commands of a
    log: nothing could be said.
    """
    try:
        yield
    except ChopmarkError as error:
        _end(str(error), f"Error: {error}", NOTHING, as_json)
    except KeyboardInterrupt:
        _end("interrupted", "interrupted; nothing was written", INTERRUPTED, as_json)


def _end(why: str, text: str, code: int, as_json: bool) -> NoReturn:
    if as_json:
        click.echo(json.dumps({"holds": None, "why": why}, ensure_ascii=False))
    click.echo(text, err=True)
    sys.exit(code)
