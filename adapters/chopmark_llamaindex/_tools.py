"""Screens what tools bring back: text from outside that a model is about to read."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

from llama_index.core.base.llms.types import TextBlock
from llama_index.core.tools.types import AsyncBaseTool, BaseTool, ToolOutput

from chopmark import Chopmark, RequestError, Screening

from ._binding import a_chopmark

if TYPE_CHECKING:
    _Own = AsyncBaseTool
else:
    _Own = object

T = TypeVar("T", bound=BaseTool)
_ROLE = "tool"


def guard_tool(tool: T, chop: Chopmark, *, audience: str = "") -> T:
    """Return a copy of `tool` whose outputs are screened as untrusted input.

    It is of a subclass of the tool's own class. What the policy denies becomes an output that
    says so (`is_error`), so that an agent can go on; a guarded LLM that is given a denied output
    as it is would refuse the whole call. Where a text was changed, `raw_output` is that text.

    Raises:
        RequestError: `tool` is no tool of LlamaIndex.
        TypeError: `chop` is no `Chopmark`.
    """
    if not isinstance(tool, BaseTool):
        raise RequestError(
            f"guard_tool() takes a tool of LlamaIndex, not {type(tool).__name__}; make one with "
            "FunctionTool.from_defaults(function)"
        )
    kind: Any = type(tool)
    if not isinstance(tool, _GuardedTool):
        kind = _guarded_class(kind)
    guarded: T = kind.__new__(kind)
    guarded.__dict__.update(vars(tool), _chopmark=(a_chopmark(chop), audience))
    return guarded


class _GuardedTool(_Own):
    """What stands before the tool's own class. A sync tool has only `__call__`."""

    _chopmark: tuple[Chopmark, str]

    def __call__(self, *args: Any, **kwargs: Any) -> ToolOutput:
        output = super().__call__(*args, **kwargs)
        return output if isinstance(self, AsyncBaseTool) else self._screened(output)

    def _screened(self, output: ToolOutput) -> ToolOutput:
        chop, audience = self._chopmark
        found = [chop.screen(t, audience=audience, role=_ROLE) for t in _texts(output)]
        return _put(output, found)


class _GuardedAsyncTool(_GuardedTool):
    def call(self, *args: Any, **kwargs: Any) -> ToolOutput:
        """Run the tool, and screen what it brings back."""
        return self._screened(super().call(*args, **kwargs))  # type: ignore[safe-super]

    async def acall(self, *args: Any, **kwargs: Any) -> ToolOutput:
        """Run the tool, and screen what it brings back."""
        output = await super().acall(*args, **kwargs)  # type: ignore[safe-super]
        chop, audience = self._chopmark
        found = [await chop.ascreen(t, audience=audience, role=_ROLE) for t in _texts(output)]
        return _put(output, found)


@lru_cache(maxsize=256)
def _guarded_class(own: Any) -> type:
    front = _GuardedAsyncTool if issubclass(own, AsyncBaseTool) else _GuardedTool
    namespace = {"__module__": own.__module__, "__doc__": own.__doc__}
    guarded: type = type(own)(f"Guarded{own.__name__}", (front, own), namespace)
    return guarded


def _texts(output: ToolOutput) -> list[str]:
    return [block.text for block in output.blocks if isinstance(block, TextBlock)]


def _put(output: ToolOutput, found: list[Screening]) -> ToolOutput:
    for screening in found:
        if screening.action in ("block", "escalate"):
            return ToolOutput(
                content=screening.refusal,
                tool_name=output.tool_name,
                raw_input=output.raw_input,
                raw_output=screening.refusal,
                is_error=True,
            )
    if [screening.text for screening in found] == _texts(output):
        return output
    texts = iter(screening.text for screening in found)
    blocks = [
        b.model_copy(update={"text": next(texts)}) if isinstance(b, TextBlock) else b
        for b in output.blocks
    ]
    shown = "\n".join(screening.text for screening in found)
    return output.model_copy(update={"blocks": blocks, "raw_output": shown})
