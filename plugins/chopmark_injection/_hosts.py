"""The hosts that answers may point to with data in the address."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from urllib.parse import unquote

_NAME = re.compile(r"(?:\*\.)?[a-z0-9_-]+(?:\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\]")
_DOTS = str.maketrans("。．｡", "...")

RESERVED = (
    "example.com", "*.example.com", "example.net", "*.example.net", "example.org",
    "*.example.org", "*.example", "*.test", "*.invalid", "localhost", "*.localhost", "127.0.0.1",
    "[::1]",
)  # fmt: skip
"""Names that nobody can own (RFC 2606, RFC 6761), and the reader's own machine."""


class Hosts:
    """An allow list. `shop.cn` allows that host alone, `*.shop.cn` every host under it."""

    def __init__(self, names: Iterable[str]) -> None:
        """Raise `ValueError`, with what is wrong, for a name that is no host."""
        self._exact: set[str] = set()
        self._under: set[str] = set()
        for name in (*RESERVED, *names):
            plain = normal(name)
            if _NAME.fullmatch(plain) is None:
                raise ValueError(
                    f"{name!r} is no host; write a name such as 'shop.cn', or '*.shop.cn' for all "
                    "hosts under it, without scheme, port and path"
                )
            if plain.startswith("*."):
                self._under.add(plain[2:])
            else:
                self._exact.add(plain)

    def allow(self, host: str) -> bool:
        """Return whether `host`, in the form of `normal`, is in the list."""
        if host in self._exact:
            return True
        while "." in host:
            host = host.partition(".")[2]
            if host in self._under:
                return True
        return False


def normal(host: str) -> str:
    """Return `host` as browsers compare it: decoded, lower case, international names as ASCII."""
    host = unicodedata.normalize("NFKC", unquote(host).translate(_DOTS)).lower().rstrip(".")
    if host.isascii():
        return host
    try:
        return host.encode("idna").decode("ascii")
    except UnicodeError:
        return host
