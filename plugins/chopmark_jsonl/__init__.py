r"""A log of JSON Lines: one record a line, appended whole or not at all.

Enable it with `plugins = ["jsonl"]` and set it up under `[settings.jsonl]`:

    path = "chopmark-records.jsonl"   # relative to the policy's folder, by default to the
                                      # current one
    fsync = "interval"                # every 0.2 s; or "always", "never"
    rotate_bytes = 100_000_000        # by default never

The format, version 1. A line is one JSON object in UTF-8, ended by `\n`, without white space
between its parts and with sorted keys; whole numbers only. Keys are only ever added within a
version.

    v            1
    k            "call"
    id           UUIDv7
    time         when the call began, milliseconds since 1970
    duration     milliseconds
    policy       name@digest
    adapter, model, audience, sdk, stream, messages, judged, holdback, action, ending
                 as in `chopmark.Record`
    request, answer, user
                 {"characters", "digest"}: the length in code points, and the hexadecimal SHA-256
                 of 16 salt bytes followed by the text; the caller's receipt has the salt
    usage        {"input", "output"}: tokens, or null
    verdicts     [{"category", "detail", "detector", "direction", "end", "kind", "outcome",
                 "part", "score", "start"}]: score in thousandths, offsets in code points
    marks        [{"data", "kind", "marker", "placed", "reason", "where"}]
    failures     [{"error", "handled", "name", "role"}]

No text of a request or an answer is written, and no replacement of a verdict. On a network file
system the lock may not hold between machines: give each its own file.
"""

from __future__ import annotations

from typing import Any

from chopmark import Policy, hookimpl
from chopmark.hookspecs import Log

from ._format import decode, encode
from ._log import JsonlLog, make_log
from ._read import Line, read

__all__ = ["JsonlLog", "Line", "decode", "encode", "read"]


@hookimpl
def chopmark_log(policy: Policy) -> Log:
    """Return the log that `policy` asks for."""
    return make_log(policy)


@hookimpl
def chopmark_commands(cli: Any) -> None:
    """Add `chopmark records`."""
    from ._commands import records  # click is wanted by the command line alone

    cli.add_command(records)
