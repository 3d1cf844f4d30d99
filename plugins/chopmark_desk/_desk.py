"""What a desk is made of: a policy, its log, the users, the clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from chopmark import Chopmark, Policy
from chopmark.hookspecs import Log
from chopmark.reading import open_log

from ._kept import Kept
from ._limits import Limits
from ._options import Options, read_options
from ._passwords import Cost
from ._users import Users, now

LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """A desk that is open. Shared by threads.

    `public` is the variant for strangers, without a login. `secure` says that browsers reach it
    through TLS. `hosts` are the names that they may ask for. `kept` holds what pages share and is
    dear to make. `source` is where the policy can be read again, "" where it is not from a file.
    """

    policy: Policy
    options: Options
    log: Log
    users: Users
    clock: Callable[[], int] = now
    public: bool = False
    secure: bool = False
    hosts: frozenset[str] = frozenset(LOOPBACK)
    limits: Limits = field(default_factory=Limits)
    kept: Kept = field(default_factory=Kept)
    source: str = ""

    @property
    def chop(self) -> Chopmark:
        """The policy with its plugins loaded; the first time takes as long as they take."""
        return self.kept.get("chop", lambda: Chopmark(self.policy, log=self.log))


@contextmanager
def open_desk(
    policy: Policy,
    *,
    public: bool = False,
    secure: bool = False,
    hosts: tuple[str, ...] = (),
    secret: bytes = b"",
    clock: Callable[[], int] = now,
    cost: Cost = Cost(),  # noqa: B008 - frozen
    source: str = "",
) -> Iterator[Desk]:
    """Yield the desk of `policy`, and close all that it opened.

    Args:
        policy: of the service.
        public: whether it is the variant for strangers.
        secure: whether browsers reach it through TLS, which something before it ends.
        hosts: names under which it may be asked for, beside those of this machine.
        secret: what signs forms and the ids of users; by default one that the desk's file has.
        clock: milliseconds since 1970.
        cost: of guessing a password.
        source: the name or the file that the policy was read from, to see that it changed.

    Raises:
        PolicyError: an option is wrong.
        LogError: the policy keeps no log.
        DeskError: the desk's file cannot be used.
    """
    options, log = read_options(policy), open_log(policy)
    kept = Kept()
    try:
        users = Users(
            options.folder, clock, idle=options.idle, longest=options.longest, secret=secret,
            cost=cost,
        )  # fmt: skip
        try:
            yield Desk(
                policy=policy,
                options=options,
                log=log,
                users=users,
                clock=clock,
                public=public,
                secure=secure,
                hosts=frozenset(name.lower() for name in (*LOOPBACK, options.name, *hosts) if name),
                kept=kept,
                source=source,
            )
        finally:
            kept.close()
            users.close()
    finally:
        log.close()
