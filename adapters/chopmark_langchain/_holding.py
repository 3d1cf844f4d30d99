"""Keeps a block a block through `with_fallbacks` and `with_retry`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from langchain_core.exceptions import ModelRefusalError
from langchain_core.runnables import Runnable, RunnableWithFallbacks
from pydantic import BaseModel

from chopmark import PolicyBlocked, Request
from chopmark.adapting import with_settings

from ._blocked import LangChainBlocked, is_retryable
from ._bypass import Batching
from ._fallbacks import HeldFallbacks
from ._guarding import Guarding, Swapped, class_of, subclass, swapped

_NOBODY = Request()
_REFUSALS = (LangChainBlocked, PolicyBlocked, ModelRefusalError)


class Holding(Swapped):
    """What guarded models are, and what `bind`, `bind_tools` and the like return of them."""

    @staticmethod
    def _chopmark_again(bare: Any, guarding: Guarding) -> Any:
        return hold(bare, guarding)

    def with_retry(self, **kwargs: Any) -> Any:
        """Return a runnable that tries again; by default not after a block, which is final."""
        kwargs.setdefault("retry_if_exception_type", is_retryable)
        return hold(super().with_retry(**kwargs), self._chopmark)  # type: ignore[misc]

    def with_fallbacks(
        self,
        fallbacks: Sequence[Runnable[Any, Any]],
        *,
        exceptions_to_handle: tuple[type[BaseException], ...] = (Exception,),
        exception_key: str | None = None,
    ) -> Any:
        """Return a runnable that asks the next model where one failed.

        Every fallback is guarded like this one, so none sees a prompt that was not screened. A
        block is no failure: it is raised at once, unless `exceptions_to_handle` names an error
        that only refusals are.
        """
        from ._guard import guarded_candidate

        asked = any(error in _REFUSALS for error in exceptions_to_handle)
        made: Any = RunnableWithFallbacks if asked else HeldFallbacks
        return made(
            runnable=self,
            fallbacks=[guarded_candidate(other, self._chopmark) for other in fallbacks],
            exceptions_to_handle=exceptions_to_handle,
            exception_key=exception_key,
        )

    def with_config(self, *args: Any, **kwargs: Any) -> Any:
        """Return this with a config bound to it."""
        return hold(super().with_config(*args, **kwargs), self._chopmark)  # type: ignore[misc]


class GuardedModel(Batching, Holding):
    """What every guarded model says of itself."""

    @classmethod
    def is_lc_serializable(cls) -> bool:
        """Return False: a model that is loaded from JSON would come back without its guard."""
        return False

    @property
    def _identifying_params(self) -> Any:
        """The model's parameters with policy and audience, which so are in the keys of caches."""
        params = super()._identifying_params  # type: ignore[misc]
        policies = _policies(class_of(self))
        if not policies:
            return params
        audience = with_settings(_NOBODY).audience
        return {**params, "chopmark": f"{policies}/{audience}" if audience else policies}


@lru_cache(maxsize=256)
def guardings(cls: Any) -> tuple[Guarding, ...]:
    """Return what guards a class, outermost first: several policies may."""
    made = (base.__dict__.get("_chopmark") for base in cls.__mro__)
    return tuple(guarding for guarding in made if guarding is not None)


@lru_cache(maxsize=256)
def _policies(cls: Any) -> str:
    return "/".join(g.chop.policy_id for g in guardings(cls) if not g.chop.inert)


def hold(runnable: Any, guarding: Guarding) -> Any:
    """Return a runnable that holds a guarded model, as one that keeps blocks too."""
    if isinstance(runnable, Holding) or not isinstance(runnable, BaseModel):
        return runnable
    return swapped(runnable, _held(class_of(runnable), guarding))


@lru_cache(maxsize=256)
def _held(cls: Any, guarding: Guarding) -> type:
    return subclass(cls, Holding, guarding, {})
