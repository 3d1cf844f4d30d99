"""The options of plugin `guardmodel` in a policy, checked."""

from __future__ import annotations

import difflib
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, get_args
from urllib.parse import urlsplit

from chopmark import Direction, Policy, PolicyError

from ._formats import Format, LlamaGuard, Qwen3Guard, YesNo

FORMATS = ("llama-guard-3", "llama-guard-4", "qwen3guard", "shieldgemma")
_DIRECTIONS: tuple[Direction, ...] = get_args(Direction)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Which guard model is asked, and how.

    `timeout` is in seconds; `history` is how many messages go along before the judged one;
    `categories` gives the model's own names another category, or with `""` leaves one out. Under
    `report_from` a finding is no verdict; from `threshold` on a `Yes` of ShieldGemma advises
    `deny`. The findings of the last `cache` conversations are remembered by a digest.
    """

    base_url: str
    model: str
    format: str
    guidelines: Mapping[str, Mapping[Direction, str]] = field(default_factory=dict)
    timeout: float = 5.0
    concurrency: int = 8
    api_key: str = field(default="", repr=False)
    directions: tuple[Direction, ...] = _DIRECTIONS
    history: int = 4
    logprobs: bool = True
    categories: Mapping[str, str] = field(default_factory=dict)
    threshold: float = 0.5
    report_from: float = 0.1
    cache: int = 1024

    def make_format(self) -> Format:
        """Return the form of the questions and the answers."""
        if self.format == "shieldgemma":
            return YesNo(self.guidelines, self.threshold)
        return Qwen3Guard() if self.format == "qwen3guard" else LlamaGuard()


def read_options(policy: Policy) -> Options:
    """Return the options in `policy`; raise `PolicyError` naming the key and the cure."""
    given: Mapping[str, Any] = policy.options("guardmodel")
    known = [*Options.__dataclass_fields__, "api_key_env"]
    known.remove("api_key")
    for key in given:
        if key not in known:
            close = difflib.get_close_matches(str(key), known, 1)
            hint = f" (did you mean {close[0]!r}?)" if close else ""
            raise _wrong(key, given[key], f"not an option{hint}; there are {', '.join(known)}")
    for key in ("base_url", "model", "format"):
        if not isinstance(given.get(key), str) or not given[key]:
            raise _wrong(key, given.get(key), "write it, for example " + _EXAMPLES[key])
    if given["format"] not in FORMATS:
        raise _wrong("format", given["format"], f"write one of {', '.join(FORMATS)}")
    return Options(
        base_url=_url(given["base_url"]),
        model=given["model"],
        format=given["format"],
        guidelines=_guidelines(given),
        timeout=_number(given, "timeout", 5.0, 0.01, 600),
        concurrency=_whole(given, "concurrency", 8, 1, 1_000),
        api_key=_key(given),
        directions=_directions(given),
        history=_whole(given, "history", 4, 0, 100),
        logprobs=_switch(given, "logprobs", True),
        categories=_categories(given),
        threshold=_number(given, "threshold", 0.5, 0, 1),
        report_from=_number(given, "report_from", 0.1, 0, 1),
        cache=_whole(given, "cache", 1024, 0, 1_000_000),
    )


_EXAMPLES = {
    "base_url": 'base_url = "http://127.0.0.1:8000/v1"',
    "model": 'model = "Qwen/Qwen3Guard-Gen-4B", the name that the server knows it by',
    "format": 'format = "qwen3guard"',
}


def _wrong(key: str, value: object, cure: str) -> PolicyError:
    return PolicyError(f"plugin 'guardmodel', option {key!r} = {value!r}: {cure}")


def _url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise _wrong("base_url", value, f"write {_EXAMPLES['base_url']}")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise _wrong("base_url", "...", "no user, password or query in it; see `api_key_env`")
    return value


def _key(given: Mapping[str, Any]) -> str:
    name = given.get("api_key_env", "")
    if not isinstance(name, str):
        raise _wrong("api_key_env", name, "write the name of an environment variable")
    if name and not os.environ.get(name):
        raise _wrong("api_key_env", name, "this environment variable is not set; set it")
    return os.environ[name] if name else ""


def _directions(given: Mapping[str, Any]) -> tuple[Direction, ...]:
    value = given.get("directions", _DIRECTIONS)
    if not isinstance(value, (list, tuple)) or not value or set(value) - set(_DIRECTIONS):
        raise _wrong("directions", value, 'write ["input"], ["output"], or both')
    return tuple(value)


def _guidelines(given: Mapping[str, Any]) -> Mapping[str, Mapping[Direction, str]]:
    value = given.get("guidelines", {})
    cure = (
        'write texts by category, { hate = "..." } or { hate = { input = "...", output = "..." } }'
    )
    if not isinstance(value, Mapping) or (given["format"] == "shieldgemma" and not value):
        raise _wrong("guidelines", value, f"{cure}; the model card of ShieldGemma has them")
    if value and given["format"] != "shieldgemma":
        raise _wrong("guidelines", value, "only format 'shieldgemma' asks by guidelines")
    found: dict[str, Mapping[Direction, str]] = {}
    for category, texts in value.items():
        ways = dict.fromkeys(_DIRECTIONS, texts) if isinstance(texts, str) else texts
        if not isinstance(ways, Mapping) or not ways or set(ways) - set(_DIRECTIONS):
            raise _wrong(f"guidelines.{category}", texts, cure)
        if not all(isinstance(text, str) and text.strip() for text in ways.values()):
            raise _wrong(f"guidelines.{category}", texts, cure)
        found[str(category)] = dict(ways)
    return found


def _categories(given: Mapping[str, Any]) -> Mapping[str, str]:
    value = given.get("categories", {})
    cure = 'write { S13 = "", "Unethical Acts" = "toxic.mild" }'
    if not isinstance(value, Mapping):
        raise _wrong("categories", value, cure)
    for name, category in value.items():
        if not isinstance(category, str) or category != category.strip(". "):
            raise _wrong(f"categories.{name}", category, cure)
    return {str(name): str(category) for name, category in value.items()}


def _switch(given: Mapping[str, Any], key: str, default: bool) -> bool:
    value = given.get(key, default)
    if not isinstance(value, bool):
        raise _wrong(key, value, "write true or false")
    return value


def _number(given: Mapping[str, Any], key: str, default: float, least: float, most: float) -> float:
    value = given.get(key, default)
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not number or math.isnan(value) or not least <= value <= most:
        raise _wrong(key, value, f"write a number from {least:g} to {most:g}")
    return float(value)


def _whole(given: Mapping[str, Any], key: str, default: int, least: int, most: int) -> int:
    value = given.get(key, default)
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise _wrong(key, value, f"write a whole number from {least} to {most}")
    return value
