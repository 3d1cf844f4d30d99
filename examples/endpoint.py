"""A FastAPI endpoint that streams guarded answers as server-sent events, stricter for minors.

OPENAI_API_KEY=... MODEL=gpt-4o-mini uvicorn --app-dir examples endpoint:app
curl -N 'localhost:8000/chat?question=Hello&minor=true'
"""

import json
import os
from collections.abc import AsyncIterator

from fastapi import FastAPI
from fastapi.responses import StreamingResponse
from openai import AsyncOpenAI

from chopmark import Chopmark, PolicyBlocked, calling
from chopmark_openai import guard

app = FastAPI()
client = guard(AsyncOpenAI(), Chopmark(policy="cn"))


async def events(question: str, minor: bool) -> AsyncIterator[str]:
    """Yield the answer; a block is an event of its own, so that the page can say so."""
    try:
        with calling(audience="minor" if minor else "", user="from-your-session"):
            stream = await client.chat.completions.create(
                model=os.environ["MODEL"],
                messages=[{"role": "user", "content": question}],
                stream=True,
            )
        async for chunk in stream:
            if chunk.choices and chunk.choices[0].delta.content:
                yield event("text", chunk.choices[0].delta.content)
        yield event("end", "")
    except PolicyBlocked as blocked:
        yield event("blocked", str(blocked))


def event(kind: str, text: str) -> str:
    """Return one server-sent event."""
    return f"event: {kind}\ndata: {json.dumps(text, ensure_ascii=False)}\n\n"


@app.get("/chat")
async def chat(question: str, minor: bool = False) -> StreamingResponse:
    """Answer a question."""
    return StreamingResponse(events(question, minor), media_type="text/event-stream")
