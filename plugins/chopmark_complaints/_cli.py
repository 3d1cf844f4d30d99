"""What the commands have in common: options, texts, exit codes, how a time is written."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime, timezone
from typing import TypeVar

import click

from chopmark import ChopmarkError, Event, load_policy
from chopmark.terminal import table, visible

from ._errors import ComplaintError, UnsaidError
from ._office import Office
from ._register import MOST_CHARACTERS
from ._store import CHARACTERS, DIGEST, Kept

Command = TypeVar("Command", bound=Callable[..., object])

FAILS, BROKEN = 1, 2
"""Exit codes: what was asked about does not hold, and the command could not do its work."""

number_argument = click.argument("number", metavar="NUMBER")
policy_option = click.option(
    "--policy", required=True, help="The policy of the service: a name, or a TOML file."
)
_json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")
_by_option = click.option(
    "--by", "actor", required=True, help="Who acts, as your people are named; it goes into the log."
)
basis_option = click.option(
    "--basis", required=True, help="Why, such as an article of the law; it goes into the log."
)


def looking(command: Command) -> Command:
    """Give a command that only looks `policy` and `as_json`."""
    return policy_option(_json_option(command))


def acting(command: Command) -> Command:
    """Give a command that somebody does `actor`, `policy` and `as_json`."""
    return _by_option(looking(command))


@contextmanager
def opened(policy: str) -> Iterator[Office]:
    """Yield the office of a policy; end the process with 2, and one line, for an error."""
    try:
        with Office(load_policy(policy)) as office:
            yield office
    except ChopmarkError as error:
        told = error.at_command if isinstance(error, UnsaidError) else str(error)
        click.echo(f"Error: {told}", err=True)
        sys.exit(BROKEN)


def text_of(file: str | None, given: str | None = None, what: str = "text") -> str:
    """Return the text in `file`, `-` being standard input, or the one that is given."""
    if (file is None) == (given is None):
        raise ComplaintError(
            f"say which {what}: the FILE it is in, - for standard input, or --text"
        )
    if file is None:
        return given or ""
    try:
        most = 4 * MOST_CHARACTERS + 4
        with click.open_file(file, "rb") as stream:
            data = stream.read(most)
        text: str = data.decode("utf-8-sig")
    except OSError as error:
        raise ComplaintError(f"{file!r} cannot be read: {error.strerror}; name a file") from error
    except UnicodeDecodeError as error:
        if len(data) == most:
            raise ComplaintError(
                f"{file!r} is too long; give {MOST_CHARACTERS:,} characters at the most"
            ) from error
        raise ComplaintError(
            f"{file!r} is no text in UTF-8 (byte {error.start}); of a labelled file, give what "
            "`chopmark inspect FILE --json` prints"
        ) from error
    return text


def minute(time: int) -> str:
    """Return a time, in milliseconds since 1970, to the minute (UTC); "-" for 0."""
    if not time:
        return "-"
    return datetime.fromtimestamp(time / 1000, timezone.utc).strftime("%Y-%m-%d %H:%M")


def short(id: str) -> str:
    """Return the end of an id, which tells it apart, "-" where there is none."""
    return id[-12:] or "-"


def echo_json(value: object) -> None:
    """Print plain data."""
    click.echo(json.dumps(value, ensure_ascii=False))


def echo_history(steps: Sequence[Event], texts: dict[str, dict[str, Kept]]) -> None:
    """Print the steps, then the texts that belong to them."""
    rows = []
    for step in steps:
        said = ", ".join(
            f"{key} {value}" for key, value in step.data.items() if not _told_apart(key)
        )  # fmt: skip
        rows.append(
            (minute(step.time), step.kind.partition(".")[2], step.actor or "-", said or "-")
        )
    click.echo(table(("TIME (UTC)", "STEP", "BY", "WHAT"), rows))
    for kept in texts.values():
        for name, text in kept.items():
            lines = "\n".join(f"  {visible(line)}".rstrip() for line in text.value.splitlines())
            click.echo(f"\n{name}\n{lines}")


def history(steps: Sequence[Event], texts: dict[str, dict[str, Kept]]) -> list[dict[str, object]]:
    """Return steps with their texts as plain data."""
    return [
        {
            **asdict(step),
            "texts": {name: text.value for name, text in texts.get(step.id, {}).items()},
        }
        for step in steps
    ]


def _told_apart(key: str) -> bool:
    return key == "deadline" or key.endswith((DIGEST, CHARACTERS))
