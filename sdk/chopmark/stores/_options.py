"""The options that name a store, the same in every plugin that keeps something between calls."""

from __future__ import annotations

from .._errors import PolicyError
from ..options import Table, did_you_mean
from ._memory import MemoryStore
from ._redis import SCHEMES, RedisStore
from ._sqlite import SQLiteStore
from ._store import Store

STORE_OPTIONS = ("most", "path", "prefix", "store", "timeout")
"""What `open_store` reads."""


def open_store(given: Table, *, keep_seconds: float) -> Store:
    """Return the store that `given` names; raise `PolicyError`.

    `store` is "memory" (the default; `most`: 10,000 keys), "sqlite" (`path`; `timeout`: 0.25
    seconds to wait for another process), or the address of a Redis server, redis://, rediss:// or
    unix:// (`prefix`: "chopmark:", what its keys begin with; `timeout`: 1 second to wait for it).
    A file and a server forget what was not updated for `keep_seconds`. In Python, `store` may also
    be a store itself.
    """
    kind = given.data.get("store", "memory")
    in_redis = isinstance(kind, str) and kind.startswith(SCHEMES)
    for key, here, where in (
        ("path", kind == "sqlite", 'store = "sqlite"'),
        ("prefix", in_redis, "a Redis server"),
    ):
        if key in given.data and not here:
            raise given.wrong(key, f"is for {where}")
    most = given.whole("most", 10_000, least=1)
    wait, least = (1.0, 0.001) if in_redis else (0.25, 0.0)
    timeout = given.number("timeout", wait, least=least, most=2)
    if kind == "memory":
        return MemoryStore(most)
    if kind == "sqlite":
        path = given.path("path", cure='write a file, path = "kept.db"')
        if not path.parent.is_dir():
            raise given.wrong("path", f"its folder does not exist; make it: {path.parent}")
        return SQLiteStore(path, timeout, keep_seconds)
    if in_redis:
        return _redis(given, timeout, keep_seconds)
    if isinstance(kind, Store):
        return kind
    hint = did_you_mean(kind, ("memory", "sqlite"))
    cure = "write memory, sqlite, or the address of a Redis server, redis://host:6379/0"
    raise given.wrong("store", f"{cure}{hint}")


def _redis(given: Table, timeout: float, keep_seconds: float) -> Store:
    prefix = given.text("prefix", "chopmark:")
    try:
        return RedisStore(given.text("store"), timeout, keep_seconds, prefix)
    except ModuleNotFoundError as error:
        raise PolicyError(
            f"{given.at('store')} is a Redis server, which needs the package redis: "
            "pip install 'chopmark[redis]'"
        ) from error
    except ValueError as error:  # an address may have a secret in it, and is not shown
        raise PolicyError(
            f"{given.at('store')} {error}; write it as redis://user@host:6379/0"
        ) from None
