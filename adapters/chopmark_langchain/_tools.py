"""`guard_tool`: a tool of the user's own class whose results were screened when it ends.

LangChain tells callbacks and streams of a result in `BaseTool.run`, right behind `_run`, and an
agent's middleware gets it after that: so what `_run` returns, or raises, is screened.
"""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from functools import lru_cache, wraps
from typing import Any, TypeVar

from langchain_core.messages import ToolMessage
from langchain_core.tools import BaseTool, ToolException

from chopmark import Chopmark, PolicyBlocked, RequestError

from ._guarding import Done, Guarding, Swapped, class_of, subclass, swapped
from ._tool_deltas import Held
from ._tool_results import Results, current_run, is_output, running, screens

T = TypeVar("T", bound=BaseTool)


def guard_tool(tool: T, chop: Chopmark, *, on_response: Done | None = None) -> T:
    """Return a copy of `tool` whose results are screened as untrusted input.

    It is of a subclass of the tool's own class. What the policy denies becomes the refusal text,
    in a message with `status="error"` and without its artifact, so that an agent can go on; a
    guarded model that is given a denied result as it is would refuse the whole call. An error
    whose text the policy denies or changes is raised as a `ToolException` with what is left of
    it; its `__context__` is the tool's own. Callbacks, tracers and streams are told of nothing
    else: `stream_mode="tools"`, `on_tool_end`, events of every version.

    What a tool sends with `runtime.emit_output_delta` is held until it ends, and screened then.

    Not screened: the artifact of a result that is not denied; fields of a `Command` other than
    `messages`; what the tool sends by itself past its result, such as `get_stream_writer()`,
    custom events, and calls of models and other tools in it, which have their own guards.

    `ChopmarkMiddleware` does this for every tool of an agent.

    Args:
        tool: a tool of LangChain.
        chop: the policy. Its `roles` says whether tools are screened at all.
        on_response: told how the screening of each result ended.

    Raises:
        RequestError: `tool` is no tool of LangChain.
        TypeError: `chop` is no `Chopmark`.
    """
    guarding = Guarding(chop, "raise", on_response)
    if not isinstance(tool, BaseTool):
        raise RequestError(
            f"guard_tool() takes a tool of LangChain, not {type(tool).__name__}; make one with "
            "langchain_core.tools.tool(function)"
        )
    return guarded_tool(tool, guarding)  # type: ignore[no-any-return]


def guarded_tool(tool: Any, guarding: Guarding) -> Any:
    """Return `tool` guarded; the same one where this policy guards it already."""
    if isinstance(tool, GuardedTool):
        before = tool._chopmark
        if before.chop is guarding.chop:
            same = before.on_response == guarding.on_response or guarding.on_response is None
            return tool if same else guarded_tool(swapped(tool, tool._chopmark_bare), guarding)
    return swapped(tool, _guarded_class(class_of(tool), guarding))


class GuardedTool(Swapped):
    """What a guarded tool can do beside what its own class can."""

    @staticmethod
    def _chopmark_again(bare: Any, guarding: Guarding) -> Any:
        return guarded_tool(bare, guarding)

    @classmethod
    def is_lc_serializable(cls) -> bool:
        """Return False: a tool that is loaded from JSON would come back without its guard."""
        return False

    def run(self, *args: Any, **kwargs: Any) -> Any:
        """Run the tool. What did not come by `_run` is screened here, such as handled errors."""
        own: Any = self
        guarding = self._chopmark
        with running(kwargs.get("tool_call_id")) as now:
            output = super().run(*args, **kwargs)  # type: ignore[misc]
            if not screens(guarding):
                return output
            return Results(guarding, now, own.name).screened(output)

    async def arun(self, *args: Any, **kwargs: Any) -> Any:
        """Run the tool. What did not come by `_arun` is screened here, such as handled errors."""
        own: Any = self
        guarding = self._chopmark
        with running(kwargs.get("tool_call_id")) as now:
            output = await super().arun(*args, **kwargs)  # type: ignore[misc]
            if not screens(guarding):
                return output
            return await Results(guarding, now, own.name).ascreened(output)


@lru_cache(maxsize=256)
def _guarded_class(cls: Any, guarding: Guarding) -> type:
    methods: dict[str, Any] = {"_run": _run(cls._run, guarding)}
    if cls._arun is not BaseTool._arun:  # core asks whether a tool is async of its own
        methods["_arun"] = _arun(cls._arun, guarding)
    return subclass(cls, GuardedTool, guarding, methods)


def _run(base: Callable[..., Any], guarding: Guarding) -> Callable[..., Any]:
    @wraps(base)
    def run(self: Any, *args: Any, **kwargs: Any) -> Any:
        if not screens(guarding):
            return base(self, *args, **kwargs)
        results = Results(guarding, current_run(), self.name)
        held = Held(guarding.chop)
        try:
            result = base(self, *args, **held.in_place(kwargs))
        except Exception as error:
            held.release()
            if not _says_something(error):
                raise
            new = results.screened(_as_message(error))
            if new.content == str(error):
                raise
            raise ToolException(new.content) from None
        held.release()
        content, rest = _split(self, result)
        return _joined(content, results.screened(content), rest)

    return run


def _arun(base: Callable[..., Awaitable[Any]], guarding: Guarding) -> Callable[..., Any]:
    @wraps(base)
    async def arun(self: Any, *args: Any, **kwargs: Any) -> Any:
        if not screens(guarding):
            return await base(self, *args, **kwargs)
        results = Results(guarding, current_run(), self.name)
        held = Held(guarding.chop)
        try:
            result = await base(self, *args, **held.in_place(kwargs))
        except Exception as error:
            await held.arelease()
            if not _says_something(error):
                raise
            new = await results.ascreened(_as_message(error))
            if new.content == str(error):
                raise
            raise ToolException(new.content) from None
        await held.arelease()
        content, rest = _split(self, result)
        return _joined(content, await results.ascreened(content), rest)

    return arun


def _split(tool: Any, result: Any) -> tuple[Any, tuple[Any, ...]]:
    """Return what a model reads of a result, and the artifact where there is to be one."""
    pair = isinstance(result, tuple) and len(result) == 2
    if pair and tool.response_format == "content_and_artifact":
        return result[0], (result[1],)
    return result, ()


def _joined(content: Any, new: Any, artifact: tuple[Any, ...]) -> Any:
    if not artifact:
        return new
    denied = is_output(new) and not is_output(content)
    return (new, None if denied else artifact[0])


def _as_message(error: Exception) -> ToolMessage:
    return ToolMessage(str(error), tool_call_id=current_run().call_id or "")


def _says_something(error: Exception) -> bool:
    """Return whether the text of an error is what a tool brought in.

    A pause of the graph is no failure, a wrong answer to one is the user's, and a block of a
    guarded model in the tool says the refusal.
    """
    if isinstance(error, PolicyBlocked) or not str(error):
        return False
    errors = sys.modules.get("langgraph.errors")
    if errors is None:
        return True
    invalid = getattr(errors, "is_invalid_resume", None)
    return not (isinstance(error, errors.GraphBubbleUp) or (invalid and invalid(error)))
