"""Tells whether a call asks its model for JSON, by the arguments with which providers are asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_SCHEMAS = (
    "response_format", "response_schema", "response_json_schema", "json_schema", "text_format",
    "output_schema", "format", "guided_json",
)  # fmt: skip
_INNER = ("generation_config", "config", "extra_body", "text", "options")
_PLAIN = ("text", "", "text/plain")


def asks_for_json(llm: Any, kwargs: Mapping[str, Any]) -> bool:
    """Return whether `kwargs`, or the options that every call of `llm` has, ask for JSON."""
    if kwargs and _asks(kwargs):
        return True
    always = llm.__dict__.get("additional_kwargs")
    return bool(always) and isinstance(always, Mapping) and _asks(always)


def _asks(options: Mapping[str, Any]) -> bool:
    for key in _SCHEMAS:
        value = options.get(key)
        if value is None:
            continue
        kind = value.get("type", "json") if isinstance(value, Mapping) else value
        if not isinstance(kind, str) or kind not in _PLAIN:
            return True
    if options.get("response_mime_type") == "application/json":
        return True
    return any(isinstance(v := options.get(key), Mapping) and _asks(v) for key in _INNER)
