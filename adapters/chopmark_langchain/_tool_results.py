"""What a tool brings in, screened: messages, commands that hold some, and whatever else it is."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from langchain_core.messages import ToolMessage
from langchain_core.tools.base import TOOL_MESSAGE_BLOCK_TYPES

from chopmark import Message, PolicyBlocked, Request, Response

from ._guarding import Guarding
from ._request import text, with_text
from ._texts import PassedShape

ADAPTER = "langchain.tool"


@dataclass(frozen=True, slots=True)
class Running:
    """A tool that runs: the call that it answers, and the texts that were screened for it.

    `passed` holds each text with the `Chopmark` that let it through, so that a result is judged
    and recorded once, however many guards it goes by: one that something changes on its way is
    judged again.
    """

    call_id: str | None
    passed: set[tuple[int, str]] = field(default_factory=set)


_RUNNING: ContextVar[Running | None] = ContextVar("chopmark_tool_running", default=None)


@contextmanager
def running(call_id: str | None = None) -> Iterator[Running]:
    """Say, for what runs in this block, which call a tool answers."""
    around = _RUNNING.get()
    now = Running(call_id) if around is None else Running(call_id, around.passed)
    token = _RUNNING.set(now)
    try:
        yield now
    finally:
        _RUNNING.reset(token)


def current_run() -> Running:
    """Return the tool that runs here; a new one where none does."""
    return _RUNNING.get() or Running(None)


def screens(guarding: Guarding) -> bool:
    """Return whether the policy screens what tools return."""
    return not guarding.idle and "tool" in guarding.chop.policy.roles


class Results:
    """The results of one call of a tool, as `guarding` lets them go on."""

    def __init__(self, guarding: Guarding, now: Running, name: str = "") -> None:
        self._guarding, self._now, self._name = guarding, now, name

    def screened(self, result: Any) -> Any:
        """Return `result` as a model, and whoever listens, may have it."""
        return _put(result, [self._message(m) for m in self._messages(result)], self._now)

    async def ascreened(self, result: Any) -> Any:
        """Return `result` as a model, and whoever listens, may have it."""
        return _put(result, [await self._amessage(m) for m in self._messages(result)], self._now)

    def _messages(self, result: Any) -> list[ToolMessage]:
        if not is_output(result):
            return [_shown(result, self._name, self._now)]
        return [m for part in _parts(result) for m in _messages(part)]

    def _message(self, message: ToolMessage) -> ToolMessage:
        guarding = self._guarding
        if self._known(message):
            return message
        try:
            new: str = guarding.chop.run(
                _request(message), _ToolShape(), _said, done=guarding.on_response
            )
        except PolicyBlocked as blocked:
            return self._kept(_withheld(message, blocked))
        return self._kept(_with(message, new))

    async def _amessage(self, message: ToolMessage) -> ToolMessage:
        guarding = self._guarding
        if self._known(message):
            return message

        async def ask(sent: Request) -> str:
            return _said(sent)

        try:
            new = await guarding.chop.arun(
                _request(message), _ToolShape(), ask, done=guarding.on_response
            )
        except PolicyBlocked as blocked:
            return self._kept(_withheld(message, blocked))
        return self._kept(_with(message, new))

    def _known(self, message: ToolMessage) -> bool:
        return (id(self._guarding.chop), text(message.content)) in self._now.passed

    def _kept(self, message: ToolMessage) -> ToolMessage:
        self._now.passed.add((id(self._guarding.chop), text(message.content)))
        return message


class _ToolShape(PassedShape):
    """A tool's result: it passes as it is, and a block of it goes to no caller."""

    def error(self, response: Response) -> PolicyBlocked:
        return PolicyBlocked(response)


def is_output(result: Any) -> bool:
    """Return whether a tool made the message itself, or a command, or some of them."""
    parts = _parts(result)
    return bool(parts) and all(isinstance(p, ToolMessage) or _is_command(p) for p in parts)


def _is_command(value: Any) -> bool:
    # langgraph's Command, which need not be installed for a tool to be guarded.
    return all(hasattr(value, name) for name in ("graph", "update", "resume", "goto"))


def _parts(result: Any) -> list[Any]:
    return result if isinstance(result, list) else [result]


def _messages(part: Any) -> list[ToolMessage]:
    if isinstance(part, ToolMessage):
        return [part]
    return [m for m in _update(part) if isinstance(m, ToolMessage)]


def _update(command: Any) -> Sequence[Any]:
    """Return the messages that a command adds to the state."""
    update = command.update
    messages = update.get("messages", ()) if isinstance(update, dict) else update
    if isinstance(messages, ToolMessage):
        return (messages,)
    return messages if isinstance(messages, list | tuple) else ()


def _put(result: Any, screened: list[ToolMessage], now: Running) -> Any:
    """Return `result` with its messages, in their order, replaced."""
    if not is_output(result):
        return _instead(result, screened[0], now)
    new = iter(screened)
    parts = [
        next(new) if isinstance(part, ToolMessage) else _command(part, new)
        for part in _parts(result)
    ]
    return parts if isinstance(result, list) else parts[0]


def _command(command: Any, new: Iterator[ToolMessage]) -> Any:
    messages = _update(command)
    if not any(isinstance(m, ToolMessage) for m in messages):
        return command
    changed: Any = [next(new) if isinstance(m, ToolMessage) else m for m in messages]
    update = {**command.update, "messages": changed} if _is_state(command) else changed
    return type(command)(
        graph=command.graph, update=update, resume=command.resume, goto=command.goto
    )


def _is_state(command: Any) -> bool:
    return isinstance(command.update, Mapping)


def _shown(content: Any, name: str, now: Running) -> ToolMessage:
    """Return the message that LangChain will make of what a tool returned."""
    blocks = isinstance(content, Sequence) and all(map(_is_block, content))
    if not isinstance(content, str):
        content = list(content) if blocks else as_text(content)
    return ToolMessage(content, name=name, tool_call_id=now.call_id or "")


def _is_block(value: Any) -> bool:
    if isinstance(value, dict):
        return value.get("type") in TOOL_MESSAGE_BLOCK_TYPES
    return isinstance(value, str)


def as_text(content: Any) -> str:
    """Return a tool's output as the text that LangChain makes of what is no content."""
    if isinstance(content, str):
        return content
    try:
        return json.dumps(content, ensure_ascii=False)
    except Exception:  # noqa: BLE001  as LangChain does it: whatever it is, it becomes text
        return str(content)


def _instead(content: Any, screened: ToolMessage, now: Running) -> Any:
    """Return what a tool returns in the place of `content`: a message, if it is an error now."""
    if screened.status == "error":
        return screened.content if now.call_id is None else screened
    same = text(screened.content) == text(_shown(content, "", now).content)
    return content if same else screened.content


def _request(message: ToolMessage) -> Request:
    asked = (Message(role="tool", text=text(message.content)),)
    return Request(messages=asked, adapter=ADAPTER, model=message.name or "")


def _said(sent: Request) -> str:
    return "".join(message.text for message in sent.messages)


def _with(message: ToolMessage, new: str) -> ToolMessage:
    if new == text(message.content):
        return message
    return message.model_copy(update={"content": with_text(message.content, new)})


def _withheld(message: ToolMessage, blocked: PolicyBlocked) -> ToolMessage:
    update = {"content": blocked.response.refusal, "status": "error", "artifact": None}
    return message.model_copy(update=update)
