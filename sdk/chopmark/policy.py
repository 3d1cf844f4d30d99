"""What holds here, as data: which plugins, which rules, and what happens when something breaks.

A `Policy` is frozen and may be written in Python or in TOML; `load_policy` finds one by name or
path. What turns verdicts into one action by it is `deciding.Decider`.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, TypeVar, get_args

from ._errors import PolicyError
from ._values import Outcome, Request

_V = TypeVar("_V")
Handling = Literal["block", "allow"]
Rule = str | Mapping[str, float]
"""`"block"`, or actions with the least score at which each holds: `{"block": .9, "warn": .5}`."""

ACTIONS: Mapping[str, Outcome] = {
    "allow": "allow",
    "warn": "warn",
    "modify": "modify",
    "escalate": "escalate",
    "block": "deny",
}
"""What a rule may ask for, mildest first, and the verdict's outcome that it stands for."""

_HAN = re.compile(r"[㐀-鿿豈-﫿]")

HANDLINGS: tuple[str, ...] = get_args(Handling)
A_RULE = f"give one of {', '.join(ACTIONS)}"
NAMES = 'give a list of names, such as ["keyword", "pii"]'
CHARACTERS = "give a number of characters of at least 1"

SEVERITY: Mapping[Outcome, int] = {o: n for n, o in enumerate(ACTIONS.values())}

