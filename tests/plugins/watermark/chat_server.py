"""A server on this machine that speaks OpenAI's chat protocol, and keeps what it was asked."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

HEAD = {"id": "c", "created": 1, "model": "m"}


class ChatServer(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[dict[str, Any]] = []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/v1"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: ChatServer

    def log_message(self, *args: object) -> None:
        pass

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append(body)
        if body.get("stream"):
            pieces: list[dict[str, Any]] = [
                {"delta": {"role": "assistant", "content": "It is "}, "finish_reason": None},
                {"delta": {"content": "so."}, "finish_reason": None},
                {"delta": {}, "finish_reason": "stop"},
            ]
            events = [
                {**HEAD, "object": "chat.completion.chunk", "choices": [{"index": 0, **piece}]}
                for piece in pieces
            ]
            text = "".join(f"data: {json.dumps(event)}\n\n" for event in events)
            self._send("text/event-stream", text + "data: [DONE]\n\n")
        else:
            message = {"role": "assistant", "content": "It is so."}
            choice = {"index": 0, "message": message, "finish_reason": "stop"}
            whole = {**HEAD, "object": "chat.completion", "choices": [choice]}
            self._send("application/json", json.dumps(whole))

    def _send(self, kind: str, text: str) -> None:
        data = text.encode()
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
