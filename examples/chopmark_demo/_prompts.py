"""The dozen prompts of the demo, and the answers that are recorded for some of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from typing import Any, Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """A prompt. `model` says who answers it: the `local` model, or the `recorded` answer.

    The English answers are what SmolLM2-135M said, for machines without it; the Chinese ones, the
    tool call and the JSON were written for the demo. `tool` is the call that the recorded model
    makes first. `structured` asks for JSON.
    """

    id: str
    text: str
    language: str
    shows: str
    model: Literal["local", "recorded"]
    answer: str = ""
    structured: bool = False
    tool: Mapping[str, Any] = field(default_factory=dict)


ORDERS: Mapping[str, str] = {
    "A1001": "订单A1001：已揽收，收件人王芳，手机13987654321，预计今天下午送达。",
}


def look_up_order(number: str) -> str:
    """Look up where an order is. `number` is the order number, such as A1001."""
    return ORDERS.get(number, f"没有订单{number}。")


def load_prompts() -> list[Prompt]:
    """Return the prompts, in the order in which they are shown."""
    text = (resources.files(__package__) / "prompts.json").read_text("utf-8")
    return [Prompt(**entry) for entry in json.loads(text)]
