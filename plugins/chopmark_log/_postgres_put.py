"""The statements that put records into the database: each a record and its content, or none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import psycopg

from ._content import Payload

_ALIVE = "SELECT id FROM chopmark_keys.keys WHERE id = ANY(%b::bytea[]) AND basis IS NULL"
_KEPT = "chopmark_side.payloads (record, part, parts, key, until, data)"
_SPOOL = "chopmark_log.spool (writer, number, leaf)"
# Those for one record take two thirds of the time that those for many take for one.
_RECORD = f"INSERT INTO {_SPOOL} VALUES (%s, %s, %b)"
# In the order of their numbers, so that their ids are, too: whoever takes some takes the first.
_ROWS = "unnest(%b::bigint[], %b::bytea[]) u (number, leaf)"
_RECORDS = f"INSERT INTO {_SPOOL} SELECT %s, u.* FROM {_ROWS} ORDER BY u.number"
# Who erases a key waits for the calls that hold it, and afterwards none can put anything under it.
_CONTENT = (
    "WITH alive AS MATERIALIZED (SELECT id FROM chopmark_keys.keys "
    "WHERE id = %b AND basis IS NULL FOR KEY SHARE), "
    f"said AS (INSERT INTO {_KEPT} SELECT %b::bytea, %s::bigint, %s::bigint, id, %s::bigint, "
    "%b::bytea FROM alive ON CONFLICT DO NOTHING), "
    f"done AS (INSERT INTO {_SPOOL} SELECT %s, %s::bigint, %b::bytea FROM alive) "
    "SELECT count(*) = 1 FROM alive"
)
_CONTENTS = (
    f"WITH alive AS MATERIALIZED ({_ALIVE} FOR KEY SHARE), "
    "well AS MATERIALIZED (SELECT count(*) = %s AS yes FROM alive), "
    f"said AS (INSERT INTO {_KEPT} SELECT u.* FROM unnest(%b::bytea[], %b::bigint[], "
    "%b::bigint[], %b::bytea[], %b::bigint[], %b::bytea[]) u, well WHERE yes "
    "ON CONFLICT DO NOTHING), "
    f"done AS (INSERT INTO {_SPOOL} SELECT %s, u.* FROM {_ROWS}, well WHERE yes "
    "ORDER BY u.number) SELECT yes FROM well"
)
_THERE = (
    "SELECT EXISTS (SELECT 1 FROM chopmark_log.spool WHERE writer = %s AND number = %s) "
    "OR EXISTS (SELECT 1 FROM chopmark_log.spools WHERE name = %s AND read > %s)"
)


class Put(NamedTuple):
    """A record to be put in: its leaf, and the sealed content that belongs to it."""

    leaf: bytes
    payloads: Sequence[Payload] = ()


def put(
    base: psycopg.Connection[Any], writer: str, first: int, records: Sequence[Put]
) -> set[bytes]:
    """Put records in, the first of which is number `first` of its writer; all, or none.

    Return the keys that are gone, where any is: then nothing was put in.

    Raises:
        psycopg.Error: it was not done, or the connection broke.
    """
    parts = [part for one in records for part in one.payloads]
    if len(records) == 1 and not parts:
        base.execute(_RECORD, (writer, first, records[0].leaf), prepare=True)
        return set()
    if len(records) == len(parts) == 1:
        ((leaf, _),), (part,) = records, parts
        kept = (part.key, part.record, part.part, part.parts, part.until, part.data)
        ((well,),) = base.execute(_CONTENT, (*kept, writer, first, leaf), prepare=True).fetchall()
        return set() if well else {part.key}
    rows = (writer, list(range(first, first + len(records))), [one.leaf for one in records])
    if not parts:
        base.execute(_RECORDS, rows, prepare=True)
        return set()
    keys = list({part.key for part in parts})
    columns = [list(column) for column in zip(*map(_columns, parts), strict=True)]
    values = (keys, len(keys), *columns, *rows)
    ((well,),) = base.execute(_CONTENTS, values, prepare=True).fetchall()
    if well:
        return set()
    return set(keys) - {id for (id,) in base.execute(_ALIVE, (keys,)).fetchall()}


def is_there(base: psycopg.Connection[Any], writer: str, number: int) -> bool:
    """Return whether that record of the writer is in the spool, or in the log.

    Raises:
        psycopg.Error: that cannot be asked.
    """
    ((there,),) = base.execute(_THERE, (writer, number, writer, number)).fetchall()
    return bool(there)


def _columns(part: Payload) -> tuple[object, ...]:
    return part.record, part.part, part.parts, part.key, part.until, part.data
