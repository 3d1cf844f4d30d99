"""The metadata of a movie box: every place where a block can stand, and the one of the guide.

TC260-PG-20257A (video) and TC260-PG-202510A (sound): `moov.udta.meta.keys` has the key `AIGC`, and
`ilst` its value, as QuickTime metadata of the handler `mdta`. Seen in files as well: a freeform
item of iTunes metadata, an item or a box of user data called `AIGC`, `meta` boxes elsewhere, and
XMP, the general fallback.
"""

from __future__ import annotations

from collections.abc import Iterator

from ._boxes import Box, Broken, boxes, pack
from ._format import Place
from ._packet import take_packet

PLACE = "moov.udta.meta.keys"
_KEY = b"AIGC"
_INSIDE = {
    b"moov": (b"udta", b"meta", b"trak"),
    b"trak": (b"udta", b"meta"),
    b"udta": (b"meta",),
}
_COUNTED = {**_INSIDE, b"meta": (b"keys", b"ilst")}
_XMP = b"XMP_"
_MOST = 100_000
"""Boxes of metadata, and around it, in one movie: real files have some hundreds."""
_UTF8, _UTF16 = 1, 2
# Version and flags, a field that is 0, the handler, three reserved fields, an empty name.
_HANDLER = pack(b"hdlr", bytes(8) + b"mdta" + bytes(13))


def check_count(kind: bytes, body: bytes) -> None:
    """Raise `Broken` where a box has more in the places where a block can be than is read."""
    for count, _ in enumerate(_looked_at(kind, body), 1):
        if count > _MOST:
            raise Broken(
                f"has more than {_MOST:,} boxes in its metadata; write it anew with ffmpeg -i FILE "
                "-c copy NEW"
            )


def _looked_at(kind: bytes, body: bytes) -> Iterator[Box]:
    start = _first(body) if kind == b"meta" else 8 if kind == b"keys" else 0
    for box in boxes(body, start):
        yield box
        if box.kind in _COUNTED.get(kind, ()):
            yield from _looked_at(box.kind, body[box.body : box.end])
        elif kind == b"ilst":
            yield from boxes(body[: box.end], box.body)


def take(kind: bytes, body: bytes, found: list[Place], where: str = "") -> bytes:
    """Return the body of a box without blocks, and add those to `found`.

    Boxes in which there is none stay as they are, byte for byte.

    Raises:
        Broken: a box on the way is not one.
    """
    where = f"{where}.{_text(kind)}".lstrip(".")
    if kind == b"meta":
        return _take_meta(body, found, where)
    kept, at = [], 0
    for box in boxes(body):
        kept.append(body[at : box.start])
        at = box.end
        if kind == b"udta" and _is_key(box.kind):
            found.append(Place(_user_text(body[box.body : box.end]), f"{where}.{_text(box.kind)}"))
        elif kind == b"udta" and box.kind == _XMP:
            packet = body[box.body : box.end]
            left = take_packet(packet, found, f"{where}.XMP_")
            kept.append(body[box.start : box.end] if left == packet else pack(_XMP, left))
        elif box.kind in _INSIDE[kind]:
            kept.append(_taken(body, box, found, where))
        else:
            kept.append(body[box.start : box.end])
    return b"".join([*kept, body[at:]])


def put(moov: bytes, block: str) -> bytes:
    """Return the body of a movie box that has no block with `block` in the place of the guide.

    Where `udta` has metadata of iTunes, which knows no keys, the block gets a `meta` box of its own
    behind it: programs that look for iTunes tags find theirs first, others read both.
    """
    for box in boxes(moov):
        if box.kind == b"udta":
            udta = _put_user_data(moov[box.body : box.end], block)
            return moov[: box.start] + pack(b"udta", udta) + moov[box.end :]
    return moov + pack(b"udta", pack(b"meta", _put_meta(bytes(4) + _HANDLER, block)))


def _put_user_data(udta: bytes, block: str) -> bytes:
    last = 0
    for box in boxes(udta):
        last = box.end
        if box.kind == b"meta" and _handler(udta[box.body : box.end]) == b"mdta":
            meta = pack(b"meta", _put_meta(udta[box.body : box.end], block))
            return udta[: box.start] + meta + udta[box.end :]
    meta = pack(b"meta", _put_meta(bytes(4) + _HANDLER, block))
    return udta[:last] + meta + udta[last:]


