"""Serves a desk until it is told to stop."""

from __future__ import annotations

import errno
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import uvicorn

from ._app import make_app
from ._desk import LOOPBACK, Desk
from ._errors import DeskError
from ._known import begin_reading
from ._noting import begin_noting

_CURES = {
    errno.EADDRINUSE: "choose another --port, or stop what listens there",
    errno.EACCES: "choose a --port from 1024 on, or let the process use lower ones",
}


def check_address(host: str, behind_proxy: bool, name: str) -> None:
    """Raise `DeskError` where others could reach the desk without TLS, or not by its name."""
    if host not in LOOPBACK and not behind_proxy:
        raise DeskError(
            f"at {host!r} others reach the desk, and passwords would go there in the open; put a "
            "proxy that ends TLS before it and say so, --behind-proxy, or leave --host out"
        )
    if behind_proxy and not name:
        raise DeskError(
            "behind a proxy browsers ask for a name, and other names get no page; write it under "
            '[settings.desk], such as name = "desk.example.org"'
        )


def serve(
    desk: Desk, host: str, port: int, proxies: tuple[str, ...], ready: Callable[[str], None]
) -> None:
    """Answer at `host` and `port` until SIGINT or SIGTERM; what is being answered is finished.

    Args:
        desk: that is served.
        host: the address to listen at.
        port: 0 for any that is free.
        proxies: addresses whose word is taken for who asks; none where there is no proxy.
        ready: told the address once it listens.

    Raises:
        DeskError: the address cannot be used.
    """
    config = uvicorn.Config(
        make_app(desk),
        log_level="warning",
        access_log=False,  # it would hold what people searched for
        server_header=False,
        proxy_headers=bool(proxies),
        forwarded_allow_ips=list(proxies),
        limit_concurrency=200,
        timeout_graceful_shutdown=5,
        lifespan="off",
    )
    with _ending(), suppress(KeyboardInterrupt), _listening(host, port) as listening:
        name, number = listening.getsockname()[:2]
        if not desk.public:
            begin_reading(desk)  # so that the figures are there when somebody has logged in
            begin_noting(desk)
        ready(f"http://{f'[{name}]' if ':' in name else name}:{number}/")
        uvicorn.Server(config).run(sockets=[listening])


@contextmanager
def _ending() -> Iterator[None]:
    """Let SIGTERM be what Ctrl-C is: uvicorn raises it again once nobody is answered any more."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _listening(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        host.encode("ascii" if host.isascii() else "idna")
        return socket.create_server((host, port), family=family)
    except (OSError, UnicodeError) as error:
        what, cure = "no name of a host", "write --host with an address of this machine"
        if isinstance(error, OSError):
            what = (error.strerror or str(error)).partition(" (")[0]  # it says the address again
            cure = _CURES.get(error.errno or 0, cure)
        raise DeskError(f"cannot listen at {host!r}, port {port}: {what}; {cure}") from error
