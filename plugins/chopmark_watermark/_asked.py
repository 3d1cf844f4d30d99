"""Reads of a framework's model, or of a request, which model is asked and with what parameters.

No framework is imported: their classes are known by the modules that they come from.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from chopmark import MarkError
from chopmark.adapting import parameters

Origin = Literal["langchain", "llamaindex", "request"]
_NAMES = ("model_name", "model", "model_id", "deployment_name")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is asked of a vendor; `origin` is whose word it is."""

    model: str
    parameters: Mapping[str, object]
    origin: Origin = "request"


def read_asked(target: object) -> Asked:
    """Return what `target` asks: a LangChain chat model or LLM, bound to arguments or not, a
    LlamaIndex LLM, or the parameters of a request with `model` among them.

    Raises:
        MarkError: it is something else, or a temperature is no number.
    """
    if isinstance(target, Mapping):
        return _checked(_asked(target, "request"))
    bound: Mapping[str, object] = {}
    while _comes_from(target, "langchain_core.runnables") and hasattr(target, "bound"):
        bound = {**_mapping(getattr(target, "kwargs", None)), **bound}
        target = target.bound
    fields = getattr(target, "__dict__", {})
    if _comes_from(target, "langchain_core.language_models"):
        return _checked(_asked(fields, "langchain", bound))
    if _comes_from(target, "llama_index.core") and hasattr(target, "metadata"):
        return _checked(_asked(fields, "llamaindex", bound))
    raise MarkError(
        f"{type(target).__name__} is no model whose parameters can be read; give a LangChain chat "
        "model, a LlamaIndex LLM, or the request as a dict: {'model': ..., 'temperature': ...}"
    )


def _asked(
    fields: Mapping[str, object], origin: Origin, more: Mapping[str, object] | None = None
) -> Asked:
    more = more or {}
    names = (source.get(name) for source in (more, fields) for name in _NAMES)
    model = next((name for name in names if isinstance(name, str) and name), "")
    return Asked(model=model, parameters=parameters(fields, more), origin=origin)


def _checked(asked: Asked) -> Asked:
    for name in ("temperature", "top_p", "top_k", "min_p"):
        value = asked.parameters.get(name)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
            raise MarkError(f"{name} is {value!r}; give a number")
    return asked


def _comes_from(target: object, package: str) -> bool:
    return any(f"{cls.__module__}.".startswith(f"{package}.") for cls in type(target).__mro__)


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}
