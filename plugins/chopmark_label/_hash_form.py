"""The hash form of security data: 40 hexadecimal characters in the example of GB 45438-2025 F.4.

The standard says that it is a hash over the metadata used as a signature, and neither which hash
nor over which text. So a value of another writer is tried against what it may be.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping

from ._block import KEYS, WRAPPER
from ._security_data import label_text

_HEX = re.compile(r"(?:[0-9A-Fa-f]{32}|[0-9A-Fa-f]{40}|[0-9A-Fa-f]{64}|[0-9A-Fa-f]{128})")
_HASHES = ("sha1", "sm3", "sha256", "md5", "ripemd160", "sha512")
_PRODUCER = KEYS[:4]
_PROPAGATOR = KEYS[4:]


def is_hash(value: str) -> bool:
    """Return whether `value` has the form of a hash in hexadecimal characters."""
    return _HEX.fullmatch(value) is not None


def label_hash(fields: Mapping[str, str]) -> str:
    """Return the SHA-1 of the label text of the producer."""
    return _digest("sha1", label_text(fields, "ReservedCode1"))


def find_hash(fields: Mapping[str, str], value: str, field: str) -> str:
    """Return what of `fields` has the hash `value`, and by which hash; nothing where none does.

    A hash that is longer than `value` is tried by its beginning.
    """
    wanted = value.lower()
    for said, text in _texts(fields, field):
        for name in _HASHES:
            whole = _digest(name, text)
            if len(whole) >= len(wanted) and whole.startswith(wanted):
                cut = "" if len(whole) == len(wanted) else f", its first {len(wanted)} characters"
                return f"{said}, by {name}{cut}"
    return ""


def _texts(fields: Mapping[str, str], field: str) -> Iterator[tuple[str, bytes]]:
    """Yield the texts that the hash may be of, the likely ones first."""
    label = label_text(fields, field)
    yield "the label text of TC260-PG-202511A A.1", label
    yield "the label text in braces", b"{" + label + b"}"
    emptied = {key: "" if key == field else fields.get(key, "") for key in KEYS}
    before = {key: "" if key in (*_PROPAGATOR, field) else emptied[key] for key in KEYS}
    without = {key: text for key, text in emptied.items() if key != field}
    for said, some in (
        (f"the block with an empty {field}", emptied),
        (f"the block with an empty {field} and no propagator", before),
        (f"the block without {field}", without),
    ):
        for layout, separators in (("", (",", ":")), (" with spaces", (", ", ": "))):
            text = json.dumps(some, ensure_ascii=False, separators=separators)
            yield said + layout, _bytes(text)
            wrapped = json.dumps({WRAPPER: some}, ensure_ascii=False, separators=separators)
            yield f"{said}, wrapped{layout}", _bytes(wrapped)
    yield "the values in a row", _bytes("".join(emptied.values()))


def _digest(name: str, text: bytes) -> str:
    try:
        return hashlib.new(name, text, usedforsecurity=False).hexdigest()
    except ValueError:  # this Python has no such hash, so that it cannot be told
        return ""


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
