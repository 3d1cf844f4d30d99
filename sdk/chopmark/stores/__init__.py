"""What plugins keep between calls, by key: in this process, a SQLite file, or a store of one's own.

`chopmark.testing.StoreContract` has the promises of a `Store`.
"""

from ._memory import MemoryStore
from ._options import STORE_OPTIONS, open_store
from ._per_policy import PerPolicy
from ._sqlite import SQLiteStore
from ._store import Change, Store

__all__ = [
    "STORE_OPTIONS",
    "Change",
    "MemoryStore",
    "PerPolicy",
    "SQLiteStore",
    "Store",
    "open_store",
]
