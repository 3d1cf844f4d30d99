"""Server-sent events as bytes: cuts a stream into events, and puts other data into one.

Follows the event stream format of the HTML standard (section 9.2): lines end in CRLF, LF or
CR, an empty line ends an event, `data` lines are joined.
"""

from __future__ import annotations

import re

# A CR at the end of what has come may be half of a CRLF, so it must see what follows.
_LINE_END = rb"(?:\r\n|\n|\r(?=[^\n]))"
_EVENT_END = re.compile(_LINE_END * 2)
_BOM = b"\xef\xbb\xbf"


class Cutter:
    """Cuts bytes, however they arrive, into whole events with their line ends."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._searched = 0

    def feed(self, data: bytes) -> list[bytes]:
        """Take the next bytes and return the events that are complete."""
        buffer = self._buffer
        buffer += data
        events = []
        start = 0
        for match in _EVENT_END.finditer(buffer, self._searched):
            events.append(bytes(buffer[start : match.end()]))
            start = match.end()
        if start:
            del buffer[:start]
        self._searched = max(0, len(buffer) - 3)  # an end is at most four bytes long
        return events

    def finish(self) -> list[bytes]:
        """Return what is left, an event that was not ended."""
        rest, self._buffer = bytes(self._buffer), bytearray()
        return [rest] if rest else []


def event_data(event: bytes) -> str | None:
    """Return the data of an event, None where it has none (a comment, a keep-alive).

    Bytes that are no UTF-8 become lone surrogates, so that they can be put back.
    """
    if event.startswith(b"data: ") and event.find(b"\n") == len(event) - 2 and b"\r" not in event:
        return event[6:-2].decode("utf-8", "surrogateescape")
    found = [value for value in map(_value, _lines(event)) if value is not None]
    return b"\n".join(found).decode("utf-8", "surrogateescape") if found else None


def with_data(event: bytes, data: bytes) -> bytes:
    """Return `event` with `data` as its data; name, id and comments stay."""
    out: list[bytes] = []
    placed = False
    for line in _lines(event):
        if _value(line) is None:
            out.append(line)
        elif not placed:
            placed = True
            out += [b"data: " + part for part in data.split(b"\n")]
    return b"\n".join(out) + b"\n\n"


def make_event(data: bytes, name: str = "") -> bytes:
    """Return an event."""
    head = f"event: {name}\n".encode() if name else b""
    return head + b"data: " + data + b"\n\n"


def _lines(event: bytes) -> list[bytes]:
    return [line for line in event.removeprefix(_BOM).splitlines() if line]


def _value(line: bytes) -> bytes | None:
    field, _, value = line.partition(b":")
    return value.removeprefix(b" ") if field == b"data" else None
