"""Keeps what plugins keep in a Redis server, which the processes of several machines share."""

from __future__ import annotations

import os
import time
import weakref
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from ..forking import WHOLE
from ._store import Change, StoreError

if TYPE_CHECKING:
    from redis import ConnectionPool, Redis

SCHEMES = ("redis://", "rediss://", "unix://")
PASSWORD = "CHOPMARK_STORE_PASSWORD"
"""The environment variable with the password of the server: an address has none."""

_TAG = 8
"""Random bytes before each value. So nobody takes a write for another one: a value that went away
and came back, or our own whose reply was lost with the connection."""
_PUT = """
local kept = redis.call('GET', KEYS[1])
if (kept or '') == ARGV[1] then
    redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
    return ARGV[2]
end
return kept
"""


class RedisStore:
    """A store in the Redis, or Valkey, server at `address`. Shared by threads, processes, machines.

    Args:
        address: redis://, rediss:// (TLS) or unix://, as redis-py reads them, a user's name and the
            number of the database included; a password is read from CHOPMARK_STORE_PASSWORD.
        timeout: seconds to wait for the server, for a connection and for each reply.
        keep_seconds: a key that was not updated for longer is forgotten.
        prefix: what every key begins with.

    An update is one read and one script that writes where nothing else was written meanwhile, and
    else is tried again. How much of it outlives the server is set there (`appendonly`).

    Raises:
        ValueError: the address has a password in it, or is none; the message does not show it.
        ModuleNotFoundError: there is no redis-py.
    """

    blocking = True

    def __init__(
        self,
        address: str,
        timeout: float = 1.0,
        keep_seconds: float = 7 * 86_400,
        prefix: str = "chopmark:",
    ) -> None:
        self._address, self._timeout = address, timeout
        self._keep_seconds, self._prefix = keep_seconds, prefix
        self._made: tuple[Redis, Any] | None = self._make()
        WHOLE.rests(self)

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle as a store of the same server."""
        return RedisStore, (self._address, self._timeout, self._keep_seconds, self._prefix)

    def load(self, key: str) -> bytes | None:
        """Return what is kept under `key`; raise `StoreError` where the server does not say."""
        kept = self._asked(self._client.get, self._prefix + key)
        return None if kept is None else kept[_TAG:]

    def update(self, key: str, change: Change) -> bytes:
        """Keep what `change` makes of what is kept, and return it; raise `StoreError`."""
        name, lasts = self._prefix + key, max(1, int(self._keep_seconds * 1000))
        patience = time.monotonic() + 2 * self._timeout
        client, put_there = self._server()
        kept = self._asked(client.get, name)
        while True:
            value = change(None if kept is None else kept[_TAG:])
            put = os.urandom(_TAG) + value
            kept = self._asked(put_there, [name], [kept or b"", put, lasts])
            if kept == put:
                return value
            if time.monotonic() > patience:
                raise StoreError(f"{self._where}: others kept writing the same key meanwhile")

    def close(self) -> None:
        """Close the connections; a later call opens new ones."""
        self._client.connection_pool.disconnect()

    def rest(self) -> None:
        """Keep the connections over a fork: they are its parent's, and a child makes its own."""

    def forked(self) -> None:
        """Leave its client to the parent: a thread of that may have held the locks of its pool."""
        self._made = None

    @property
    def _client(self) -> Redis:
        return self._server()[0]

    def _server(self) -> tuple[Redis, Any]:
        """Return this process's client, and the script of an update."""
        made = self._made
        if made is None:
            made = self._made = self._make()
        return made

    def _make(self) -> tuple[Redis, Any]:
        client = _client(self._address, self._timeout)
        client.auto_close_connection_pool = False  # which would want its locks in a child, too
        weakref.finalize(client, _leave, client.connection_pool, os.getpid())
        return client, client.register_script(_PUT)

    @property
    def _where(self) -> str:
        return f"the server at {self._address.partition('?')[0]}"

    def _asked(self, ask: Any, *what: Any) -> bytes | None:
        from redis.exceptions import RedisError

        try:
            found: bytes | None = ask(*what)
        except RedisError as error:
            raise StoreError(f"{self._where}: {error}") from error
        return found


def _leave(pool: ConnectionPool, process: int) -> None:
    if os.getpid() == process:
        pool.disconnect()


def _client(address: str, timeout: float) -> Redis:
    """Return a client of the server; it connects when it is first asked."""
    if _has_password(address):
        raise ValueError(
            f"has a password in it; take it out, and put it into the environment, in {PASSWORD}"
        )
    from redis import Redis
    from redis.backoff import NoBackoff
    from redis.exceptions import ConnectionError as Broken
    from redis.exceptions import RedisError
    from redis.retry import Retry

    try:
        base = urlsplit(address).path.strip("/")
        if base and not base.isdigit() and not address.startswith("unix:"):
            raise ValueError(f"its databases have numbers, and {base!r} is none")
        client = Redis.from_url(
            address,
            password=os.environ.get(PASSWORD),
            socket_timeout=timeout,
            socket_connect_timeout=timeout,
            # Once more on a new connection: the server may have closed one that was idle. What is
            # slow is not asked twice.
            retry=Retry(NoBackoff(), 1, supported_errors=(Broken,)),
            retry_on_error=[Broken],
            max_connections=10_000,  # as many as there are threads that ask
            protocol=2,  # which servers of every age speak, and what stands before them
            **({"ssl_check_hostname": True} if address.startswith("rediss:") else {}),
        )
        client.connection_pool.make_connection()  # a word in the address that nobody knows
    except (TypeError, ValueError, RedisError) as error:
        raise ValueError(f"is no address of a Redis server: {error}") from None
    return client


def _has_password(address: str) -> bool:
    with suppress(ValueError):
        parts = urlsplit(address)
        if parts.password is not None or "password" in parse_qs(parts.query):
            return True
        if "@" in parts.netloc:
            return False
    return "@" in address  # one with a slash in it looks like a port and a path
