"""What plugins keep between calls, by key: in this process, in a SQLite file or a Redis server.

Or in a store of one's own: `chopmark.testing.StoreContract` has the promises of a `Store`.
"""

from ._keeper import Keeper
from ._keeping import Keeping
from ._memory import MemoryStore
from ._options import STORE_OPTIONS, open_store
from ._per_policy import PerPolicy
from ._redis import RedisStore
from ._sqlite import SQLiteStore
from ._store import Change, Store, StoreError

__all__ = [
    "STORE_OPTIONS",
    "Change",
    "Keeper",
    "Keeping",
    "MemoryStore",
    "PerPolicy",
    "RedisStore",
    "SQLiteStore",
    "Store",
    "StoreError",
    "open_store",
]
