"""The options of plugin `conversation`, checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from chopmark.options import Table

from ._memory import MemoryStore
from ._risk import Build
from ._sqlite import SQLiteStore
from ._store import Store

_KNOWN = (
    "bound", "floor", "half_life_seconds", "half_life_turns", "key", "most", "path", "required",
    "share", "store", "timeout", "weights",
)  # fmt: skip
_STORES = ("memory", "sqlite")
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
    kind = given.one_of("store", _STORES, "memory")
    most = given.whole("most", 10_000, least=1, most=100_000_000)
    timeout = given.number("timeout", 0.25, least=0, most=60)
    if kind == "memory":
        if "path" in given.data:
            raise given.wrong("path", 'is for store = "sqlite"')
        return MemoryStore(most)
    path = given.path("path", cure='write a file, path = "risk.db"')
    if not path.parent.is_dir():
        raise given.wrong("path", f"its folder does not exist; make {str(path.parent)!r}")
    # After 20 halvings a risk is below a millionth.
    return SQLiteStore(path, timeout, max(3600.0, 20 * options.build.half_life_seconds))


def _weights(given: Table) -> Mapping[str, float]:
    table = given.table("weights", cure="write weights by category, { violence = 1, pii = 0 }")
    named = {str(key): table.number(key, least=0, most=1) for key in table.data}
    return {**WEIGHTS, **named}
