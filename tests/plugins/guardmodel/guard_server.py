"""A local server that speaks OpenAI's chat completions, and answers as a test says."""

from __future__ import annotations

import json
import math
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

MODEL = "guard"


@dataclass(frozen=True)
class Reply:
    """One answer: bytes in `parts`, sent `pause` seconds apart, the first after `wait`.

    With `chunked` the parts are HTTP chunks; else the length is said before. `broken` drops the
    connection before the last part.
    """

    parts: Sequence[bytes]
    status: int = 200
    wait: float = 0.0
    pause: float = 0.0
    chunked: bool = False
    broken: bool = False


def completion(
    text: str | None, tokens: Sequence[tuple[str, Mapping[str, float]]] = (), **options: Any
) -> Reply:
    """Return a chat completion; `tokens` are texts with the probabilities that stood there."""
    content = [
        {
            "token": token,
            "logprob": math.log(chances[token]),
            "top_logprobs": [{"token": t, "logprob": math.log(p)} for t, p in chances.items()],
        }
        for token, chances in tokens
    ]
    choice = {
        "index": 0,
        "message": {"role": "assistant", "content": text},
        "logprobs": {"content": content} if content else None,
        "finish_reason": "stop",
    }
    body = {"id": "1", "object": "chat.completion", "model": MODEL, "choices": [choice]}
    return Reply([json.dumps(body).encode()], **options)


class _Http(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, address: Any) -> None:
        """Say nothing where a client went away; tell of everything else."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, address)


class GuardServer:
    """Runs in a thread; `reply` makes the answer to a parsed body."""

    def __init__(self) -> None:
        self.http = _Http(("127.0.0.1", 0), _handler(self))
        self.thread = threading.Thread(target=self.http.serve_forever, args=(0.02,), daemon=True)
        self.forget()

    def forget(self) -> None:
        self.bodies: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.connections: set[Any] = set()
        self.closes = False
        self.busy = self.busiest = 0
        self.lock = threading.Lock()
        self.reply: Callable[[dict[str, Any]], Reply] = lambda body: completion("safe")

    def __enter__(self) -> GuardServer:
        self.thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.http.shutdown()
        self.http.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.http.server_address[1]}/v1"

    def says(self, text: str | None, *tokens: tuple[str, Mapping[str, float]]) -> None:
        self.reply = lambda body: completion(text, tokens)

    @property
    def asked(self) -> list[list[tuple[str, str]]]:
        """The conversations that were judged, as (role, content)."""
        return [[(m["role"], m["content"]) for m in body["messages"]] for body in self.bodies]


def _handler(server: GuardServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = 0
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers.get("content-length", 0)))
            if self.path != "/v1/chat/completions":
                self._send(Reply([b"not here"], 404))
                return
            body = json.loads(raw)
            with server.lock:
                server.bodies.append(body)
                server.headers.append({k.lower(): v for k, v in self.headers.items()})
                server.connections.add(self.client_address)
                server.busy += 1
                server.busiest = max(server.busiest, server.busy)
            try:
                self._send(server.reply(body))
            finally:
                with server.lock:
                    server.busy -= 1

        def _send(self, reply: Reply) -> None:
            time.sleep(reply.wait)
            try:
                self.send_response(reply.status)
                self.send_header("content-type", "application/json")
                if reply.chunked:
                    self.send_header("transfer-encoding", "chunked")
                else:
                    self.send_header("content-length", str(sum(map(len, reply.parts))))
                self.end_headers()
                for part in reply.parts[:-1] if reply.broken else reply.parts:
                    self.wfile.write(b"%x\r\n%b\r\n" % (len(part), part) if reply.chunked else part)
                    time.sleep(reply.pause)
                if reply.chunked and not reply.broken:
                    self.wfile.write(b"0\r\n\r\n")
            except OSError:
                self.close_connection = True
            if reply.broken or server.closes:
                self.close_connection = True

        def log_message(self, *parts: object) -> None:
            """Say nothing."""

    return Handler