REFUSALS: Mapping[str, str] = {
    "zh": "抱歉，这个请求不符合本服务的使用规范，无法提供回答。",
    "en": "Sorry, this request is against the rules of this service, so it cannot be answered.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class OnError:
    """What happens when a role breaks: `block` the call, or `allow` it and record the failure."""

    detector: Handling = "block"
    marker: Handling = "block"
    log: Handling = "block"

    def __post_init__(self) -> None:
        for role in ("detector", "marker", "log"):
            if (handling := getattr(self, role)) not in HANDLINGS:
                raise _wrong(f"on_error.{role}", handling, f"give one of {', '.join(HANDLINGS)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """Rules by category. `pii.email` falls back to `pii`, then to `*`.

    `input` and `output` hold in one direction and go before `both`.
    """

    both: Mapping[str, Rule] = field(default_factory=dict)
    input: Mapping[str, Rule] = field(default_factory=dict)
    output: Mapping[str, Rule] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for way in ("both", "input", "output"):
            rules = _mapping(f"rules.{way}", getattr(self, way), 'give {"toxic": "block"}')
            for category, rule in rules.items():
                _named(f"rules.{way}", category)
                at = f"rules.{way}[{category!r}]"
                if not isinstance(rule, str | Mapping):
                    raise _wrong(at, rule, A_RULE)
                try:
                    steps(rule)
                except PolicyError as error:
                    raise PolicyError(f"{at}: {error}") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Which rules hold.

    `plugins` are enabled by name, in order. `audiences` have rules that go before the general
    ones. `holdback` is the most characters that may be held back while a detector waits.
    `roles` are the messages of a request that are screened. `settings` are the plugins' own
    options by plugin name; relative paths in them start from `folder`. With `active=False`
    nothing is done at all.

    Raises:
        PolicyError: a part cannot be used; the message names it and the cure.
    """

    name: str
    plugins: tuple[str, ...] = ()
    rules: Rules = field(default_factory=Rules)
    audiences: Mapping[str, Rules] = field(default_factory=dict)
    on_error: OnError = field(default_factory=OnError)
    holdback: int = 400
    roles: tuple[str, ...] = ("user", "tool", "function")
    refusals: Mapping[str, str] = field(default_factory=lambda: dict(REFUSALS))
    settings: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    folder: str = ""
    active: bool = True

    def __post_init__(self) -> None:
        _named("name", self.name)
        for field_name in ("plugins", "roles"):
            names = getattr(self, field_name)
            if not isinstance(names, tuple | list) or not all(isinstance(n, str) for n in names):
                raise _wrong(field_name, names, NAMES)
            object.__setattr__(self, field_name, tuple(names))
        _of(Rules, "rules", self.rules, 'give Rules(both={"toxic": "block"})')
        _of(OnError, "on_error", self.on_error, 'give OnError(detector="block")')
        holdback = self.holdback
        if type(holdback) is not int or holdback < 1:
            raise _wrong("holdback", holdback, CHARACTERS)
        _of(str, "folder", self.folder, "give a path as a string")
        _of(bool, "active", self.active, "give True or False")
        whose = 'give {"minor": Rules(both={"toxic": "block"})}'
        for audience, rules in _mapping("audiences", self.audiences, whose).items():
            _named("audiences", audience)
            _of(Rules, f"audiences[{audience!r}]", rules, whose)
        says = 'give {"en": "I cannot answer that."}'
        for locale, text in _mapping("refusals", self.refusals, says).items():
            _named("refusals", locale)
            _of(str, f"refusals[{locale!r}]", text, says)
        options_of = 'give {"pii": {"replace": "mask"}}'
        for plugin, options in _mapping("settings", self.settings, options_of).items():
            _named("settings", plugin)
            _mapping(f"settings[{plugin!r}]", options, options_of)

    def options(self, plugin: str) -> Mapping[str, object]:
        """Return the options of `plugin`, empty where the policy has none for it."""
        return self.settings.get(plugin, {})

    def with_options(self, plugin: str, **options: object) -> Policy:
        """Return this policy with `options` of `plugin` set on top of those that it has."""
        merged = {**self.settings, plugin: {**self.options(plugin), **options}}
        return replace(self, settings=merged)

    def to_dict(self) -> dict[str, object]:
        """Return everything that decides, as plain data; `folder` is no part of it."""
        return {
            "name": self.name,
            "active": self.active,
            "plugins": list(self.plugins),
            "holdback": self.holdback,
            "roles": list(self.roles),
            "on_error": _plain(self.on_error, ("detector", "marker", "log")),
            "refusals": dict(self.refusals),
            "rules": _rules_dict(self.rules),
            "audiences": {name: _rules_dict(r) for name, r in self.audiences.items()},
            "settings": {name: dict(options) for name, options in self.settings.items()},
        }

    @property
    def digest(self) -> str:
        """The first 16 hexadecimal digits of the SHA-256 of the policy as sorted JSON."""
        text = json.dumps(self.to_dict(), sort_keys=True, ensure_ascii=False, default=str)
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]

    def refusal(self, locale: str) -> str:
        """Return the refusal text for `locale`: exact, by language, English, then any."""
        for key in (locale, locale.split("-")[0], "en"):
            if key in self.refusals:
                return self.refusals[key]
        return next(iter(self.refusals.values()), "blocked by policy")


def _wrong(at: str, value: object, cure: str) -> PolicyError:
    return PolicyError(f"{at}: {value!r} cannot be used; {cure}")


def _named(at: str, name: object) -> None:
    if not (isinstance(name, str) and name):
        raise _wrong(at, name, "give a name")


def _of(kind: type, at: str, value: object, cure: str) -> None:
    if not isinstance(value, kind):
        raise _wrong(at, value, cure)


def _mapping(at: str, value: Mapping[str, _V], cure: str) -> Mapping[str, _V]:
    _of(Mapping, at, value, cure)
    return value


def language_of(text: str) -> str:
    """Return `zh` where `text` holds a Han character, else `en`: the languages of `REFUSALS`."""
    return "zh" if _HAN.search(text) else "en"


def is_under(category: str, broader: Iterable[str]) -> bool:
    """Return whether `category` is one of `broader`, or a part of one: `pii.email` is of `pii`."""
    return any(category == name or category.startswith(f"{name}.") for name in broader)


def language_asked(request: Request) -> str:
    """Return the language in which to speak to who asked: the locale's, else the last question's.

    In lower case and without the region; of a question it is one of `language_of`.
    """
    language = request.locale.replace("_", "-").split("-")[0].lower()
    asked = [m.text for m in request.messages if m.role == "user"][-1:]
    return language or language_of("".join(asked))


def _plain(value: object, names: Iterable[str]) -> dict[str, object]:
    return {name: getattr(value, name) for name in names}


def _rules_dict(rules: Rules) -> dict[str, object]:
    return {
        way: {c: r if isinstance(r, str) else dict(r) for c, r in mapping.items()}
        for way, mapping in (("both", rules.both), ("input", rules.input), ("output", rules.output))
        if mapping
    }


Steps = tuple[tuple[float, Outcome], ...]
"""A rule as (least score, outcome), strictest first."""


def steps(rule: Rule) -> Steps:
    """Return `rule` as (least score, outcome), strictest first; below all of them it allows."""
    pairs = [(rule, 0.0)] if isinstance(rule, str) else list(rule.items())
    if not pairs:
        raise PolicyError("a rule without an action cannot be used")
    for action, score in pairs:
        if action not in ACTIONS:
            raise PolicyError(f"action {action!r} is not one of {', '.join(ACTIONS)}")
        if not isinstance(score, int | float) or isinstance(score, bool) or not 0 <= score <= 1:
            raise PolicyError(f"score {score!r} of action {action!r} is not in 0..1")
    found = [(float(score), ACTIONS[action]) for action, score in pairs]
    return tuple(sorted(found, key=lambda pair: -SEVERITY[pair[1]]))
