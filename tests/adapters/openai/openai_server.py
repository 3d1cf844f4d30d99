"""A local HTTP server that answers by script, chunk by chunk, and notices who leaves early."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import openai

from chopmark_openai._http import module_of

MODULE = module_of(openai.DefaultHttpxClient)
"""The HTTP library of the installed openai."""


@dataclass(frozen=True)
class Answer:
    """One answer: `parts` are sent as HTTP chunks, with `pause` seconds between them.

    `broken` drops the connection after the parts, in the middle of the body.
    """

    parts: Iterable[bytes]
    status: int = 200
    kind: str = "text/event-stream"
    headers: Mapping[str, str] = field(default_factory=dict)
    pause: float = 0.0
    broken: bool = False


def json_answer(body: Any, status: int = 200, **options: Any) -> Answer:
    return Answer([json.dumps(body).encode()], status, "application/json", **options)


class Server:
    """Runs in a thread. `reply` makes the answer to a path and a parsed body."""

    def __init__(self) -> None:
        self.http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.http.daemon_threads = True
        self.thread = threading.Thread(target=self.http.serve_forever, args=(0.02,), daemon=True)
        self.forget()

    def forget(self) -> None:
        self.requests: list[tuple[str, dict[str, str], Any]] = []
        self.left = threading.Event()
        self.asked = threading.Event()
        self.connections: set[Any] = set()
        self.keeps_alive = False
        self.reply: Callable[[str, Any], Answer] = lambda path, body: json_answer({}, 404)

    def __enter__(self) -> Server:
        self.thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.http.shutdown()
        self.http.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.http.server_address[1]}/v1"

    def says(self, answer: Answer) -> None:
        self.reply = lambda path, body: answer

    def client(self, **options: Any) -> openai.OpenAI:
        http = options.pop("http_client", None) or MODULE.Client(verify=False)
        options = {"api_key": "k", "base_url": self.url, "max_retries": 0, **options}
        return openai.OpenAI(http_client=http, **options)

    def aclient(self, **options: Any) -> openai.AsyncOpenAI:
        http = options.pop("http_client", None) or MODULE.AsyncClient(verify=False)
        options = {"api_key": "k", "base_url": self.url, "max_retries": 0, **options}
        return openai.AsyncOpenAI(http_client=http, **options)


def _handler(server: Server) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = 0
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers.get("content-length", 0)))
            try:
                body = json.loads(raw)
            except ValueError:
                body = raw
            server.requests.append(
                (self.path, {name.lower(): value for name, value in self.headers.items()}, body)
            )
            server.connections.add(self.client_address)
            server.asked.set()
            answer = server.reply(self.path, body)
            self.send_response(answer.status)
            self.send_header("content-type", answer.kind)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("transfer-encoding", "chunked")
            if not server.keeps_alive:  # no test leaves a connection behind
                self.send_header("connection", "close")
            self.end_headers()
            try:
                for part in answer.parts:
                    if part:
                        self.wfile.write(b"%x\r\n%b\r\n" % (len(part), part))
                    time.sleep(answer.pause)
                if answer.broken:
                    self.close_connection = True
                    return
                self.wfile.write(b"0\r\n\r\n")
            except OSError:
                self.close_connection = True
                server.left.set()

        do_GET = do_DELETE = do_POST

        def log_message(self, *parts: object) -> None:
            """Say nothing."""

    return Handler
