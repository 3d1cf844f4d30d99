"""`guard`: an LLM of the user's own class whose answers all go through chopmark."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, TypeVar

from llama_index.core.base.llms.base import BaseLLM
from llama_index.core.llms.structured_llm import StructuredLLM
from pydantic import PrivateAttr

from chopmark import Chopmark, OnBlock, RequestError
from chopmark.adapting import check_on_block, check_on_response

from ._binding import PRIVATE, Binding, Done, a_chopmark, binding_of
from ._calling import Calls
from ._objects import ObjectCalls

L = TypeVar("L", bound=BaseLLM)


def guard(
    llm: L, chop: Chopmark, *, on_block: OnBlock = "raise", on_response: Done | None = None
) -> L:
    """Return a copy of `llm` that is guarded; `llm` itself stays as it is.

    The copy is of a subclass of the LLM's own class, so it goes wherever that goes:
    `Settings.llm`, query and chat engines, agents, programs. Guarding it again with the same
    `chop` only sets the options. Copies and pickles of it stay guarded.

    Args:
        llm: an LLM of LlamaIndex. Of a `StructuredLLM` the LLM inside is guarded.
        chop: the policy.
        on_block: `raise` raises `LlamaIndexBlocked`; `refuse` answers with the refusal text.
            Calls that return objects (`structured_predict`) always raise.
        on_response: told how each call ended. What is returned as an object or as text has no
            place for metadata, so this is where to get it.

    Raises:
        RequestError: `llm` is no LLM of LlamaIndex, or another policy guards it already.
        TypeError: `chop` is no `Chopmark`.
    """
    if not isinstance(llm, BaseLLM):
        raise RequestError(
            f"guard() takes an LLM of LlamaIndex, not {type(llm).__name__}; for a model of "
            "another framework use that framework's adapter"
        )
    check_on_block(on_block)
    check_on_response(on_response)
    a_chopmark(chop)
    if isinstance(llm, StructuredLLM):
        inner = guard(llm.llm, chop, on_block=on_block, on_response=on_response)
        return llm.model_copy(update={"llm": inner})
    binding = Binding(chop, on_block, on_response)
    if isinstance(llm, Guarded):
        before = binding_of(llm)
        if before.chop is not chop:
            raise RequestError(
                f"this LLM is guarded already, by policy {before.chop.policy_id}; guard the bare "
                "LLM with the other one"
            )
        if before == binding:
            return llm
    return _bound(llm, binding)


class Guarded(Calls, ObjectCalls):
    """What stands before the user's own class in the class of a guarded LLM."""

    def __reduce_ex__(self, protocol: Any) -> Any:
        """Reduce to the bare LLM and the binding: the class itself cannot be found by name."""
        own: Any = self
        copied = own.model_copy()
        private = dict(copied.__pydantic_private__)
        binding = private.pop(PRIVATE)
        bare = _become(copied, type(own).__bases__[1], private or None)
        return _bound, (bare, binding)


def _bound(llm: L, binding: Binding) -> L:
    """Return a copy of `llm` with `binding`."""
    copied: Any = llm.model_copy()
    private = {**(copied.__pydantic_private__ or {}), PRIVATE: binding}
    own: Any = type(copied)
    guarded: L = _become(copied, own if issubclass(own, Guarded) else _guarded_class(own), private)
    return guarded


def _become(llm: Any, own: type, private: dict[str, Any] | None) -> Any:
    object.__setattr__(llm, "__class__", own)
    object.__setattr__(llm, "__pydantic_private__", private)
    return llm


@lru_cache(maxsize=256)
def _guarded_class(own: Any) -> type:
    """Return the guarded subclass of `own`; always the same one, so that types compare equal."""
    namespace = {
        "__module__": own.__module__,
        "__doc__": own.__doc__,
        PRIVATE: PrivateAttr(default=None),
    }
    guarded: type = type(own)(f"Guarded{own.__name__}", (Guarded, own), namespace)
    return guarded
