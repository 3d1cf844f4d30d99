"""Finds what decides how a model draws its words, in whatever shape a call says it."""

from __future__ import annotations

from collections.abc import Mapping

NAMES = (
    "temperature", "top_p", "top_k", "min_p", "do_sample", "use_beam_search", "watermark",
    "watermarking",
)  # fmt: skip
_INNER = (
    "model_kwargs", "additional_kwargs", "pipeline_kwargs", "generation_config", "options",
    "extra_body",
)  # fmt: skip
"""Where frameworks and SDKs put what they have no name for, in the order in which they add it."""


def parameters(*sources: Mapping[str, object]) -> dict[str, object]:
    """Return the sampling parameters that `sources` set, by the names of providers.

    A later source, and what stands in a mapping inside one, wins; None there unsets a parameter.

    Args:
        sources: for example the fields of a model, then the arguments of the call.
    """
    found: dict[str, object] = {}
    for source in sources:
        _take(source, found)
        for name in _INNER:
            inner = source.get(name)
            if inner and isinstance(inner, Mapping):
                _take(inner, found)
    return found


def _take(source: Mapping[str, object], found: dict[str, object]) -> None:
    for name in NAMES:
        if name in source:
            value = source[name]
            if value is None:
                found.pop(name, None)
            else:
                found[name] = value
