"""An OpenAI endpoint in memory: a transport that answers the client with given chunks."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

from texts import PROMPT


class Endpoint:
    """What the client is pointed at; `text` or `chunks` are the next answer."""

    def __init__(self) -> None:
        try:
            import httpx2 as httpx  # openai 3
        except ImportError:
            import httpx
        self._httpx = httpx
        self.text = ""
        self.chunks: AsyncIterator[str] | None = None

    def options(self) -> dict[str, Any]:
        """Return the options of a client that asks this endpoint."""
        transport = self._httpx.MockTransport(self._answer)
        client = self._httpx.AsyncClient(transport=transport)
        return {"api_key": "none", "base_url": "http://stub/v1", "http_client": client}

    async def _answer(self, request: Any) -> Any:
        if not json.loads(request.content).get("stream"):
            message = {"role": "assistant", "content": self.text}
            return self._httpx.Response(200, json=_piece("chat.completion", "stop", message))
        headers = {"content-type": "text/event-stream"}
        return self._httpx.Response(200, headers=headers, content=self._events())

    async def _events(self) -> AsyncIterator[bytes]:
        assert self.chunks is not None
        async for chunk in self.chunks:
            yield _event(_piece("chat.completion.chunk", None, delta={"content": chunk}))
        yield _event(_piece("chat.completion.chunk", "stop", delta={}))
        yield b"data: [DONE]\n\n"


class Asker:
    """Asks `client` for the answers of `endpoint`."""

    def __init__(self, endpoint: Endpoint, client: Any) -> None:
        self.endpoint, self.client = endpoint, client

    async def ask(self, text: str) -> str:
        self.endpoint.text = text
        answer = await self.client.chat.completions.create(model="stub", messages=_asked())
        return answer.choices[0].message.content

    async def ask_stream(self, chunks: AsyncIterator[str]) -> AsyncIterator[str]:
        self.endpoint.chunks = chunks
        create = self.client.chat.completions.create
        pieces = await create(model="stub", messages=_asked(), stream=True)
        async for piece in pieces:
            if piece.choices:
                yield piece.choices[0].delta.content or ""


def _piece(kind: str, end: str | None, message: Any = None, *, delta: Any = None) -> Any:
    said = {"message": message} if delta is None else {"delta": delta}
    choice = {"index": 0, "finish_reason": end, **said}
    return {"id": "1", "object": kind, "created": 1, "model": "stub", "choices": [choice]}


def _event(data: Any) -> bytes:
    return f"data: {json.dumps(data, ensure_ascii=False)}\n\n".encode()


def _asked() -> list[dict[str, str]]:
    return [{"role": "user", "content": PROMPT}]
