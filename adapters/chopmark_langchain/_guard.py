"""`guard`: a model of the user's own class that screens, marks and records its calls."""

from __future__ import annotations

from typing import Any, TypeVar

from langchain_core.language_models import BaseChatModel, BaseLLM
from langchain_core.runnables import (
    Runnable,
    RunnableParallel,
    RunnableSequence,
    RunnableWithFallbacks,
)
from langchain_core.runnables.base import RunnableBindingBase

from chopmark import Chopmark, OnBlock

from ._chat import GuardedChat, guard_chat
from ._fallbacks import HeldFallbacks
from ._guarding import Done, Guarding, Swapped, swapped
from ._holding import hold
from ._llm import GuardedLLM, guard_llm

M = TypeVar("M", bound=Runnable[Any, Any])


def guard(
    model: M,
    chop: Chopmark,
    *,
    on_block: OnBlock = "raise",
    on_response: Done | None = None,
) -> M:
    """Return a copy of `model` that is guarded on every path; `model` itself stays as it is.

    The copy is of a subclass of the model's own class, so `isinstance`, `bind_tools`,
    `with_structured_output`, profiles, agents and graphs work as before, in `invoke`, `stream`,
    `batch`, `astream_events` and their async twins. Copies, pickles and configured versions of
    it stay guarded. `response_metadata["chopmark"]` of an answer says how the call went.

        model = guard(ChatOpenAI(), Chopmark(policy="cn"))

    A binding or a chain that holds models is taken too; each model in it is guarded then.

    Fallbacks. `guard(m, chop).with_fallbacks([other])` guards `other`, and a block is raised
    at once. But `bare.with_fallbacks([guarded])`, `(prompt | guarded).with_fallbacks([prompt |
    bare])` and `ModelFallbackMiddleware` catch every error, and **the next model then gets the
    prompt that was blocked**: guard every candidate, or guard what is around them with
    `guard_chain(chain, chop)`. Retries of a chain around the model ask again after a block,
    unless they say `retry_if_exception_type=is_retryable`. The logger `chopmark` warns of both,
    once for each chain, when a block is raised in one; a thread that starts without its caller's
    context hides what is above it.

    Caches. An answer that LangChain's cache has is no new call: it comes with the metadata of
    the call that made it, and leaves no record. Policy and audience are part of the key. With
    `on_block="refuse"` the model's cache is off.

    Callbacks and tracers are told the prompt as it was asked, before it is screened; answers as
    they were delivered.

    Images, sounds and files are not judged.

    Args:
        model: a chat model, a text LLM, or a binding, chain or fallbacks that hold some.
        chop: the policy, ready to use.
        on_block: `raise` raises `LangChainBlocked`; `refuse` answers with the refusal text and
            `finish_reason="content_filter"`.
        on_response: told how each call ended.

    Raises:
        TypeError: `model` is, and holds, no model.
        ValueError: `on_block` is neither.
    """
    guarded = _guarded(model, Guarding(chop, on_block, on_response))
    if guarded is None:
        raise TypeError(
            f"guard() takes a chat model (BaseChatModel), a text LLM (BaseLLM), or a binding, "
            f"chain or fallbacks that hold one; {type(model).__name__} is none of these. For any "
            "other Runnable use guard_chain(runnable, chop)"
        )
    return guarded  # type: ignore[no-any-return]


def _guarded(value: Any, guarding: Guarding) -> Any:
    """Return `value` with every model in it guarded, None where there is none."""
    if isinstance(value, BaseChatModel | BaseLLM):
        return _guarded_model(value, guarding)
    if isinstance(value, RunnableBindingBase):
        bound = _guarded(value.bound, guarding)
        return None if bound is None else _around(value, {"bound": bound}, guarding)
    if isinstance(value, RunnableSequence):
        steps = _guarded_all(value.steps, guarding)
        if steps is None:
            return None
        update = {"first": steps[0], "middle": steps[1:-1], "last": steps[-1]}
        return _around(value, update, guarding)
    if isinstance(value, RunnableParallel):
        names = list(value.steps__)
        steps = _guarded_all([value.steps__[name] for name in names], guarding)
        if steps is None:
            return None
        return value.model_copy(update={"steps__": dict(zip(names, steps, strict=True))})
    if isinstance(value, RunnableWithFallbacks):
        if _guarded_all([value.runnable, *value.fallbacks], guarding) is None:
            return None
        return HeldFallbacks(
            runnable=guarded_candidate(value.runnable, guarding),
            fallbacks=[guarded_candidate(other, guarding) for other in value.fallbacks],
            exceptions_to_handle=value.exceptions_to_handle,
            exception_key=value.exception_key,
        )
    return None


def _guarded_all(values: list[Any], guarding: Guarding) -> list[Any] | None:
    guarded = [_guarded(value, guarding) for value in values]
    if all(value is None for value in guarded):
        return None
    return [old if new is None else new for old, new in zip(values, guarded, strict=True)]


def _guarded_model(model: Any, guarding: Guarding) -> Any:
    if isinstance(model, GuardedChat | GuardedLLM) and model._chopmark.chop is guarding.chop:
        if model._chopmark == guarding:
            return model
        return _guarded_model(swapped(model, model._chopmark_bare), guarding)
    if isinstance(model, BaseChatModel):
        return guard_chat(model, guarding)
    return guard_llm(model, guarding)


def _around(value: Any, update: dict[str, Any], guarding: Guarding) -> Any:
    if isinstance(value, Swapped):
        value = swapped(value, value._chopmark_bare)
    return hold(value.model_copy(update=update), guarding)


def guarded_candidate(value: Any, guarding: Guarding) -> Any:
    """Return a fallback of a guarded model as one that is guarded too, whatever it is."""
    guarded = _guarded(value, guarding)
    if guarded is not None:
        return guarded
    from ._chain import GuardedChain

    return GuardedChain(value, guarding)
