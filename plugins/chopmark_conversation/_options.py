"""The options of plugin `conversation`, checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from chopmark.options import Table
from chopmark.stores import STORE_OPTIONS, Store, open_store

from ._risk import Build

_KNOWN = (
    "bound", "floor", "half_life_seconds", "half_life_turns", "key", "required", "share", "weights",
    *STORE_OPTIONS,
)  # fmt: skip
WEIGHTS: Mapping[str, float] = {"pii": 0.0, "keyword.profanity": 0.2}
"""Personal data is no harm, and swearing alone must not end a conversation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How conversations are told apart, and from which risk on there is a verdict.

    `key` is the name of the conversation's id in a request's `metadata`. With `required` a call
    without one is an error.
    """

    build: Build = field(default_factory=lambda: Build(weights=WEIGHTS))
    bound: float = 0.7
    key: str = "conversation"
    required: bool = False


def read_options(given: Table) -> Options:
    """Return the options in `given`; raise `PolicyError` naming the key and the cure."""
    given.only(_KNOWN)
    return Options(
        build=Build(
            share=given.number("share", 0.5, least=0.01, most=1),
            floor=given.number("floor", 0.3, least=0, most=0.99),
            half_life_turns=given.number("half_life_turns", 8, least=0.1, most=10_000),
            half_life_seconds=given.number("half_life_seconds", 3600, least=1, most=366 * 86_400),
            weights=_weights(given),
        ),
        bound=given.number("bound", 0.7, least=0.01, most=1),
        key=given.text("key", "conversation", cure="write a name"),
        required=given.switch("required", False),
    )


def read_store(given: Table, options: Options) -> Store:
    """Return the store that `given` names; raise `PolicyError`."""
    # After 20 halvings a risk is below a millionth.
    return open_store(given, keep_seconds=max(3600.0, 20 * options.build.half_life_seconds))


def _weights(given: Table) -> Mapping[str, float]:
    table = given.table("weights", cure="write weights by category, { violence = 1, pii = 0 }")
    named = {str(key): table.number(key, least=0, most=1) for key in table.data}
    return {**WEIGHTS, **named}
