"""The options of plugin `guardmodel` in a policy, checked."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import get_args
from urllib.parse import urlsplit

from chopmark import Direction, Policy, PolicyError
from chopmark.options import Table

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
    known = [*Options.__dataclass_fields__, "api_key_env"]
    known.remove("api_key")
    given = Table.of(policy, "guardmodel", known)
    for key, example in _EXAMPLES.items():
        given.text(key, cure=f"write it, for example {example}")
    format = given.one_of("format", FORMATS)
    return Options(
        base_url=_url(given),
        model=given.text("model"),
        format=format,
        guidelines=_guidelines(given, format),
        timeout=given.number("timeout", 5.0, least=0.01, most=600),
        concurrency=given.whole("concurrency", 8, least=1, most=1_000),
        api_key=_key(given),
        directions=_directions(given),
        history=given.whole("history", 4, least=0, most=100),
        logprobs=given.switch("logprobs", True),
        categories=_categories(given),
        threshold=given.number("threshold", 0.5, least=0, most=1),
        report_from=given.number("report_from", 0.1, least=0, most=1),
        cache=given.whole("cache", 1024, least=0, most=1_000_000),
    )


_EXAMPLES = {
    "base_url": 'base_url = "http://127.0.0.1:8000/v1"',
    "model": 'model = "Qwen/Qwen3Guard-Gen-4B", the name that the server knows it by',
    "format": 'format = "qwen3guard"',
}


def _url(given: Table) -> str:
    value = given.text("base_url")
    parts = urlsplit(value)
    if "@" in (parts.netloc or value) or parts.query or parts.fragment:
        # The value is not shown: a password may be in it.
        cure = "no user, password, query or fragment in it; see `api_key_env`"
        raise PolicyError(f"{given.at('base_url')}: {cure}")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise given.wrong("base_url", f"write {_EXAMPLES['base_url']}")
    return value


def _key(given: Table) -> str:
    name = given.text("api_key_env", "", cure="write the name of an environment variable")
    if name and not os.environ.get(name):
        raise given.wrong("api_key_env", "this environment variable is not set; set it")
    return os.environ[name] if name else ""


def _directions(given: Table) -> tuple[Direction, ...]:
    found = given.some_of("directions", _DIRECTIONS, _DIRECTIONS)
    if not found:
        raise given.wrong("directions", 'write ["input"], ["output"], or both')
    return found


def _guidelines(given: Table, format: str) -> Mapping[str, Mapping[Direction, str]]:
    cure = (
        'write texts by category, { hate = "..." } or { hate = { input = "...", output = "..." } }'
    )
    table = given.table("guidelines", cure=cure)
    if table.data and format != "shieldgemma":
        raise given.wrong("guidelines", "only format 'shieldgemma' asks by guidelines")
    if not table.data and format == "shieldgemma":
        raise given.wrong("guidelines", f"{cure}; the model card of ShieldGemma has them")
    found: dict[str, Mapping[Direction, str]] = {}
    for category, texts in table.data.items():
        ways = dict.fromkeys(_DIRECTIONS, texts) if isinstance(texts, str) else texts
        if not isinstance(ways, Mapping) or not ways or set(ways) - set(_DIRECTIONS):
            raise table.wrong(category, cure)
        if not all(isinstance(text, str) and text.strip() for text in ways.values()):
            raise table.wrong(category, cure)
        found[str(category)] = dict(ways)
    return found


def _categories(given: Table) -> Mapping[str, str]:
    cure = 'write { S13 = "", "Unethical Acts" = "toxic.mild" }'
    table = given.table("categories", cure=cure)
    found = {name: table.text(name, "", cure=cure) for name in table.data}
    for name, category in found.items():
        if category != category.strip(". "):
            raise table.wrong(name, cure)
    return found
