"""What a guarded LLM carries beside its own fields, and how it is found again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from chopmark import Chopmark, OnBlock, RequestError, Response

PRIVATE = "_chopmark"
Done = Callable[[Response], None]
"""Told how a call ended."""


@dataclass(frozen=True, slots=True)
class Binding:
    """By which policy an LLM is guarded. Shared by its copies, deep ones too."""

    chop: Chopmark
    on_block: OnBlock
    on_response: Done | None

    def __deepcopy__(self, memo: object) -> Binding:
        return self

    @property
    def options(self) -> dict[str, Any]:
        """The options of a call."""
        return {"on_block": self.on_block, "done": self.on_response}


def a_chopmark(chop: Chopmark) -> Chopmark:
    """Return `chop`; raise `TypeError` where it is something else, such as a policy's name."""
    if not isinstance(chop, Chopmark):
        raise TypeError(
            f'a Chopmark is needed, not {type(chop).__name__}; make one: Chopmark(policy="cn")'
        )
    return chop


def binding_of(llm: Any) -> Binding:
    """Return the binding of a guarded `llm`.

    Raises:
        RequestError: the object was not made by `guard`, so it has none.
    """
    binding = (llm.__pydantic_private__ or {}).get(PRIVATE)
    if not isinstance(binding, Binding):
        raise RequestError(
            f"this {type(llm).__name__} was built from a guarded class, without a policy; build "
            "the bare class and call guard() on it"
        )
    return binding
