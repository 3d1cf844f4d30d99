"""What a guard costs a LlamaIndex LLM: per call and per piece, against the bare LLM.

    python bench/llamaindex.py [--rounds 40]

Four LLMs take turns in every round, so that what else the machine does hits all of them alike:
bare, guarded by an empty policy, by a policy with one detector that finds nothing, and by one
that also marks, which makes every piece a new one. Printed are microseconds, least and median of
the rounds, and what is over the bare LLM. The empty policy has limits: 15 µs a call, 1.5 µs a
piece; the exit status is 1 where a guard is over one.
"""

import argparse
import asyncio
import statistics
import sys
import time

from llama_index.core.base.llms.types import ChatMessage, ChatResponse, LLMMetadata
from llama_index.core.llms.callbacks import llm_chat_callback
from llama_index.core.llms.custom import CustomLLM

from chopmark import Chopmark, Policy
from chopmark.testing import SuffixMarker, WordDetector, plugin
from chopmark_llamaindex import guard

CALL_LIMIT, PIECE_LIMIT = 15.0, 1.5
PIECES, CALLS, STREAMS = 400, 60, 3
ASKED = [ChatMessage("a question of some length, as they are asked")]


class Ready(CustomLLM):
    """Hands over objects that are there already: what is measured is not the model."""

    whole: ChatResponse
    pieces: list[ChatResponse]

    @property
    def metadata(self):
        return LLMMetadata(model_name="ready", is_chat_model=True)

    @llm_chat_callback()
    def chat(self, messages, **kwargs):
        return self.whole

    @llm_chat_callback()
    async def achat(self, messages, **kwargs):
        return self.whole

    @llm_chat_callback()
    def stream_chat(self, messages, **kwargs):
        return (piece for piece in self.pieces)

    @llm_chat_callback()
    async def astream_chat(self, messages, **kwargs):
        async def gen():
            for piece in self.pieces:
                yield piece

        return gen()

    def complete(self, prompt, formatted=False, **kwargs):
        raise NotImplementedError

    def stream_complete(self, prompt, formatted=False, **kwargs):
        raise NotImplementedError


def ready():
    pieces, text = [], ""
    for n in range(PIECES):
        delta = f"word{n % 10} "
        text += delta
        message = ChatMessage(role="assistant", content=text)
        pieces.append(ChatResponse(message=message, delta=delta, raw={"n": n}))
    return Ready(whole=pieces[-1], pieces=pieces)


def chops():
    nothing = WordDetector({"~": "deny"})
    marker = SuffixMarker("[AI] ")
    return {
        "empty policy": Chopmark(Policy(name="empty")),
        "one detector": Chopmark(Policy(name="one"), plugins=[plugin(detectors=[nothing])]),
        "and a mark": Chopmark(
            Policy(name="mark"), plugins=[plugin(detectors=[nothing], markers=[marker])]
        ),
    }


def chat(llm):
    for _ in range(CALLS):
        llm.chat(ASKED)
    return CALLS


def stream_chat(llm):
    for _ in range(STREAMS):
        for _ in llm.stream_chat(ASKED):
            pass
    return STREAMS * PIECES


async def achat(llm):
    for _ in range(CALLS):
        await llm.achat(ASKED)
    return CALLS


async def astream_chat(llm):
    for _ in range(STREAMS):
        async for _ in await llm.astream_chat(ASKED):
            pass
    return STREAMS * PIECES


WAYS = {
    "chat, a call": (chat, CALL_LIMIT),
    "achat, a call": (achat, CALL_LIMIT),
    "stream_chat, a piece": (stream_chat, PIECE_LIMIT),
    "astream_chat, a piece": (astream_chat, PIECE_LIMIT),
}


def once(way, llm, loop):
    """Return microseconds a call, or a piece, of one round."""
    began = time.perf_counter()
    done = way(llm)
    if not isinstance(done, int):
        done = loop.run_until_complete(done)
    return (time.perf_counter() - began) / done * 1e6


def main(rounds):
    bare = ready()
    llms = {"bare": bare, **{name: guard(bare, chop) for name, chop in chops().items()}}
    loop = asyncio.new_event_loop()
    passed = True
    print(f"{'':24}{'':14}{'least':>9}{'median':>9}{'over bare':>11}")
    for title, (way, limit) in WAYS.items():
        taken = {name: [] for name in llms}
        for _ in range(rounds):
            for name, llm in llms.items():
                taken[name].append(once(way, llm, loop))
        least = {name: min(times) for name, times in taken.items()}
        for name, times in taken.items():
            over = least[name] - least["bare"]
            note = ""
            if name == "empty policy":
                note = f"  limit {limit:g}" + ("" if over <= limit else "  OVER")
                passed = passed and over <= limit
            print(
                f"{title if name == 'bare' else '':24}{name:14}{least[name]:9.2f}"
                f"{statistics.median(times):9.2f}{over:11.2f}{note}"
            )
    loop.close()
    return 0 if passed else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=40)
    sys.exit(main(parser.parse_args().rounds))
