"""Makes a record of a call: commitments to its texts, its decisions, and no content."""

from __future__ import annotations

import hashlib
import os
import time

from ._kept import Commitment, Record
from ._quick import maker, replaced
from ._values import Request, Response, Verdict
from ._version import __version__

_make_commitment, _make_record = maker(Commitment), maker(Record)
_VARIANT = "89ab"
_SHA256 = hashlib.sha256()
"""Copied for each commitment: to make one anew takes OpenSSL ten times as long."""


def new_id() -> str:
    """Return a UUIDv7 (RFC 9562, section 5.7): milliseconds, then 74 random bits."""
    now = time.time_ns() // 1_000_000
    when, bits = f"{now:012x}", os.urandom(10)
    drawn = bits.hex()
    variant = _VARIANT[bits[9] & 3]
    return f"{when[:8]}-{when[8:]}-7{drawn[:3]}-{variant}{drawn[3:6]}-{drawn[6:18]}"


def commit(text: str, salt: bytes) -> Commitment:
    """Return a commitment to `text`; lone surrogates are committed to as they stand."""
    digest = _SHA256.copy()
    digest.update(salt + text.encode("utf-8", "surrogatepass"))
    return _make_commitment(digest=digest.hexdigest(), characters=len(text))


def _without_content(verdict: Verdict) -> Verdict:
    """Drop the replacement: a mask may hold part of the text that it stands for."""
    return verdict if verdict.replacement is None else replaced(verdict, replacement=None)


def make_record(
    *, request: Request, response: Response, started: int, duration: int, salt: bytes
) -> Record:
    """Return the record of a finished call; `started` and `duration` are milliseconds."""
    asked = "\x1e".join([f"{m.role}\x1f{m.text}" for m in request.messages])
    return _make_record(
        id=response.id,
        time=started,
        policy=response.policy,
        adapter=request.adapter,
        model=request.model,
        audience=request.audience,
        stream=request.stream,
        action=response.action,
        ending=response.ending,
        judged=response.judged,
        request=commit(asked, salt),
        answer=commit(response.text, salt),
        user=commit(request.user, salt),
        messages=len(request.messages),
        verdicts=tuple(map(_without_content, response.verdicts)),
        marks=response.marks,
        failures=response.failures,
        usage=response.usage,
        holdback=response.holdback,
        duration=duration,
        sdk=__version__,
    )
