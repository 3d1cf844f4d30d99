"""Guards an agent of `langchain.agents.create_agent`: its model, and what its tools bring in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from langchain_core.messages import ToolMessage

from chopmark import Chopmark, Message, OnBlock, PolicyBlocked, Request

from ._guard import guard
from ._guarding import Done, Guarding
from ._request import text, with_text
from ._texts import PassedShape

try:
    from langchain.agents.middleware import AgentMiddleware, ModelRequest, ModelResponse
    from langgraph.prebuilt.tool_node import ToolCallRequest
    from langgraph.types import Command
except ModuleNotFoundError as error:
    raise ImportError(
        f"ChopmarkMiddleware needs the package langchain ({error.name} is missing); install it "
        "with `pip install 'langchain>=1.5,<2'`"
    ) from error

_TOOL = "langchain.tool"


class ChopmarkMiddleware(AgentMiddleware[Any, Any, Any]):
    """Guards the model of an agent, and screens what its tools return.

    agent = create_agent(model, tools, middleware=[ChopmarkMiddleware(chop)])

    The model is swapped for a guarded one, so answers are screened in every stream mode, tool
    calls and structured answers among them. What a tool returns is untrusted input: where it is
    denied, the model gets the refusal text and `status="error"` in its place, and where
    something in it was replaced, the replaced text. A tool result that was screened leaves a
    record of its own, with the adapter `langchain.tool`. The policy's `roles` says whether
    tools are screened at all.

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
        result = handler(request)
        if not self._screens:
            return result
        return _mapped(result, {id(m): self._screened(m) for m in _messages(result)})

    async def awrap_tool_call(
        self,
        request: ToolCallRequest,
        handler: Callable[[ToolCallRequest], Awaitable[ToolMessage | Command[Any]]],
    ) -> ToolMessage | Command[Any]:
        """Run the tool, and screen what it returns."""
        result = await handler(request)
        if not self._screens:
            return result
        return _mapped(result, {id(m): await self._ascreened(m) for m in _messages(result)})

    @property
    def _screens(self) -> bool:
        return not self._guarding.idle and "tool" in self._guarding.chop.policy.roles

    def _swapped(self, request: ModelRequest[Any]) -> ModelRequest[Any]:
        guarding = self._guarding
        model = guard(
            request.model,
            guarding.chop,
            on_block=guarding.on_block,
            on_response=guarding.on_response,
        )
        return request.override(model=model)

    def _screened(self, message: ToolMessage) -> ToolMessage:
        guarding = self._guarding
        try:
            new: str = guarding.chop.run(
                _request(message), PassedShape(), _said, done=guarding.on_response
            )
        except PolicyBlocked as blocked:
            return _withheld(message, blocked)
        return _with(message, new)

    async def _ascreened(self, message: ToolMessage) -> ToolMessage:
        guarding = self._guarding

        async def ask(sent: Request) -> str:
            return _said(sent)

        try:
            new = await guarding.chop.arun(
                _request(message), PassedShape(), ask, done=guarding.on_response
            )
        except PolicyBlocked as blocked:
            return _withheld(message, blocked)
        return _with(message, new)


def _request(message: ToolMessage) -> Request:
    asked = (Message(role="tool", text=text(message.content)),)
    return Request(messages=asked, adapter=_TOOL, model=message.name or "")


def _said(sent: Request) -> str:
    return "".join(message.text for message in sent.messages)


def _messages(result: ToolMessage | Command[Any]) -> list[ToolMessage]:
    if isinstance(result, ToolMessage):
        return [result]
    update = result.update
    messages = update.get("messages", ()) if isinstance(update, dict) else ()
    return [m for m in messages if isinstance(m, ToolMessage)]


def _mapped(
    result: ToolMessage | Command[Any], screened: dict[int, ToolMessage]
) -> ToolMessage | Command[Any]:
    if isinstance(result, ToolMessage):
        return screened[id(result)]
    update = result.update
    if not screened or not isinstance(update, dict):
        return result
    messages = [screened.get(id(m), m) for m in update["messages"]]
    return Command(
        graph=result.graph,
        update={**update, "messages": messages},
        resume=result.resume,
        goto=result.goto,
    )


def _with(message: ToolMessage, new: str) -> ToolMessage:
    if new == text(message.content):
        return message
    return message.model_copy(update={"content": with_text(message.content, new)})


def _withheld(message: ToolMessage, blocked: PolicyBlocked) -> ToolMessage:
    update = {"content": blocked.response.refusal, "status": "error", "artifact": None}
    return message.model_copy(update=update)
