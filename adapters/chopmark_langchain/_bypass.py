"""Says so where LangChain takes a block for a failure, and asks somebody else, or once more.

`RunnableWithFallbacks`, `RunnableRetry` and `ModelFallbackMiddleware` catch every error, and tell
nobody. What is above a block is seen on the stack; where the stack ends in an asyncio task, as it
does at each step of LangChain, by the traceback, whose outermost frame is the one that caught it.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import weakref
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from types import FrameType
from typing import Any

from langchain_core.language_models import BaseChatModel, BaseLLM
from langchain_core.runnables import RunnableParallel, RunnableSequence, RunnableWithFallbacks
from langchain_core.runnables.base import RunnableBindingBase
from langchain_core.runnables.retry import RunnableRetry

from chopmark import Response

from ._blocked import LangChainBlocked

_logger = logging.getLogger("chopmark")
_NAMES = frozenset(
    f"{prefix}{name}"
    for name in ("invoke", "batch", "stream", "wrap_model_call")
    for prefix in ("", "_", "a", "_a")
)
_TICKS, _DELAYS = 30, (0.01, 0.02, 0.05, 0.1, 0.2, 0.5)
_told: dict[int, weakref.ref[Any]] = {}


def blocked(response: Response) -> LangChainBlocked:
    """Return the block as an error, which is about to be raised; say who will not mind it."""
    error = LangChainBlocked(response)
    found = _on_stack(sys._getframe(1)) or _AROUND.get()
    if found is not None:
        found.tell()
        return error
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        return error
    _Watch(error, loop).again()
    return error


class Batching:
    """What a batch starts in threads and tasks knows what was above the batch."""

    def batch(self, *args: Any, **kwargs: Any) -> Any:
        """Ask for several answers."""
        with _remembered():
            return super().batch(*args, **kwargs)  # type: ignore[misc]

    async def abatch(self, *args: Any, **kwargs: Any) -> Any:
        """Ask for several answers."""
        with _remembered():
            return await super().abatch(*args, **kwargs)  # type: ignore[misc]


@dataclass(frozen=True, slots=True)
class _Found:
    """`owner` catches blocks; `what` says what it does then, and `cure` what to do about it."""

    owner: Any
    what: str
    cure: str

    def tell(self) -> None:
        """Say it once for each owner."""
        before = _told.get(id(self.owner))
        if before is not None and before() is self.owner:
            return
        key = id(self.owner)
        _told[key] = weakref.ref(self.owner, lambda gone: _forget(key, gone))
        _logger.warning(
            "the policy blocked a call inside of a %s, which takes a block for a failure and %s; "
            "%s",
            type(self.owner).__name__,
            self.what,
            self.cure,
        )


_AROUND: ContextVar[_Found | None] = ContextVar("chopmark_langchain_around", default=None)


def _forget(key: int, gone: Any) -> None:
    if _told.get(key) is gone:
        del _told[key]


@contextmanager
def _remembered() -> Iterator[None]:
    token = _AROUND.set(_on_stack(sys._getframe(1)) or _AROUND.get())
    try:
        yield
    finally:
        _AROUND.reset(token)


class _Watch:
    """Looks after an error in a loop until it is clear who caught it."""

    def __init__(self, error: LangChainBlocked, loop: asyncio.AbstractEventLoop) -> None:
        self._error, self._loop = error, loop
        self._looks = 0
        self._last: _Found | None = None

    def again(self) -> None:
        """Look when what is ready now has run; later on, less and less often."""
        self._looks += 1
        late = self._looks - _TICKS
        if late < 0:
            self._loop.call_soon(self._look)
        elif late < len(_DELAYS):
            self._loop.call_later(_DELAYS[late], self._look)

    def _look(self) -> None:
        found = _by_traceback(self._error)
        # Who raises it again does so before the next look.
        if found is not None and self._last is not None and found.owner is self._last.owner:
            found.tell()
            return
        self._last = found
        self.again()


def _on_stack(frame: FrameType | None) -> _Found | None:
    """Return the innermost of the callers that will catch a block and go on without it."""
    shielded = False
    while frame is not None:
        if frame.f_code.co_name in _NAMES:
            owner = frame.f_locals.get("self")
            shielded = shielded or _guards_what_is_behind(owner)
            found = _caught_by(owner, frame, shielded=shielded, caught=False)
            if found is not None:
                return found
        frame = frame.f_back
    return None


def _by_traceback(error: BaseException) -> _Found | None:
    """Return the one that caught `error`, if it will go on without it."""
    trace = error.__traceback__
    if trace is None or trace.tb_frame.f_code.co_name not in _NAMES:
        return None
    head, shielded = trace.tb_frame, False
    while (trace := trace.tb_next) is not None:
        if trace.tb_frame.f_code.co_name in _NAMES:
            shielded = shielded or _guards_what_is_behind(trace.tb_frame.f_locals.get("self"))
    return _caught_by(head.f_locals.get("self"), head, shielded=shielded, caught=True)


def _caught_by(owner: Any, frame: FrameType, *, shielded: bool, caught: bool) -> _Found | None:
    if isinstance(owner, RunnableWithFallbacks):
        return _fallbacks(owner, frame, caught=caught)
    if isinstance(owner, RunnableRetry):
        return _retry(owner, frame)
    if not shielded and _is_of(owner, "langchain.agents.middleware.model_fallback", _MIDDLEWARE):
        return _asks(owner, owner.models, "put ChopmarkMiddleware behind it, last in the list")
    return None


_MIDDLEWARE = "ModelFallbackMiddleware"


def _fallbacks(owner: Any, frame: FrameType, *, caught: bool) -> _Found | None:
    from ._fallbacks import HeldFallbacks

    known = frame.f_locals
    # In a stream errors pass from the first chunk on; one that was caught came before it.
    begun = not caught and frame.f_code.co_name.endswith("stream") and "chunk" in known
    if (
        isinstance(owner, HeldFallbacks)
        or begun
        or not issubclass(LangChainBlocked, owner.exceptions_to_handle)
    ):
        return None
    candidates = list(owner.runnables)
    now = [n for n, one in enumerate(candidates) if one is known.get("runnable")]
    # Once a block was caught, the one that is asked now stands behind the one that raised it.
    behind = now[0] if now and caught and now[0] > 0 else now[0] + 1 if now else 1
    rest = candidates[behind:]
    return _asks(
        owner,
        rest,
        "guard every candidate, or all of it: guard(it, chop), or guard_chain(it, chop)",
    )


def _asks(owner: Any, candidates: Iterable[Any], cure: str) -> _Found | None:
    for candidate in candidates:
        if _kind(candidate) != "guarded":
            what = f"asks the next candidate, {type(candidate).__name__}, which is not guarded"
            return _Found(owner, what, cure)
    return None


def _retry(owner: Any, frame: FrameType) -> _Found | None:
    types = owner.retry_exception_types
    retries = frame.f_code.co_name.startswith("_") and owner.max_attempt_number > 1
    if callable(types) or not retries or not issubclass(LangChainBlocked, types or ()):
        return None
    return _Found(
        owner,
        f"asks again, {owner.max_attempt_number} times in all",
        "a block is final: with_retry(retry_if_exception_type=is_retryable)",
    )


def _kind(value: Any) -> str:
    """Return whether a candidate is `guarded`, `bare`, or something that holds no model."""
    from ._chain import GuardedChain, InputStep
    from ._fallbacks import HeldFallbacks
    from ._holding import GuardedModel

    if isinstance(value, GuardedModel | GuardedChain | HeldFallbacks | InputStep):
        return "guarded"
    if isinstance(value, BaseChatModel | BaseLLM):
        return "bare"
    parts: list[Any] = []
    if isinstance(value, RunnableBindingBase):
        parts = [value.bound]
    elif isinstance(value, RunnableSequence):
        parts = value.steps
    elif isinstance(value, RunnableParallel):
        parts = list(value.steps__.values())
    elif isinstance(value, RunnableWithFallbacks):
        parts = list(value.runnables)
    kinds = {_kind(part) for part in parts}
    return next((kind for kind in ("bare", "guarded") if kind in kinds), "other")


def _guards_what_is_behind(owner: Any) -> bool:
    return _is_of(owner, "chopmark_langchain._middleware", "ChopmarkMiddleware")


def _is_of(owner: Any, module: str, name: str) -> bool:
    """Return whether `owner` is of a class of a module that may not be there."""
    kind = getattr(sys.modules.get(module), name, None)
    return isinstance(kind, type) and isinstance(owner, kind)
