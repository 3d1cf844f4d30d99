"""Finds blocks in what an API answers with: a JSON document, or server-sent events with JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from ._block import WRAPPER
from ._read_block import Reading, read_block

_DATA = re.compile(r"^data:[ ]?(.*)$", re.MULTILINE)
_JSON = re.compile(r"\s*[{\[]")
_NAMED = WRAPPER.lower()


def find_blocks(text: str) -> list[tuple[str, Reading]]:
    """Return the blocks in `text` with where they stand, those that are alike as one.

    None where it is neither JSON nor events. Never raises; takes linear time.
    """
    found: dict[str, tuple[list[str], Reading]] = {}
    for place, data in _documents(text):
        for path, value in _named(data):
            said = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            places, _ = found.setdefault(said, ([], read_block(said)))
            places.append(f"{place}{path}")
    return [(", ".join(places), reading) for places, reading in found.values() if reading.found]


def _documents(text: str) -> Iterator[tuple[str, object]]:
    if _NAMED not in text and WRAPPER not in text:
        return
    if _JSON.match(text):
        yield from _parsed("", text)
        return
    for n, line in enumerate(_DATA.findall(text), 1):
        if _NAMED in line or WRAPPER in line:
            yield from _parsed(f"event {n}: ", line)


def _parsed(place: str, text: str) -> Iterator[tuple[str, object]]:
    try:
        yield place, json.loads(text)
    except (ValueError, RecursionError):
        return


def _named(data: object) -> Iterator[tuple[str, object]]:
    """Yield what stands under the key of a block, wherever it is, with its path."""
    left: list[tuple[str, object]] = [("", data)]
    while left:
        path, value = left.pop()
        if isinstance(value, dict):
            for key, inner in value.items():
                at = f"{path}.{key}" if path else key
                if key.lower() == _NAMED and isinstance(inner, dict | str):
                    yield at, inner
                else:
                    left.append((at, inner))
        elif isinstance(value, list):
            left += [(f"{path}[{n}]", inner) for n, inner in enumerate(value)]
