"""The ring: the master keys of an operator, of which every key of a mark is derived.

One master serves many marks: for each scheme, tenant, epoch (a calendar month) and tokenizer a key
of its own is derived by HKDF-SHA256 (RFC 5869), so that what one tenant's texts betray says nothing
of another's. A master is `active` (marks and finds), `retired` (finds) or `revoked` (does neither:
someone else may have it, and could have marked anything).
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from typing import Literal, NamedTuple, get_args

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from chopmark import MarkError

State = Literal["active", "retired", "revoked"]
STATES: tuple[State, ...] = get_args(State)
SECRET_BYTES = 32
_INFO = "chopmark/wm/1"


class RingError(MarkError):
    """A ring, or a key of it, cannot be used as asked."""


class KeyName(NamedTuple):
    """Which key made a mark, or found it: says nothing of the key itself."""

    master: str
    tenant: str
    epoch: str

    def __str__(self) -> str:
        return f"{self.master}/{self.tenant or '-'}/{self.epoch}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Master:
    """A master key. Its secret is in no `repr`.

    `since` and `until` are the epochs, YYYY-MM, of its first and last mark; `until` is empty while
    it is active.
    """

    id: str
    secret: bytes = field(repr=False)
    state: State
    since: str
    until: str = ""

    def __post_init__(self) -> None:
        if self.state not in STATES:
            raise RingError(f"key {self.id!r}: state is {self.state!r}; use {', '.join(STATES)}")
        if len(self.secret) != SECRET_BYTES:
            raise RingError(f"key {self.id!r} has {len(self.secret)} bytes instead of 32")
        if self.id != name_of(self.secret):
            raise RingError(f"key {self.id!r}: the id is not that of its secret; was it edited?")
        check_epoch(self.since)
        if self.until:
            check_epoch(self.until)

    def epochs(self, now: str) -> Iterator[str]:
        """Return the epochs in which it may have marked something, the latest first."""
        epoch = min(self.until or now, now)
        while epoch >= self.since:
            yield epoch
            epoch = _before(epoch)


@dataclass(frozen=True, slots=True)
class Ring:
    """The masters of one operator, the oldest first. Immutable: what changes it returns a new one.

    Raises:
        RingError: two keys have one id, or more than one is active.
    """

    masters: tuple[Master, ...] = ()

    def __post_init__(self) -> None:
        ids = [master.id for master in self.masters]
        if len(set(ids)) < len(ids):
            raise RingError("two keys of the ring have one id; take one of them out")
        if sum(master.state == "active" for master in self.masters) > 1:
            raise RingError("more than one key of the ring is active; retire all but one")

    @property
    def active(self) -> Master:
        """The master that marks.

        Raises:
            RingError: none is active.
        """
        for master in self.masters:
            if master.state == "active":
                return master
        raise RingError("no key of the ring is active; make one with `rotate`")

    def rotate(self, now: str) -> Ring:
        """Return the ring with a new active master; the one before it is retired."""
        older = tuple(
            replace(master, state="retired", until=now) if master.state == "active" else master
            for master in self.masters
        )
        return Ring((*older, new_master(now)))

    def retire(self, id: str, now: str) -> Ring:
        """Return the ring with master `id` for finding only.

        Raises:
            RingError: there is no such key, or it is revoked.
        """
        if self._named(id).state == "revoked":
            raise RingError(f"key {id!r} is revoked, for good: what it finds proves nothing")
        return self._with(id, "retired", now)

    def revoke(self, id: str, now: str) -> Ring:
        """Return the ring with master `id` for nothing any more; its secret stays, for an audit.

        Raises:
            RingError: there is no such key.
        """
        return self._with(id, "revoked", now)

    def marking(
        self, scheme: str, tenant: str, tokenizer: str, epoch: str
    ) -> tuple[KeyName, bytes]:
        """Return the key with which `tenant` marks in `epoch`, 32 bytes, and its name.

        Raises:
            RingError: no key is active.
        """
        name = KeyName(self.active.id, tenant, epoch)
        return name, self.derive(name, scheme, tokenizer)

    def finding(
        self, tenants: Sequence[str], now: str, epochs: Iterable[str] | None = None
    ) -> list[KeyName]:
        """Return the names of all keys that may have marked for `tenants`, the latest first."""
        wanted = None if epochs is None else set(epochs)
        return [
            KeyName(master.id, tenant, epoch)
            for master in reversed(self.masters)
            if master.state != "revoked"
            for epoch in master.epochs(now)
            if wanted is None or epoch in wanted
            for tenant in tenants
        ]

    def derive(self, name: KeyName, scheme: str, tokenizer: str) -> bytes:
        """Return the 32 bytes that `name` stands for.

        Args:
            name: which master, tenant and epoch.
            scheme: for example `gumbel`.
            tokenizer: the digest of the tokenizer; the same text has other tokens elsewhere.

        Raises:
            RingError: there is no such master, or it is revoked.
        """
        master = self._named(name.master)
        if master.state == "revoked":
            raise RingError(f"key {name.master!r} is revoked: it neither marks nor finds")
        parts = (_INFO, scheme, name.tenant, name.epoch, tokenizer)
        if any("|" in part for part in parts):
            raise RingError(f"{name.tenant!r}: '|' cannot stand in the name of a tenant")
        info = "|".join(parts).encode()
        return HKDF(algorithm=SHA256(), length=SECRET_BYTES, salt=None, info=info).derive(
            master.secret
        )

    def _named(self, id: str) -> Master:
        for master in self.masters:
            if master.id == id:
                return master
        known = ", ".join(master.id for master in self.masters) or "none"
        raise RingError(f"the ring has no key {id!r}; it has {known}")

    def _with(self, id: str, state: State, now: str) -> Ring:
        named = self._named(id)
        changed = replace(named, state=state, until=named.until or now)
        return Ring(tuple(changed if master is named else master for master in self.masters))


def new_master(now: str) -> Master:
    """Return a new active master of 32 random bytes, first used in epoch `now`."""
    secret = secrets.token_bytes(SECRET_BYTES)
    return Master(id=name_of(secret), secret=secret, state="active", since=now)


def name_of(secret: bytes) -> str:
    """Return the id of a secret: 16 hexadecimal digits of its SHA-256, of a domain of its own."""
    return hashlib.sha256(b"chopmark/wm/id|" + secret).hexdigest()[:16]


def this_epoch() -> str:
    """Return the calendar month, UTC, as YYYY-MM."""
    return datetime.now(timezone.utc).strftime("%Y-%m")


def check_epoch(epoch: str) -> None:
    """Raise `RingError` where `epoch` is no month."""
    try:
        if datetime.strptime(epoch, "%Y-%m").strftime("%Y-%m") == epoch:
            return
    except (TypeError, ValueError):
        pass
    raise RingError(f"epoch is {epoch!r}; write a month as YYYY-MM")


def _before(epoch: str) -> str:
    year, month = int(epoch[:4]), int(epoch[5:])
    return f"{year - 1}-12" if month == 1 else f"{year}-{month - 1:02}"
