"""Reads token counts from a piece, and takes the texts out of the provider's own object."""

from __future__ import annotations

from typing import Any

from chopmark import Usage

_COUNTS = (
    ("prompt_tokens", "completion_tokens"),
    ("input_tokens", "output_tokens"),
    ("prompt_token_count", "candidates_token_count"),
    ("prompt_eval_count", "eval_count"),
)
_HOLDERS = ("usage", "usage_metadata")
_FLAT = "eval_count"  # Ollama's counts stand in the answer itself


def usage(additional_kwargs: dict[str, Any], raw: object) -> Usage | None:
    """Return the token counts of a piece, from wherever its integration put them."""
    if additional_kwargs:
        found = _counts(additional_kwargs) or _counts(additional_kwargs.get("usage"))
        if found is not None:
            return found
    if isinstance(raw, dict):  # looked at for every piece, so the common case is kept short
        holder = raw.get("usage") or raw.get("usage_metadata") or (raw if _FLAT in raw else None)
    elif raw is not None:
        holder = getattr(raw, "usage", None) or getattr(raw, "usage_metadata", None)
    else:
        return None
    return None if holder is None else _counts(holder)


def without_text(raw: object) -> dict[str, object] | None:
    """Return the token counts of the provider's object alone, None where it has none.

    A piece whose texts were changed must not carry them unchanged in `raw`.
    """
    for name in _HOLDERS:
        holder = _get(raw, name)
        if holder is not None and _counts(holder) is not None:
            return {name: holder}
    return None


def _counts(holder: object) -> Usage | None:
    for asked, answered in _COUNTS:
        before, after = _get(holder, asked), _get(holder, answered)
        if isinstance(before, int) or isinstance(after, int):
            return Usage(
                input_tokens=before if isinstance(before, int) else 0,
                output_tokens=after if isinstance(after, int) else 0,
            )
    return None


def _get(holder: object, name: str) -> Any:
    return holder.get(name) if isinstance(holder, dict) else getattr(holder, name, None)
