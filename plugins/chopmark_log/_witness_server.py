"""Serves a witness over HTTP: `POST /add-checkpoint`, and `/add-handover` of a log's new key."""

from __future__ import annotations

import logging
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import BaseServer
from typing import Any

from chopmark import LogError

from ._witness import ADD_CHECKPOINT, ADD_HANDOVER, TEXT_TYPE, Refusal
from ._witness_state import Witness

MOST_BYTES = 256 * 1024
"""Of a body: a proof of 63 hashes, and a note with 64 signatures, the longest ones."""
MOST_CONNECTIONS = 64
_logger = logging.getLogger("chopmark")


class WitnessServer(ThreadingHTTPServer):
    """Answers for `witness` at `address`, a host and a port (0 takes a free one)."""

    daemon_threads = True

    def __init__(self, witness: Witness, address: tuple[str, int]) -> None:
        self.witness = witness
        self._places = threading.BoundedSemaphore(MOST_CONNECTIONS)
        super().__init__(address, _Handler)

    @property
    def url(self) -> str:
        """The submission prefix, for the logs' `url`."""
        host, port = self.server_address[:2]
        return f"http://{host!s}:{port}"

    def process_request(self, request: Any, client_address: Any) -> None:
        """Answer in a thread of its own, as soon as fewer than `MOST_CONNECTIONS` are open."""
        self._places.acquire()
        try:
            super().process_request(request, client_address)
        except BaseException:
            self._places.release()
            raise

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Answer, and make room for another."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._places.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Tell of a connection that broke, in a line."""
        _logger.info("witness: the connection to %s broke", client_address[0], exc_info=True)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 10  # seconds that a client may be silent
    server_version, sys_version = "chopmark-witness", ""

    def __init__(self, request: Any, client_address: Any, server: BaseServer) -> None:
        assert isinstance(server, WitnessServer)
        self._witness = server.witness
        super().__init__(request, client_address, server)

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdigit()) or int(length[:12]) > MOST_BYTES:
            self.close_connection = True  # what follows would be read as another request
            status = 413 if length.isascii() and length.isdigit() else 411
            self._reply(status, f"say by Content-Length how long it is, at most {MOST_BYTES}\n")
            return
        data = self.rfile.read(int(length))
        if len(data) != int(length):
            self.close_connection = True
            return
        what = self.path.partition("?")[0]
        if what not in (f"/{ADD_CHECKPOINT}", f"/{ADD_HANDOVER}"):
            self._reply(404, f"a witness takes POST /{ADD_CHECKPOINT}\n")
            return
        try:
            if what == f"/{ADD_HANDOVER}":
                found = self._witness.hand_over(data) or "known\n"
            else:
                found = self._witness.answer(data)
        except LogError as error:
            _logger.error("witness: %s", error)
            self._reply(500, "the witness cannot answer now\n")
            return
        if isinstance(found, Refusal):
            level = logging.ERROR if found.contradicts else logging.INFO
            _logger.log(level, "witness: %s %s", found.status, _first(data, found))
            self._reply(found.status, found.body, found.type)
        else:
            self._reply(200, found)

    def _reply(self, status: int, body: str, type: str = TEXT_TYPE) -> None:
        data = body.encode()
        self.send_response(status)
        self.send_header("Content-Type", type)
        self.send_header("Content-Length", str(len(data)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:
        _logger.debug("witness: %s", format % args)


def _first(data: bytes, refusal: Refusal) -> str:
    """Say in a line who was refused, and why; what a stranger wrote is shown escaped."""
    origin = data.partition(b"\n\n")[2].partition(b"\n")[0][:80]
    why = "two heads of one size, both signed" if refusal.contradicts else refusal.body.strip()
    return f"{origin!r}: {why}"
