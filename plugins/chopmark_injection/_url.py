"""Reads an address as a browser does, and says how much of it could be data.

Sources: WHATWG URL (what browsers skip and take for slashes), CommonMark 0.31 (escapes).
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from urllib.parse import unquote, unquote_plus

from ._hosts import normal

_SPECIAL = ("http", "https", "ws", "wss", "ftp")
_MAIL = ("mailto", "sms", "smsto")
_SKIPPED = str.maketrans("", "", "\t\n\r")
_EDGES = "".join(map(chr, range(0x21)))
_BACKSLASHED = re.compile(r"\\([!-/:-@\[-`{-~])")
_scheme = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):").match
_parts = re.compile(r"([^/?#]*)([^?#]*)(?:\?([^#]*))?(?:#(.*))?", re.DOTALL).match
_FORBIDDEN = re.compile(r"[\x00-\x20#%/:<>?@\[\\\]^`{|}\x7f\"]")
_port = re.compile(r":[0-9]*\Z")

_token = re.compile(r"[A-Za-z0-9=+~_-]{16,}").finditer
_joint = re.compile(r"[^A-Za-z0-9]")
_atom = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|[0-9]+").findall

TOKEN = 16
"""The least length of an encoded word: base64, hexadecimal, a long number."""

ATOMS = 0.3
"""Words, capitals and numbers per character: an encoded word changes more often than a name."""

SPACED = 24
"""Up to how many characters a part of a path with spaces may be a file's name."""

LONGEST_PART = 100
"""Up to how many characters a part of a path may be a title."""

LONGEST_HOST = 60
"""Up to how many characters a host's name is not counted."""

LONGEST_WORD = 24
"""Up to how many characters a part of a host's name with digits in it is not counted."""

LONGEST_NAME = 16
"""Up to how many characters the name of a parameter is not counted."""


@dataclass(frozen=True, slots=True)
class Url:
    """An absolute address. `host` is in the form of `normal`; `web` says that browsers load it."""

    host: str
    user: str = ""
    path: str = ""
    query: str = ""
    fragment: str = ""
    web: bool = True


def unescaped(text: str) -> str:
    """Return the destination that Markdown means by `text`: escapes and entities resolved."""
    return html.unescape(_BACKSLASHED.sub(r"\1", text))


def read(text: str) -> Url | None:
    """Return the address that a browser makes of `text`; None where it leads to no other host."""
    text = text.strip(_EDGES).translate(_SKIPPED)
    found = _scheme(text)
    scheme = found.group(1).lower() if found else ""
    rest = text[found.end() :] if found else text
    if scheme in _MAIL:
        return _mail(rest)
    web = not scheme or scheme in _SPECIAL
    if web:
        rest = rest.replace("\\", "/")
    if not scheme and text[:4].lower() == "www.":
        rest = "//" + rest
    if not rest.startswith("//") and scheme not in _SPECIAL:
        return None
    parts = _parts(rest.lstrip("/"))
    assert parts is not None  # every part may be empty
    authority, path, query, fragment = (part or "" for part in parts.groups())
    user, _, host = authority.rpartition("@")
    host = normal(_port.sub("", host))
    if not host or _FORBIDDEN.search(host.strip("[]").replace(":", "") if "[" in host else host):
        return None
    return Url(host, user, path, query, fragment, web)


def _mail(rest: str) -> Url:
    address, _, query = rest.partition("?")
    return Url(normal(address.rpartition("@")[2]), query=query, web=False)


def carried(url: Url, *, followed: bool) -> int:
    """Return how many characters of `url` could be data; one beyond ASCII counts twice.

    A Chinese character says as much as two letters, or more.

    Args:
        url: the address.
        followed: whether a reader follows it, so that the page sees the fragment too.
    """
    count = len(unquote(url.user)) + _in_host(url.host) + _in_path(url.path) + _in_query(url.query)
    if followed:
        # What follows `:~:` marks a quotation in the page, and the page does not see it.
        fragment, _, query = url.fragment.partition(":~:")[0].partition("?")
        count += _in_query(fragment) if "=" in fragment else _in_path(fragment)
        count += _in_query(query)
    return count


def _in_host(host: str) -> int:
    """Count names that are made for one message: the host's own server sees them."""
    if len(host) > LONGEST_HOST:
        return len(host)
    words = (word for label in host.split(".") for word in label.removeprefix("xn--").split("-"))
    return sum(len(w) for w in words if len(w) >= LONGEST_WORD and not w.isalpha())


def _in_path(path: str) -> int:
    count = 0
    for raw in path.split("/"):
        part = unquote(raw)
        spaced = len(part) > SPACED and any(map(str.isspace, part.strip()))
        if spaced or len(part) > LONGEST_PART:
            count += len(part)
        else:
            count += _encoded(part)
    return count


def _in_query(query: str) -> int:
    count = 0
    for pair in re.split("[&;]", query):
        name, equals, value = pair.partition("=")
        if equals:
            count += _said(unquote_plus(value)) + max(0, len(name) - LONGEST_NAME)
        else:
            count += _said(unquote_plus(name))
    return count


def _said(text: str) -> int:
    return len(text) if text.isascii() else len(text) + sum(char > "\x7f" for char in text)


def _encoded(text: str) -> int:
    """Return how many characters of `text` stand in encoded words."""
    count = 0
    for found in _token(text):
        word = _joint.sub("", found.group())
        if len(word) < TOKEN:
            continue
        if word.isdigit() or len(_atom(word)) >= ATOMS * len(word):
            count += len(word)
    return count
