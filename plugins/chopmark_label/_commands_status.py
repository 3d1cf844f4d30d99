"""How the commands of this plugin end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click

from chopmark import ChopmarkError

NOTHING = 1
"""Exit status where nothing says that the content is AI-generated."""
FAILED = 2
"""Exit status where a file could not be read or written."""
UNSOUND = 3
"""Exit status where what was found is wrong, or cannot be acted upon."""


class Failed(click.ClickException):
    """The command could not do what it was asked; nothing was written."""

    exit_code = FAILED


@contextmanager
def failing() -> Iterator[None]:
    """Turn an error of chopmark into one of the command."""
    try:
        yield
    except ChopmarkError as error:
        raise Failed(str(error)) from error
    except OSError as error:
        what = f"{error.filename!r} " if error.filename else ""
        raise Failed(f"{what}cannot be read or written: {error.strerror}") from error
