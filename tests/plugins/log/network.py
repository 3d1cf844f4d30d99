"""A network between clients and a Postgres server, which loses, keeps back or breaks at will."""

from __future__ import annotations

import contextlib
import select
import socket
import struct
import threading
from collections.abc import Callable, Iterator, Sequence

from tests.plugins.log.postgres import Server

THERE, BACK = "there", "back"
BOTH = (THERE, BACK)
Break = Callable[[str, bytes], "int | None"]
"""Says of what goes one way how much of it arrives before the connection is reset, if it is."""
_LOOK = 0.02  # seconds between two looks whether a way is open again
_RESET = struct.pack("ii", 1, 0)  # of SO_LINGER: no word is waited for, and RST is sent


class Network:
    """TCP on this machine to the Unix socket of `server`."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._lost: Sequence[str] = ()
        self._kept: Sequence[str] = ()
        self._break: Break = lambda way, data: None
        self._over = threading.Event()
        self._door = socket.create_server(("127.0.0.1", 0))
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def url(self, store: str) -> str:
        """Return the address of the database `store` by this network."""
        base = store.split("/")[3].split("?")[0]
        return f"postgresql://postgres@127.0.0.1:{self._door.getsockname()[1]}/{base}"

    @contextlib.contextmanager
    def losing(self, ways: Sequence[str] = BOTH) -> Iterator[None]:
        """Lose what is sent while the block runs. Who lost something hears nothing any more, and no
        end either, as behind a router that forgot the connection."""
        self._lost = ways
        try:
            yield
        finally:
            self._lost = ()

    @contextlib.contextmanager
    def keeping(self, ways: Sequence[str] = BOTH) -> Iterator[None]:
        """Have what is sent while the block runs arrive at its end, as TCP sends it again."""
        self._kept = ways
        try:
            yield
        finally:
            self._kept = ()

    @contextlib.contextmanager
    def breaking(self, where: Break) -> Iterator[None]:
        """Reset connections where `where` says so while the block runs."""
        before, self._break = self._break, where
        try:
            yield
        finally:
            self._break = before

    def close(self) -> None:
        self._over.set()
        for one in self._threads:  # the first of them adds no more when it has ended
            one.join()
        self._door.close()

    def _accept(self) -> None:
        while not self._over.is_set():
            if select.select([self._door], [], [], _LOOK)[0]:
                client, _ = self._door.accept()
                self._threads.append(threading.Thread(target=self._carry, args=(client,)))
                self._threads[-1].start()

    def _carry(self, client: socket.socket) -> None:
        with client, socket.socket(socket.AF_UNIX) as server:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            with contextlib.suppress(OSError):  # one of them ended it, and the other hears that
                server.connect(str(self._server.folder / ".s.PGSQL.5432"))
                self._carry_between(client, server)

    def _carry_between(self, client: socket.socket, server: socket.socket) -> None:
        ends = {client: (THERE, server), server: (BACK, client)}
        is_dead = False
        while not self._over.is_set():
            open_now = [one for one, (way, _) in ends.items() if way not in self._kept]
            for source in select.select(open_now, [], [], _LOOK)[0]:
                way, target = ends[source]
                data = source.recv(1 << 16)
                is_dead = is_dead or way in self._lost
                if is_dead:
                    if not data:
                        del ends[source]
                    continue
                if not data:
                    return
                arrives = self._break(way, data)
                target.sendall(data[:arrives])
                if arrives is not None:
                    return
