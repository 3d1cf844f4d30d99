"""Finds the texts inside nested content, and puts others in their places without changing it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Path = tuple[Any, ...]
"""Keys and positions that lead from a message to one of its texts."""

_NO_TEXT = frozenset(
    {
        "base64",
        "cache_control",
        "call_id",
        "data",
        "detail",
        "encrypted_content",
        "encrypted_index",
        "file_data",
        "file_id",
        "file_url",
        "format",
        "id",
        "image_url",
        "index",
        "item_id",
        "media_type",
        "mime_type",
        "model_provider",
        "name",
        "output_version",
        "phase",
        "role",
        "signature",
        "source_type",
        "source_url",
        "status",
        "thought_signature",
        "tool_call_id",
        "tool_use_id",
        "type",
        "url",
    }
)
"""Keys whose strings are names, addresses or bytes. Whatever is not known is taken as text."""
MEDIA = frozenset(
    {
        "audio",
        "file",
        "image",
        "image_generation_call",
        "image_url",
        "input_audio",
        "input_file",
        "input_image",
        "media",
        "redacted_thinking",
        "video",
    }
)
"""Types of blocks that hold no text; what an image or a sound says is not judged."""
_TOLD = frozenset({"alt", "alt_text", "caption", "context", "description", "text", "title"})
"""Keys under which such a block tells in words what it holds."""
_ANCHOR = 24


def strings(value: Any, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """Yield every text in nested lists and mappings, with the path that leads to it."""
    if isinstance(value, str):
        if value:
            yield path, value
    elif isinstance(value, Mapping):
        kind = value.get("type")
        plain = kind == "text" and "data" in value  # a document in plain text
        media = isinstance(kind, str) and kind in MEDIA
        for key, inner in value.items():
            if (key in _NO_TEXT and not (plain and key == "data")) or (
                media and isinstance(inner, str) and key not in _TOLD
            ):
                continue
            yield from strings(inner, (*path, key))
    elif isinstance(value, Sequence) and not isinstance(value, bytes | bytearray):
        for n, inner in enumerate(value):
            yield from strings(inner, (*path, n))


def replaced(value: Any, path: Path, new: Any) -> Any:
    """Return `value` with `new` at `path`; only what lies on the path is copied."""
    if not path:
        return new
    key, rest = path[0], path[1:]
    if isinstance(value, Mapping):
        return {**value, key: replaced(value[key], rest, new)}
    copy = list(value)
    copy[key] = replaced(copy[key], rest, new)
    return copy


def at(value: Any, path: Path) -> Any:
    """Return what is at `path`, None where nothing is."""
    for key in path:
        try:
            value = value[key]
        except (KeyError, IndexError, TypeError):
            return None
    return value


def share(parts: Sequence[str], text: str) -> list[str]:
    """Cut `text`, the screened form of the joined `parts`, where the parts met.

    A border is found by the characters around it, so a citation keeps its block when something
    before it was replaced. Whatever the borders, the pieces joined are `text`.
    """
    joined = "".join(parts)
    if text == joined:
        return list(parts)
    out: list[str] = []
    start = border = 0
    for part in parts[:-1]:
        border += len(part)
        cut = _border(joined, border, text, start)
        out.append(text[start:cut])
        start = cut
    out.append(text[start:])
    return out


def _border(joined: str, border: int, text: str, start: int) -> int:
    if border >= len(joined):
        return len(text)
    before, after = joined[max(0, border - _ANCHOR) : border], joined[border : border + _ANCHOR]
    for anchor, behind in ((before + after, len(before)), (after, 0), (before, len(before))):
        found = text.find(anchor, max(0, start - len(before))) if anchor else -1
        if found + behind >= start and found >= 0:
            return found + behind
    return max(start, min(border, len(text)))
