"""Finds blocks in what an API answers with: a JSON document, or server-sent events with JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import suppress

from ._block import WRAPPER
from ._files._format import MOST_BLOCKS
from ._read_block import Reading, read_block

LONGEST = 16 * 2**20
"""Characters of the longest JSON that is parsed: it takes up to thirty times as many bytes."""
_DATA = re.compile(r"^data:[ ]?(.*)$", re.MULTILINE)
_JSON = re.compile(r"\s*[{\[]")
_NAMED = WRAPPER.lower()
_MOST_PLACES, _LONGEST_NAME = 10, 80

_Path = tuple["_Path", str] | None


def find_blocks(text: str) -> list[tuple[str, Reading]]:
    """Return the first `MOST_BLOCKS` blocks in `text` with where they stand, those alike as one.

    None where it is neither JSON nor events, or longer than `LONGEST`. Never raises; takes linear
    time.
    """
    found: dict[str, tuple[list[str], Reading]] = {}
    for place, data in _documents(text):
        for path, value in _named(data):
            said = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            if said not in found and len(found) == MOST_BLOCKS:
                continue
            places, _ = found.setdefault(said, ([], read_block(said)))
            if len(places) < _MOST_PLACES:
                places.append(f"{place}{_shown(path)}")
            elif len(places) == _MOST_PLACES:
                places.append("and more")
    return [(", ".join(places), reading) for places, reading in found.values() if reading.found]


def too_long(text: str) -> bool:
    """Return whether `text` has JSON that may hold a block and is longer than is parsed."""
    return len(text) > LONGEST and any(len(part) > LONGEST for _, part in _parts(text))


def _parts(text: str) -> Iterator[tuple[str, str]]:
    """Yield each JSON in `text` that may hold a block, with what it is called."""
    if _NAMED not in text and WRAPPER not in text:
        return
    if _JSON.match(text):
        yield "", text
        return
    for n, line in enumerate(_DATA.finditer(text), 1):
        if _NAMED in line[1] or WRAPPER in line[1]:
            yield f"event {n}: ", line[1]


def _documents(text: str) -> Iterator[tuple[str, object]]:
    for place, part in _parts(text):
        if len(part) <= LONGEST:
            with suppress(ValueError, RecursionError):
                yield place, json.loads(part)


def _named(data: object) -> Iterator[tuple[_Path, object]]:
    """Yield what stands under the key of a block, wherever it is, with its path."""
    left: list[tuple[_Path, Iterator[tuple[str, object]]]] = [(None, _inside(data))]
    while left:
        path, inside = left[-1]
        for key, inner in inside:
            if key.lower() == _NAMED and isinstance(inner, dict | str):
                yield (path, key), inner
            elif isinstance(inner, dict | list):
                left.append(((path, key), _inside(inner)))
                break
        else:
            left.pop()


def _inside(value: object) -> Iterator[tuple[str, object]]:
    if isinstance(value, dict):
        yield from value.items()
    elif isinstance(value, list):
        for n, inner in enumerate(value):
            yield f"[{n}]", inner


def _shown(path: _Path) -> str:
    """Return a path as it is written; it is kept in pieces, since each may be long."""
    pieces: list[str] = []
    while path is not None:
        path, piece = path
        pieces.append(piece if len(piece) <= _LONGEST_NAME else f"{piece[:_LONGEST_NAME]}...")
    return ".".join(reversed(pieces)).replace(".[", "[")
