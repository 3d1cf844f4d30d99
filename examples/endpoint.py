"""A FastAPI endpoint that streams guarded answers as server-sent events, stricter for minors.

Every event is JSON; the first and the last one hold the AIGC block of GB 45438-2025 where PRODUCER,
your 27-position provider code or your name, is set.

pip install 'chopmark[openai]' fastapi uvicorn
OPENAI_API_KEY=... MODEL=gpt-4o-mini uvicorn --app-dir examples endpoint:app
curl -N 'localhost:8000/chat?question=Hello&minor=true'
"""

import os
from collections.abc import AsyncIterator
from dataclasses import replace

from fastapi import FastAPI
from fastapi.responses import StreamingResponse
from openai import AsyncOpenAI

from chopmark import Chopmark, calling, load_policy
from chopmark.sse import aevents
from chopmark_openai import guard

policy = load_policy("cn")
if producer := os.environ.get("PRODUCER"):
    label = {**policy.options("label"), "producer": producer}
    policy = replace(policy, settings={**policy.settings, "label": label})

app = FastAPI()
client = guard(AsyncOpenAI(), Chopmark(policy))


async def answer(question: str, minor: bool) -> AsyncIterator[str]:
    """Ask the model, and yield its answer."""
    with calling(audience="minor" if minor else "", user="from-your-session"):
        stream = await client.chat.completions.create(
            model=os.environ["MODEL"],
            messages=[{"role": "user", "content": question}],
            stream=True,
        )
    async for chunk in stream:
        if chunk.choices and chunk.choices[0].delta.content:
            yield chunk.choices[0].delta.content


@app.get("/chat")
async def chat(question: str, minor: bool = False) -> StreamingResponse:
    """Answer a question; a block is an event of its own, so that the page can say so."""
    return StreamingResponse(aevents(answer(question, minor)), media_type="text/event-stream")
