"""The people who may log in to the desk, and those who are."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import time
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from . import _passwords as passwords
from ._base import open_base
from ._errors import DeskError
from ._passwords import Cost
from ._roles import ROLES, Role

_NAME = re.compile(r"[^\W_][\w.@+-]{0,63}")
_SEEN_EVERY = 60_000
"""Milliseconds between two notes that a session is in use."""


def now() -> int:
    """Return milliseconds since 1970."""
    return time.time_ns() // 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """Somebody who may log in. `id` stands for the name in the log, which holds no names."""

    name: str
    role: Role
    id: str

    @property
    def actor(self) -> str:
        """Who acts, as the log has it: the role, and the id."""
        return f"{self.role}:{self.id}"


Noted = Callable[[User], None]
"""Takes a change down, before it is made; where it raises, nothing is changed."""


def _unnoted(user: User) -> None:
    """Take nothing down: a terminal of the machine may do more than that, anyway."""


class Users:
    """The users and their sessions, in the desk's file. Shared by threads and processes.

    Args:
        folder: of the desk's file.
        clock: milliseconds since 1970.
        idle: milliseconds without a request after which a session ends.
        longest: milliseconds after which it ends in any case.
        secret: of what is signed; where it is empty, one that the file has.
        cost: of new passwords.

    Raises:
        DeskError: the file cannot be used, or what is asked for cannot be done.
    """

    def __init__(
        self,
        folder: Path,
        clock: Callable[[], int],
        *,
        idle: int,
        longest: int,
        secret: bytes = b"",
        cost: Cost = Cost(),  # noqa: B008 - frozen
    ) -> None:
        self._base = open_base(folder)
        self._clock, self._idle, self._longest, self._cost = clock, idle, longest, cost
        self._secret = secret or bytes(self._base.rows("SELECT value FROM secret")[0][0])
        self._nobody = passwords.nobodys(cost)

    def signed(self, purpose: str, value: str) -> str:
        """Return a signature of `value` that only this desk can make, for one purpose."""
        message = f"{purpose}\0{value}".encode("utf-8", "surrogatepass")
        return hmac.new(self._secret, message, hashlib.sha256).hexdigest()

    def all(self) -> list[User]:
        """Return all users by their names."""
        rows = self._base.rows("SELECT name, role FROM users ORDER BY name")
        return [self._user(name, role) for name, role in rows]

    def get(self, name: str) -> User:
        """Return the user of that name."""
        rows = self._base.rows("SELECT name, role FROM users WHERE name = ?", _same(name))
        if not rows:
            raise DeskError(
                f"there is no user {name!r}; `chopmark desk users list` names them",
                "no_user", name=name,
            )  # fmt: skip
        return self._user(*rows[0])

    def free(self, name: str) -> str:
        """Return `name` as it is kept, where a user can be added under it."""
        name = _same(name)
        if not _NAME.fullmatch(name):
            raise DeskError(
                f"{name!r} is no name of a user; write 1 to 64 letters, digits, . @ + - or _, a "
                "letter or digit first",
                "user_name", name=name,
            )  # fmt: skip
        if self._base.rows("SELECT 1 FROM users WHERE name = ?", name):
            raise DeskError(
                f"there is a user {name!r} already; choose another name",
                "user_there", name=name,
            )  # fmt: skip
        return name

    def add(self, name: str, role: str, password: str, noted: Noted = _unnoted) -> User:
        """Add a user."""
        name = self.free(name)
        held = passwords.kept(passwords.checked(password, name), self._cost)
        with self._base.transaction():
            self.free(name)  # another process may have added it meanwhile
            self._base.rows("INSERT INTO users VALUES (?, ?, ?, ?)",
                            name, _role(role), held, self._clock())  # fmt: skip
            user = self.get(name)
            noted(user)
        return user

    def set_role(self, name: str, role: str, noted: Noted = _unnoted) -> User:
        """Give a user another role, and end its sessions."""
        wanted = _role(role)
        with self._base.transaction():
            user = self.get(name)
            self._keep_an_admin(user, wanted)
            self._base.rows("UPDATE users SET role = ? WHERE name = ?", wanted, user.name)
            self._end(user.name)
            user = self.get(name)
            noted(user)
        return user

    def set_password(self, name: str, password: str, noted: Noted = _unnoted) -> User:
        """Give a user another password, and end its sessions."""
        user = self.get(name)
        held = passwords.kept(passwords.checked(password, user.name), self._cost)
        with self._base.transaction():
            self._base.rows("UPDATE users SET password = ? WHERE name = ?", held, user.name)
            self._end(user.name)
            noted(user)
        return user

    def remove(self, name: str, noted: Noted = _unnoted) -> User:
        """Remove a user; what the log has of it stays."""
        with self._base.transaction():
            user = self.get(name)
            self._keep_an_admin(user, None)
            self._base.rows("DELETE FROM users WHERE name = ?", user.name)  # and its sessions
            noted(user)
        return user

    def check(self, name: str, password: str) -> User | None:
        """Return the user whose name and password these are; takes as long where there is none."""
        query = "SELECT name, role, password FROM users WHERE name = ?"
        rows = self._base.rows(query, _same(name)) if len(name) <= passwords.MOST else []
        held = rows[0][2] if rows else self._nobody
        right = passwords.matches(password[: passwords.MOST], held)
        if not rows or not right or len(password) > passwords.MOST:
            return None
        return self._user(*rows[0][:2])

    def begin(self, user: User) -> str:
        """Begin a session of `user`, and return its id, which is kept nowhere."""
        id, now = secrets.token_urlsafe(32), self._clock()
        self._base.rows(
            "DELETE FROM sessions WHERE seen < ? OR made < ?", now - self._idle, now - self._longest
        )
        self._base.rows("INSERT INTO sessions VALUES (?, ?, ?, ?)",
                        _hashed(id), user.name, now, now)  # fmt: skip
        return id

    def of_session(self, id: str) -> User | None:
        """Return who is logged in by the session `id`, and note that it is in use."""
        query = (
            "SELECT name, role, sessions.made, seen FROM sessions JOIN users USING (name) "
            "WHERE hash = ?"
        )
        rows = self._base.rows(query, _hashed(id))
        if not rows:
            return None
        name, role, made, seen = rows[0]
        now = self._clock()
        if now - made >= self._longest or now - seen >= self._idle:
            self.end(id)
            return None
        if now - seen >= min(_SEEN_EVERY, self._idle // 2):
            self._base.rows("UPDATE sessions SET seen = ? WHERE hash = ?", now, _hashed(id))
        return self._user(name, role)

    def end(self, id: str) -> None:
        """End a session."""
        self._base.rows("DELETE FROM sessions WHERE hash = ?", _hashed(id))

    def close(self) -> None:
        """Close the file."""
        self._base.close()

    def _end(self, name: str) -> None:
        self._base.rows("DELETE FROM sessions WHERE name = ?", name)

    def _keep_an_admin(self, user: User, role: Role | None) -> None:
        if user.role != "admin" or role == "admin":
            return
        if self._base.rows("SELECT count(*) FROM users WHERE role = 'admin'")[0][0] == 1:
            raise DeskError(
                f"{user.name!r} is the only admin; make another one first",
                "last_admin", name=user.name,
            )  # fmt: skip

    def _user(self, name: str, role: Role) -> User:
        return User(name=name, role=role, id=self.signed("user", name)[:16])


def _same(name: str) -> str:
    """Return the one way in which a name is kept; one that is no Unicode is that of nobody."""
    plain = name.encode("utf-8", "replace").decode()
    return unicodedata.normalize("NFKC", plain).strip().casefold()


def _role(role: str) -> Role:
    for known in ROLES:
        if role == known:
            return known
    raise DeskError(f"{role!r} is no role; write one of {', '.join(ROLES)}", "no_role", role=role)


def _hashed(id: str) -> bytes:
    return hashlib.sha256(id.encode("utf-8", "surrogatepass")).digest()