def _put_meta(meta: bytes, block: str) -> bytes:
    start = _first(meta)
    there = _lists(meta, start)
    keys = [*_keys(there.get(b"keys", bytes(8))), pack(b"mdta", _KEY)]
    if len(keys) in (int.from_bytes(box.kind, "big") for box in boxes(there.get(b"ilst", b""))):
        raise Broken("has metadata values without keys; write it anew with ffmpeg -c copy")
    value = pack(b"data", _UTF8.to_bytes(4, "big") + bytes(4) + block.encode())
    items = there.get(b"ilst", b"") + pack(len(keys).to_bytes(4, "big"), value)
    new = {b"keys": _pack_keys(keys), b"ilst": pack(b"ilst", items)}
    return _replace(meta, start, new)


def _take_meta(meta: bytes, found: list[Place], where: str) -> bytes:
    start = _first(meta)
    there = _lists(meta, start)
    if b"ilst" not in there:
        return meta
    keys = _keys(there[b"keys"]) if b"keys" in there else []
    ours = {number for number, key in enumerate(keys, 1) if _is_key(key[8:])}
    items = _take_items(there[b"ilst"], keys, ours, found, where)
    if not ours and items == there[b"ilst"]:
        return meta
    new = {b"ilst": pack(b"ilst", items)}
    if keys:
        new[b"keys"] = _pack_keys([k for number, k in enumerate(keys, 1) if number not in ours])
    return _replace(meta, start, new)


def _take_items(
    ilst: bytes, keys: list[bytes], ours: set[int], found: list[Place], where: str
) -> bytes:
    kept, at = [], 0
    for box in boxes(ilst):
        kept.append(ilst[at : box.start])
        at = box.end
        body = ilst[box.body : box.end]
        number = int.from_bytes(box.kind, "big")
        if number in ours:
            found.extend(Place(text, f"{where}.keys") for text in _values(body))
        elif _is_key(box.kind):
            found.extend(Place(text, f"{where}.ilst.{_text(box.kind)}") for text in _values(body))
        elif box.kind == b"----" and _is_key(_freeform(body)):
            found.extend(Place(text, f"{where}.ilst.----") for text in _values(body))
        elif ours and 0 < number <= len(keys):  # items name keys by number, which may now change
            number -= sum(our < number for our in ours)
            kept.append(pack(number.to_bytes(4, "big"), body))
        else:
            kept.append(ilst[box.start : box.end])
    return b"".join([*kept, ilst[at:]])


def _taken(body: bytes, box: Box, found: list[Place], where: str) -> bytes:
    inner = body[box.body : box.end]
    left = take(box.kind, inner, found, where)
    return body[box.start : box.end] if left == inner else pack(box.kind, left)


def _lists(meta: bytes, start: int) -> dict[bytes, bytes]:
    there: dict[bytes, bytes] = {}
    for box in boxes(meta, start):
        if box.kind in (b"keys", b"ilst"):
            if box.kind in there:
                raise Broken(f"has a 'meta' box with two {_text(box.kind)!r} boxes")
            there[box.kind] = meta[box.body : box.end]
    return there


def _replace(meta: bytes, start: int, new: dict[bytes, bytes]) -> bytes:
    kept = [meta[:start]]
    at = start
    for box in boxes(meta, start):
        kept.append(new.pop(box.kind, meta[box.start : box.end]))
        at = box.end
    return b"".join([*kept, *new.values(), meta[at:]])


def _first(meta: bytes) -> int:
    """Return where the boxes in a `meta` box begin: QuickTime has no version and flags there."""
    return 0 if meta[4:8] == b"hdlr" else min(4, len(meta))


def _handler(meta: bytes) -> bytes:
    for box in boxes(meta, _first(meta)):
        if box.kind == b"hdlr":
            return meta[box.body + 8 : box.body + 12]
    return b""


def _keys(body: bytes) -> list[bytes]:
    return [body[box.start : box.end] for box in boxes(body, 8)]


def _pack_keys(keys: list[bytes]) -> bytes:
    return pack(b"keys", bytes(4) + len(keys).to_bytes(4, "big") + b"".join(keys))


def _is_key(name: bytes) -> bool:
    return name.upper() == _KEY


def _freeform(item: bytes) -> bytes:
    for box in boxes(item):
        if box.kind == b"name":
            return item[box.body + 4 : box.end]
    return b""


def _values(item: bytes) -> list[str]:
    found = []
    for box in boxes(item):
        if box.kind == b"data":
            if box.end - box.body < 8:
                raise Broken("has a metadata value without a type")
            kind = int.from_bytes(item[box.body : box.body + 4], "big")
            raw = item[box.body + 8 : box.end]
            found.append(raw.decode("utf-16-be" if kind == _UTF16 else "utf-8", "replace"))
    return found


def _user_text(body: bytes) -> str:
    """Return a text of user data, which some writers begin with its length and language."""
    begin = body[:9].find(b"{")
    return body[max(begin, 0) :].rstrip(b"\0").decode("utf-8", "replace")


def _text(kind: bytes) -> str:
    return kind.decode("latin-1")
