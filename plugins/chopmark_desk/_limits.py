"""How often somebody may try: counted in this process, by who and from where."""

from __future__ import annotations

import ipaddress

from anyio import CapacityLimiter
from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from starlette.requests import Request

LOGIN_PAIR, LOGIN_NAME, LOGIN_ADDRESS = (
    parse("5 per 5 minutes"),
    parse("30 per hour"),
    parse("60 per 15 minutes"),
)
"""Tries to log in: of one name from one address, of one name from anywhere, from one address.

The second is wide, so that a stranger cannot lock somebody out by a few wrong passwords.
"""
STRANGER = parse("30 per 5 minutes")
"""Forms that one address sends without being logged in."""


_AT_ONCE = 2
"""Passwords that are tried at a time: each takes 32 MB, and others wait without a thread."""


class Limits:
    """Counts what was tried lately. Shared by threads."""

    def __init__(self) -> None:
        self.passwords = CapacityLimiter(_AT_ONCE)
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    def take(self, limit: RateLimitItem, *who: str) -> bool:
        """Count a try, and return whether there was room for it."""
        return self._limiter.hit(limit, *who)

    def forget(self, limit: RateLimitItem, *who: str) -> None:
        """Give back all the room: what was tried went well."""
        self._limiter.clear(limit, *who)


def address_of(request: Request) -> str:
    """Return what counts as the address of who asks."""
    return network(request.client.host if request.client else "")


def network(address: str) -> str:
    """Return what counts as one address: of IPv6, the /64 that a household has."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if found.version == 6:
        mapped = found.ipv4_mapped
        return str(mapped or ipaddress.ip_network((found, 64), strict=False))
    return str(found)
