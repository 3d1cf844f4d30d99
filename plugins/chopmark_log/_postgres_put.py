"""The statements that put records into the database: each a record and its content, or none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import psycopg
from psycopg import errors, generators
from psycopg.pq import ExecStatus, Format

from ._content import Payload

_TYPES = {"t": 25, "i": 20, "b": 17}  # text, bigint, bytea


class _Statement(NamedTuple):
    """A statement for one record: through a cursor it would take half as much again.

    Args:
        name: under which a connection has it prepared.
        query: the statement, with values at $1, $2, ...
        types: of its values, by the letters in `_TYPES`.
    """

    name: bytes
    query: str
    types: str

    def run(self, base: psycopg.Connection[Any], values: Sequence[bytes]) -> bytes | None:
        """Run it, and return the first value that it returns, if it does.

        Raises:
            psycopg.Error: it was not done, or the connection broke.
        """
        formats = [Format.BINARY] * len(values)
        while True:
            base.pgconn.send_query_prepared(self.name, values, formats, Format.BINARY)
            (found,) = base.wait(generators.execute(base.pgconn))
            if found.status in (ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK):
                return found.get_value(0, 0) if found.ntuples else None
            error = errors.error_from_result(found, base.info.encoding)
            if not isinstance(error, errors.InvalidSqlStatementName):
                raise error
            base.pgconn.send_prepare(  # this connection has not run it yet
                self.name, self.query.encode(), [_TYPES[one] for one in self.types]
            )
            (made,) = base.wait(generators.execute(base.pgconn))
            if made.status != ExecStatus.COMMAND_OK:
                raise errors.error_from_result(made, base.info.encoding)


_ALIVE = "SELECT id FROM chopmark_keys.keys WHERE id = ANY(%b::bytea[]) AND basis IS NULL"
_KEPT = "chopmark_side.payloads (record, part, parts, key, until, data)"
_SPOOL = "chopmark_log.spool (writer, number, leaf)"
# Those for one record take two thirds of the time that those for many take for one.
_RECORD = _Statement(b"chopmark_record", f"INSERT INTO {_SPOOL} VALUES ($1, $2, $3)", "tib")
# In the order of their numbers, so that their ids are, too: whoever takes some takes the first.
_ROWS = "unnest(%b::bigint[], %b::bytea[]) u (number, leaf)"
_RECORDS = f"INSERT INTO {_SPOOL} SELECT %s, u.* FROM {_ROWS} ORDER BY u.number"
# Who erases a key waits for the calls that hold it, and afterwards none can put anything under it.
_CONTENT = _Statement(
    b"chopmark_content",
    "WITH alive AS MATERIALIZED (SELECT id FROM chopmark_keys.keys "
    "WHERE id = $1 AND basis IS NULL FOR KEY SHARE), "
    f"said AS (INSERT INTO {_KEPT} SELECT $2, $3, $4, id, $5, $6 FROM alive "
    "ON CONFLICT DO NOTHING), "
    f"done AS (INSERT INTO {_SPOOL} SELECT $7, $8, $9 FROM alive) "
    "SELECT count(*) = 1 FROM alive",
    "bbiiibtib",
)
_TRUE = b"\1"
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
        _RECORD.run(base, (writer.encode(), _number(first), records[0].leaf))
        return set()
    if len(records) == len(parts) == 1:
        ((leaf, _),), (part,) = records, parts
        place = (_number(part.part), _number(part.parts), _number(part.until))
        kept = (part.key, part.record, *place, part.data)
        well = _CONTENT.run(base, (*kept, writer.encode(), _number(first), leaf))
        return set() if well == _TRUE else {part.key}
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


def _number(value: int) -> bytes:
    return value.to_bytes(8, "big", signed=True)


def _columns(part: Payload) -> tuple[object, ...]:
    return part.record, part.part, part.parts, part.key, part.until, part.data
