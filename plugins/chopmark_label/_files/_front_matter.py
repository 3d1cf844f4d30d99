"""Where YAML with a block stands in a Markdown text: front matter, and what is found beside it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from chopmark_label._files._yaml_keys import Keys, NotKeysError, parse_keys

BOM = "\ufeff"
FRONT = "YAML front matter"
"""Where front matter stands that is such to who reads it."""

_OPEN = re.compile(r"---[ \t]*\r?\n")
_CLOSE = re.compile(r"^(?:---|\.\.\.)[ \t]*(?:\r?\n|\Z)", re.MULTILINE)
_FENCE = re.compile(r"(`{3,99}|~{3,99}(?!~))[^\n`]*\n")  # one of a million is no fence
_BLANK_LINE = re.compile(r"[ \t]*(?:\r?\n|\Z)")
_BLANK = re.compile(r"(?:[ \t]*\r?\n)*")
_BEHIND = re.compile(r"[ \t]*(?:</[A-Za-z]+>[ \t]*)*\r?\n?")  # a closing tag, or nothing
_LINE = re.compile(r"[^\n]*\n|[^\n]+\Z")
_TAIL = 16 * 2**10
_MOST_HEADS = 4


@dataclass(frozen=True, slots=True)
class Section:
    """A piece of YAML in the file."""

    where: str
    start: int
    end: int
    """With the lines around it; taken away where nothing but a block is in it."""
    inner: int
    inner_end: int
    keys: Keys | None
    """None where it is not YAML with keys."""
    problem: str = ""


def sections_of(text: str) -> list[Section]:
    """Return the front matter, and what else holds a block at the beginning or the end.

    Raises:
        ImportError: there is something to parse, and PyYAML is not installed.
    """
    sections: list[Section] = []
    at = len(BOM) if text.startswith(BOM) else 0
    if (late := _late_front(text, at)) is not None:
        sections.append(late)
        at = late.end
    while len(sections) < _MOST_HEADS and (opened := _OPEN.match(text, at)):
        closed = _CLOSE.search(text, opened.end())
        if closed is None:
            break
        where = f"{FRONT} {len(sections) + 1}" if sections else FRONT
        found = _section(text, where, at, closed.end(), opened.end(), closed.start())
        if sections and (found.keys is None or not found.keys.labels):
            break
        sections.append(found)
        blank = _BLANK.match(text, closed.end())
        at = blank.end() if blank else closed.end()
    if (fence := _fence_at(text, at)) is not None:
        sections.append(fence)
        at = fence.end
    if (tail := _tail(text, at)) is not None:
        sections.append(tail)
    return sections


def _late_front(text: str, at: int) -> Section | None:
    """Return front matter behind empty lines, where it is none to who reads it, with a block."""
    blank = _BLANK.match(text, at)
    opened = _OPEN.match(text, blank.end()) if blank and blank.end() > at else None
    closed = _CLOSE.search(text, opened.end()) if opened else None
    if not opened or not closed:
        return None
    where = f"{FRONT} behind empty lines"
    start, end = opened.start(), closed.end()
    return _with_block(_section(text, where, start, end, opened.end(), closed.start()))


def _section(text: str, where: str, start: int, end: int, inner: int, inner_end: int) -> Section:
    try:
        keys = parse_keys(text[inner:inner_end])
    except NotKeysError as error:
        return Section(where, start, end, inner, inner_end, None, str(error))
    return Section(where, start, end, inner, inner_end, keys)


def _with_block(section: Section) -> Section | None:
    """Return a section outside the front matter if a block, and no other AIGC, is in it."""
    keys = section.keys
    return section if keys and any(label.named for label in keys.labels) else None


def _fence_at(text: str, at: int) -> Section | None:
    """Return the code fence that begins the text, if it holds a block."""
    opened = _FENCE.match(text, at)
    if opened is None:
        return None
    closing = re.compile(rf"^{re.escape(opened[1])}[ \t]*(?:\r?\n|\Z)", re.MULTILINE)
    closed = closing.search(text, opened.end())
    if closed is None:
        return None
    return _fenced(text, at, closed.end(), opened.end(), closed.start())


def _fenced(text: str, start: int, end: int, inner: int, inner_end: int) -> Section | None:
    """Return the block in a code fence: bare, or in front matter that was put there whole."""
    where = "a code fence"
    opened = _OPEN.match(text, inner, inner_end)
    closed = _CLOSE.search(text, opened.end(), inner_end) if opened else None
    if opened and closed:
        if text[closed.end() : inner_end].strip():
            start, end = inner, closed.end()
        inner, inner_end = opened.end(), closed.start()
    return _with_block(_section(text, where, start, end, inner, inner_end))


def _tail(text: str, at: int) -> Section | None:
    """Return the block that ends the text: in a code fence, between lines of ---, or bare."""
    at = max(at, len(text) - _TAIL)
    if text.find("AIGC", at) < 0:
        return None
    lines = [(m.start(), m.end()) for m in _LINE.finditer(text, at)]
    while lines and _BEHIND.fullmatch(text, *lines[-1]):
        lines.pop()
    if not lines:
        return None
    last, end = lines.pop()
    closing = text[last:end].rstrip()
    fence = re.fullmatch(r"`{3,}|~{3,}", closing)
    if fence or closing in ("---", "..."):
        mark = fence[0] if fence else "---"
        for start, inner in reversed(lines):
            if text.startswith(mark, start):
                if fence:
                    return _fenced(text, start, end, inner, last)
                return _with_block(_section(text, "the end", start, end, inner, last))
        return None
    start = last
    while lines and text[start] in " \t":
        start, _ = lines.pop()
    return _with_block(_section(text, "the end", start, end, start, end))


def other_front(text: str, at: int) -> str:
    """Return of which kind front matter is that is not YAML, empty where there is none."""
    if text.startswith("+++", at):
        return "TOML"
    try:
        value, end = json.JSONDecoder().raw_decode(text, at)
    except (ValueError, RecursionError):
        return ""
    return "JSON" if isinstance(value, dict) and value and _BLANK_LINE.match(text, end) else ""
