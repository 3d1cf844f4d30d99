"""Guards an agent of `langchain.agents.create_agent`: its model, and what its tools bring in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from langchain_core.messages import ToolMessage

from chopmark import Chopmark, OnBlock

from ._guard import guard
from ._guarding import Done, Guarding
from ._tool_results import Results, Running, running, screens
from ._tools import guarded_tool

try:
    from langchain.agents.middleware import AgentMiddleware, ModelRequest, ModelResponse
    from langgraph.prebuilt.tool_node import ToolCallRequest
    from langgraph.types import Command
except ModuleNotFoundError as error:
    raise ImportError(
        f"ChopmarkMiddleware needs the package langchain ({error.name} is missing); install it "
        "with `pip install 'langchain>=1.5,<2'`"
    ) from error


class ChopmarkMiddleware(AgentMiddleware[Any, Any, Any]):
    """Guards the model of an agent, and screens what its tools return.

    agent = create_agent(model, tools, middleware=[ChopmarkMiddleware(chop)])

    The model is swapped for a guarded one, so answers are screened in every stream mode, tool
    calls and structured answers among them. What a tool returns is untrusted input: where it is
    denied, the model gets the refusal text and `status="error"` in its place, and where
    something in it was replaced, the replaced text. A tool result that was screened leaves a
    record of its own, with the adapter `langchain.tool`. The policy's `roles` says whether
    tools are screened at all.

    Each tool is run as `guard_tool` would have it, so callbacks, events and `stream_mode="tools"`
    are told of the screened result, and of no other. What `guard_tool` says is not screened is
    not screened here: artifacts of results that are not denied, other fields of a `Command`, and
    what a tool sends by itself past its result, as with `get_stream_writer()`.

    In a graph that is made by hand, guard the model with `guard`, and give the tool node the
    methods: `ToolNode(tools, wrap_tool_call=screening.wrap_tool_call,
    awrap_tool_call=screening.awrap_tool_call)`.

    **Put it last in the list.** Middleware behind it runs inside it: a `ModelFallbackMiddleware`
    there would give a blocked prompt to a model that is not guarded. With the fallback before
    it, every model of the fallback is guarded.
    """

    def __init__(
        self,
        chop: Chopmark,
        *,
        on_block: OnBlock = "raise",
        on_response: Done | None = None,
    ) -> None:
        super().__init__()
        self._guarding = Guarding(chop, on_block, on_response)

    def wrap_model_call(
        self, request: ModelRequest[Any], handler: Callable[[ModelRequest[Any]], ModelResponse[Any]]
    ) -> ModelResponse[Any]:
        """Ask the guarded model."""
        return handler(self._swapped(request))

    async def awrap_model_call(
        self,
        request: ModelRequest[Any],
        handler: Callable[[ModelRequest[Any]], Awaitable[ModelResponse[Any]]],
    ) -> ModelResponse[Any]:
        """Ask the guarded model."""
        return await handler(self._swapped(request))

    def wrap_tool_call(
        self,
        request: ToolCallRequest,
        handler: Callable[[ToolCallRequest], ToolMessage | Command[Any]],
    ) -> ToolMessage | Command[Any]:
        """Run the tool, and screen what it returns."""
        if not screens(self._guarding):
            return handler(request)
        with running() as now:
            result = handler(self._guarded(request))
            return self._results(request, now).screened(result)  # type: ignore[no-any-return]

    async def awrap_tool_call(
        self,
        request: ToolCallRequest,
        handler: Callable[[ToolCallRequest], Awaitable[ToolMessage | Command[Any]]],
    ) -> ToolMessage | Command[Any]:
        """Run the tool, and screen what it returns."""
        if not screens(self._guarding):
            return await handler(request)
        with running() as now:
            result = await handler(self._guarded(request))
            return await self._results(request, now).ascreened(result)  # type: ignore[no-any-return]

    def _guarded(self, request: ToolCallRequest) -> ToolCallRequest:
        """Return `request` for a tool that tells nobody what the policy denies."""
        if request.tool is None:
            return request
        return request.override(tool=guarded_tool(request.tool, self._guarding))

    def _results(self, request: ToolCallRequest, now: Running) -> Results:
        return Results(self._guarding, now, request.tool_call["name"])

    def _swapped(self, request: ModelRequest[Any]) -> ModelRequest[Any]:
        guarding = self._guarding
        model = guard(
            request.model,
            guarding.chop,
            on_block=guarding.on_block,
            on_response=guarding.on_response,
        )
        return request.override(model=model)
