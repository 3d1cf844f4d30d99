"""What a guard costs a LangChain model: per call and per chunk, against the bare model.

    python bench/langchain.py [--rounds 40]

Four models take turns in every round, so that what else the machine does hits all of them alike:
bare, guarded by an empty policy, by a policy with one detector that finds nothing, and by one
that also marks, so that the first chunk is a new one. Printed are microseconds, least and median
of the rounds, and what is over the bare model, as a difference and as a ratio of the medians. The
empty policy has limits: 15 µs a call, 1.5 µs a chunk; the exit status is 1 where a guard is over
one. A call makes a `CallbackManager` and more of core's, which is most of what a bare one costs.
"""

import argparse
import asyncio
import statistics
import sys
import time
from pathlib import Path

# Else `import langchain`, from wherever it comes, would find this file.
sys.path = [entry for entry in sys.path if Path(entry).resolve() != Path(__file__).parent]

from langchain_core.language_models import BaseChatModel  # noqa: E402
from langchain_core.messages import AIMessage, AIMessageChunk, HumanMessage  # noqa: E402
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult  # noqa: E402

from chopmark import Chopmark, Policy  # noqa: E402
from chopmark.testing import SuffixMarker, WordDetector, plugin  # noqa: E402
from chopmark_langchain import guard  # noqa: E402

CALL_LIMIT, CHUNK_LIMIT = 15.0, 1.5
CHUNKS, CALLS, STREAMS = 400, 60, 3
ASKED = [HumanMessage("a question of some length, as they are asked")]


class Ready(BaseChatModel):
    """Answers without a model: what is measured is what stands around one."""

    @property
    def _llm_type(self):
        return "ready"

    def _generate(self, messages, stop=None, run_manager=None, **kwargs):
        message = AIMessage(content="an answer that is there already")
        return ChatResult(generations=[ChatGeneration(message=message)])

    async def _agenerate(self, messages, stop=None, run_manager=None, **kwargs):
        return self._generate(messages)

    def _stream(self, messages, stop=None, run_manager=None, **kwargs):
        for n in range(CHUNKS):
            yield ChatGenerationChunk(message=AIMessageChunk(content=f"word{n % 10} "))

    async def _astream(self, messages, stop=None, run_manager=None, **kwargs):
        for chunk in self._stream(messages):
            yield chunk


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


def invoke(model):
    for _ in range(CALLS):
        model.invoke(ASKED)
    return CALLS


def stream(model):
    for _ in range(STREAMS):
        for _ in model.stream(ASKED):
            pass
    return STREAMS * CHUNKS


async def ainvoke(model):
    for _ in range(CALLS):
        await model.ainvoke(ASKED)
    return CALLS


async def astream(model):
    for _ in range(STREAMS):
        async for _ in model.astream(ASKED):
            pass
    return STREAMS * CHUNKS


WAYS = {
    "invoke, a call": (invoke, CALL_LIMIT),
    "ainvoke, a call": (ainvoke, CALL_LIMIT),
    "stream, a chunk": (stream, CHUNK_LIMIT),
    "astream, a chunk": (astream, CHUNK_LIMIT),
}


def once(way, model, loop):
    """Return microseconds a call, or a chunk, of one round."""
    began = time.perf_counter()
    done = way(model)
    if not isinstance(done, int):
        done = loop.run_until_complete(done)
    return (time.perf_counter() - began) / done * 1e6


def main(rounds):
    bare = Ready()
    models = {"bare": bare, **{name: guard(bare, chop) for name, chop in chops().items()}}
    loop = asyncio.new_event_loop()
    passed = True
    print(f"{'':20}{'':14}{'least':>9}{'median':>9}{'over bare':>11}{'ratio':>8}")
    for title, (way, limit) in WAYS.items():
        taken = {name: [] for name in models}
        for n in range(rounds + 3):
            for name, model in models.items():
                spent = once(way, model, loop)
                if n >= 3:  # the first rounds warm up
                    taken[name].append(spent)
        for name, spent in taken.items():
            pairs = zip(spent, taken["bare"], strict=True)
            over = statistics.median(mine - its for mine, its in pairs)
            ratio = statistics.median(spent) / statistics.median(taken["bare"])
            told = ""
            if name == "empty policy":
                passed = passed and over <= limit
                told = f"   limit {limit:g}: {'held' if over <= limit else 'EXCEEDED'}"
            print(
                f"{title:20}{name:14}{min(spent):9.2f}{statistics.median(spent):9.2f}"
                f"{over:11.2f}{ratio:8.2f}{told}"
            )
    loop.close()
    return 0 if passed else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=40)
    sys.exit(main(parser.parse_args().rounds))
