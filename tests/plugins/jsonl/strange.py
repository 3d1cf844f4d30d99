"""JSON that readers of it differ about, put into records that were whole."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

VALUES = (
    b"null", b"true", b"false", b"0", b"-0", b"-1", b"1", b"1.0", b"1e2", b"-0.0", b"1e400", b"01",
    b"+1", b"1.", b".5", b"9007199254740991", b"9007199254740992", b"18446744073709551615",
    b"18446744073709551616", b"1" + b"0" * 30, b"9" * 4400, b"NaN", b"Infinity", b"-Infinity",
    b'""', b'"x"', b'"call"', b'"event"', b'"\xe6\x96\x87"', b'"\xff"', b'"\xed\xa0\x80"',
    b'"\xc0\x80"', b'"\x01"', b'"\n"', b'"\\q"', b'"\\u12"', b'"\\ud800"', b'"\\ud83d\\ude00"',
    b'"\\u0000"', b"[]", b"[ ]", b"[1,]", b"[null]", b"[{}]", b"{}", b'{"":1}', b'{"a":1,"a":2}',
    b"[" * 1100 + b"]" * 1100, b"[" * 3000 + b"]" * 3000, b"", b"nul", b"'x'",
)  # fmt: skip
"""What may stand where a value does; some of it is no JSON."""
TAILS = (b" ", b"\r\n", b"\n", b"\x00", b"\x0b", b"x", b"}", b"{}", b"//", b"\xef\xbb\xbf")
_HERE = "<here>"
_QUOTED = b'"<here>"'


def every(whole: bytes) -> Iterator[bytes]:
    """Yield `whole` without each of its values, with each other in its place, and with both."""
    for number in range(len(_places(_parsed(whole)))):
        data = _parsed(whole)
        inside, key = _places(data)[number]
        before, inside[key] = inside[key], _HERE
        cut = _written(data)
        for value in VALUES:
            yield cut.replace(_QUOTED, value)
            if isinstance(inside, dict):
                old, name = _written(before), _written(key)
                yield cut.replace(_QUOTED, value + b"," + name + b":" + old)
                yield cut.replace(_QUOTED, old + b"," + name + b":" + value)
        del inside[key]
        yield _written(data)


@st.composite
def strange(draw: st.DrawFn, whole: bytes) -> bytes:
    """Return `whole`, a record in JSON, after a change or two; readers may refuse it."""
    changes = (_replaced, _replaced, _twice, _without, _escaped, _edited, _ended)
    for change in draw(st.lists(st.sampled_from(changes), min_size=1, max_size=2)):
        whole = change(draw, whole)
    return whole


def _replaced(draw: st.DrawFn, whole: bytes) -> bytes:
    """Put another value somewhere."""
    data = _parsed(whole)
    place = _place(draw, data)
    if place is None:
        return whole
    inside, key = place
    inside[key] = _HERE
    return _written(data).replace(_QUOTED, draw(st.sampled_from(VALUES)), 1)


def _twice(draw: st.DrawFn, whole: bytes) -> bytes:
    """Say a key twice in one object, first or last with another value."""
    at = draw(st.sampled_from([n for n, byte in enumerate(whole) if byte in b"{}"] or [0]))
    keys = [*(_parsed(whole) or {"k": 1}), "input", "in", "category", "placed", "data", "version"]
    pair = b'"%s":%s' % (draw(st.sampled_from(keys)).encode(), draw(st.sampled_from(VALUES)))
    if whole[at : at + 1] == b"{":
        return whole[: at + 1] + pair + b"," + whole[at + 1 :]
    return whole[:at] + b"," + pair + whole[at:]


def _without(draw: st.DrawFn, whole: bytes) -> bytes:
    data = _parsed(whole)
    place = _place(draw, data)
    if place is not None:
        del place[0][place[1]]
    return _written(data) if place is not None else whole


def _escaped(draw: st.DrawFn, whole: bytes) -> bytes:
    """Write a letter as its escape: in a key, or in a text."""
    at = draw(st.integers(0, max(len(whole) - 1, 0)))
    return whole[:at] + b"\\u%04x" % (whole[at] if whole else 0) + whole[at + 1 :]


def _edited(draw: st.DrawFn, whole: bytes) -> bytes:
    at = draw(st.integers(0, len(whole)))
    return whole[:at] + draw(st.binary(max_size=2)) + whole[at + draw(st.integers(0, 2)) :]


def _ended(draw: st.DrawFn, whole: bytes) -> bytes:
    """Cut the end off, or put something behind it."""
    if draw(st.booleans()):
        return whole[: draw(st.integers(0, len(whole)))]
    return whole + draw(st.sampled_from(TAILS))


def _parsed(whole: bytes) -> Any:
    try:
        return json.loads(whole)
    except (ValueError, RecursionError):
        return None


def _written(data: Any) -> bytes:
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "surrogatepass")


def _place(draw: st.DrawFn, data: Any) -> tuple[Any, Any] | None:
    """Return an object or a list within `data`, and a key or an index of it."""
    places = _places(data)
    return draw(st.sampled_from(places)) if places else None


def _places(data: Any) -> list[tuple[Any, Any]]:
    places: list[tuple[Any, Any]] = []
    left = [data]
    while left:
        inside = left.pop()
        if isinstance(inside, dict | list):
            keys = list(inside) if isinstance(inside, dict) else range(len(inside))
            places += [(inside, key) for key in keys]
            left += [inside[key] for key in keys]
    return places
