"""Addresses of servers: what is shown of them, and what is secret and kept nowhere.

Secret are user and password before the host, the fragment, and the values of the query but those
that are known to be none. A key that stands in the path cannot be told from a path.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote

from ._errors import AssessError

HIDDEN = "***"
"""What stands in the place of a secret."""

_URL = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+.-]{0,30}://)(?P<authority>[^\s/?#]*)(?P<path>[^\s?#]*)"
    r"(?P<query>\?[^\s#]*)?(?P<fragment>#\S*)?",
    re.IGNORECASE,
)
_HOST = re.compile(r"(\[[^\]]*\]|[^:@]*)(:[0-9]*)?[^\w@]*")  # a sentence may go on behind it
_PLAIN = ("api-version",)
_SHORTEST = 4
"""Letters of a secret from which on it is looked for by itself: shorter ones stand in any text."""


def is_address(name: str) -> bool:
    """Return whether the target `name` is that of a server."""
    return re.match(r"https?://", name, re.IGNORECASE) is not None


def hide(text: str) -> str:
    """Return `text` with the secrets in its URLs hidden; one that is no URL is hidden whole."""
    return _URL.sub(_shown, text) if "://" in text else text


def _shown(found: re.Match[str]) -> str:
    user, _, host = found["authority"].rpartition("@")
    if not _HOST.fullmatch(host):  # such as a password with a slash in it
        return found["scheme"] + HIDDEN
    query = re.sub(r"([?&;])([^&;]*)", _pair, found["query"] or "")
    fragment = f"#{HIDDEN}" if found["fragment"] else ""
    return f"{found['scheme']}{user and HIDDEN + '@'}{host}{found['path']}{query}{fragment}"


def _pair(found: re.Match[str]) -> str:
    name, equals, _value = found[2].partition("=")
    if name.casefold() in _PLAIN or not found[2]:
        return found[0]
    return f"{found[1]}{name}={HIDDEN}" if equals else found[1] + HIDDEN


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A server's address taken apart: `url` and `shown` have no secret, the rest may be one."""

    url: str
    shown: str
    query: Mapping[str, str]
    authorization: str
    secrets: tuple[str, ...]

    @classmethod
    def of(cls, written: str, key: str = "") -> Address:
        """Return the address `written`; `key` is another secret that a server may say back.

        Raises:
            AssessError: it is no address, or its secrets are hidden already.
        """
        found = _URL.fullmatch(written)
        if found is None or not found["authority"] or hide(written) == found["scheme"] + HIDDEN:
            raise AssessError(
                "target http://... is no URL; in a password write / ? # @ and spaces as "
                "%2F %3F %23 %40 %20"
            )
        shown, query = hide(written), (found["query"] or "")[1:]
        user, _, host = found["authority"].rpartition("@")
        values = [
            one.partition("=")[2] or one
            for one in re.split("[&;]", query)
            if one.partition("=")[0].casefold() not in _PLAIN
        ]
        if HIDDEN in (user, *values):
            raise AssessError(
                f"target {shown!r}: its password or key is kept nowhere; give the URL with it, to "
                "`chopmark assess resume` by --target, to pytest by --chopmark-target"
            )
        name, _, password = user.partition(":")
        basic = b64encode(f"{unquote(name)}:{unquote(password)}".encode()).decode() if user else ""
        secrets = {user, password or name, basic, key, *values} - {""}
        secrets |= {*map(unquote, secrets)}
        return cls(
            url=found["scheme"] + host + found["path"],
            shown=shown,
            query=dict(parse_qsl(query, keep_blank_values=True)),
            authorization=basic and f"Basic {basic}",
            secrets=tuple(sorted(secrets, key=len, reverse=True)),
        )

    def hide(self, text: str) -> str:
        """Return `text` without the secrets of this address, wherever they stand."""
        shown = hide(text)
        for secret in self.secrets:
            if len(secret) >= _SHORTEST:
                shown = shown.replace(secret, HIDDEN)
        return shown
