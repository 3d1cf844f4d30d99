"""Options that several commands of `chopmark assess` have."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ._commands_bank import as_json_option

if TYPE_CHECKING:
    from ._target import Asking

run_argument = click.argument("run_folder", metavar="RUN", type=click.Path(path_type=Path))
price_option = click.option(
    "--price", help="What a million tokens cost, in and out: 0.15,0.60. By default no cost is told."
)
out_option = click.option(
    "-o", "--out", type=click.Path(path_type=Path), required=True,
    help="The folder of the run; where it is there, the run goes on.",
)  # fmt: skip
policy_option = click.option(
    "--policy", default="cn", show_default=True, help="What answers are judged by."
)


def pace_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add how fast is asked, and how the end is told."""
    for option in (
        click.option("--workers", type=click.IntRange(1, 256), default=8, show_default=True,
                     help="How many cases are asked at once."),
        click.option("--per-minute", type=click.FloatRange(min=0, min_open=True),
                     help="How many cases may begin in a minute."),
        click.option("--timeout", type=click.FloatRange(min=0, min_open=True), default=60.0,
                     show_default=True, help="Seconds that an answer may take."),
        click.option("--give-up", type=click.IntRange(1), default=20, show_default=True,
                     help="Stop after so many cases in a row without an answer."),
        click.option("--tokenizer", default="",
                     help="An encoding of tiktoken, or a tokenizer.json, for targets that do not "
                          "count tokens themselves. By default a rule of thumb."),
        price_option,
        as_json_option,
    ):  # fmt: skip
        command = option(command)
    return command


_SERVER = ("model", "system", "temperature", "max_tokens", "key_from")


def take_asking(options: dict[str, Any]) -> Asking:
    """Return how a server is asked, and take it out of `options`."""
    from ._target import Asking

    return Asking(**{key: options.pop(key) for key in _SERVER})


def server_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add what is said to a server; `take_asking` reads it."""
    for option in (
        click.option("--model", default="", help="The model, of a server that has several."),
        click.option("--system", default="", help="A system prompt for the server."),
        click.option("--temperature", type=float, help="For the server; by default its own."),
        click.option("--max-tokens", type=click.IntRange(1),
                     help="For the server; by default its own."),
        click.option("--key-from", default="OPENAI_API_KEY", show_default=True,
                     help="The environment variable with the server's key."),
    ):  # fmt: skip
        command = option(command)
    return command
