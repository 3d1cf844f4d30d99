"""The options of plugin `pii` in a policy, checked."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeVar, get_args

from chopmark import Policy, PolicyError

from ._kinds import KINDS

Action = Literal["redact", "mask", "hash", "pseudonym", "vault"]
Language = Literal["zh", "en"]
Placeholders = Literal["code", "number"]
T = TypeVar("T", bound=str)

ACTIONS: tuple[Action, ...] = get_args(Action)
_KNOWN = (
    "action", "hash_key_file", "kinds", "language", "placeholders", "vault_entries",
    "vault_seconds",
)  # fmt: skip
_KEY_LEAST = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What is looked for, and what is put in its place.

    `actions` has every kind that is on. `key` is what hashes and pseudonyms are made with.
    `placeholders` says what a model sees in the place of a value: a code that is the same in
    every call, or its number in the call. `entries` and `seconds` bound the vault.
    """

    actions: Mapping[str, Action]
    language: Language = "zh"
    key: bytes = field(default=b"", repr=False)
    placeholders: Placeholders = "code"
    entries: int = 10_000
    seconds: float = 3600.0

    @property
    def vault(self) -> bool:
        """Whether anything goes into the vault."""
        return "vault" in self.actions.values()

    @property
    def pseudonyms(self) -> bool:
        """Whether anything is replaced by a pseudonym that is not restored."""
        return "pseudonym" in self.actions.values()

    @property
    def numbered(self) -> bool:
        """Whether placeholders are numbered within a call."""
        return self.placeholders == "number" and (self.vault or self.pseudonyms)


def read_options(policy: Policy) -> Options:
    """Return the options in `policy`; raise `PolicyError` naming the key and the cure."""
    given = policy.options("pii")
    for key in given:
        if key not in _KNOWN:
            raise PolicyError(
                f"plugin 'pii', option {key!r} is not known{_hint(key, _KNOWN)}; there are "
                f"{', '.join(_KNOWN)}"
            )
    action = _one_of("action", given.get("action", "redact"), ACTIONS)
    actions = _actions(given.get("kinds", {}), action)
    key_file = given.get("hash_key_file")
    if key_file is None and "hash" in actions.values():
        raise _wrong(
            "hash_key_file", None, 'action "hash" needs a key: name a file of 32 random bytes'
        )
    return Options(
        actions=actions,
        language=_one_of("language", given.get("language", "zh"), get_args(Language)),
        key=b"" if key_file is None else _key(key_file, Path(policy.folder)),
        placeholders=_one_of(
            "placeholders", given.get("placeholders", "code"), get_args(Placeholders)
        ),
        entries=_entries(given.get("vault_entries", 10_000)),
        seconds=_seconds(given.get("vault_seconds", 3600.0)),
    )


def _actions(given: object, action: Action) -> dict[str, Action]:
    """Return what is done with each kind that is on.

    A list names the only kinds that are on. A table names exceptions: a kind, or a family such
    as `cn`, is `true`, `false` or an action; the longer name goes first.
    """
    if isinstance(given, (list, tuple)):
        names = {name for entry in given for name in _names(entry)}
        return {name: action for name in KINDS if name in names}
    if not isinstance(given, Mapping):
        raise _wrong("kinds", given, 'write a table, { email = "mask", ip = false }, or a list')
    chosen: dict[str, object] = {name: kind.default for name, kind in KINDS.items()}
    for entry, value in sorted(_flat(given), key=lambda pair: len(pair[0])):
        if not isinstance(value, bool) and value not in ACTIONS:
            cure = f"write true, false or one of {', '.join(ACTIONS)}"
            raise _wrong(f"kinds.{entry}", value, cure)
        for name in _names(entry):
            # A family turns on only what is on by default; the rest is turned on by its name.
            if name == entry or value is False or KINDS[name].default:
                chosen[name] = value
    return {
        name: action if value is True else _one_of("kinds", value, ACTIONS)
        for name, value in chosen.items()
        if value is not False
    }


def _flat(table: Mapping[object, object], prefix: str = "") -> Iterable[tuple[str, object]]:
    """Read dotted names, which TOML reads as tables in tables."""
    for key, value in table.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping):
            yield from _flat(value, name + ".")
        else:
            yield name.removeprefix("pii."), value


def _names(entry: object) -> list[str]:
    """Return the kinds that a name, or the name of a family, stands for."""
    name = entry.removeprefix("pii.") if isinstance(entry, str) else ""
    found = [kind for kind in KINDS if kind == name or kind.startswith(name + ".")]
    if not found:
        raise PolicyError(
            f"plugin 'pii', option 'kinds': {entry!r} is not a kind{_hint(name, KINDS)}; there "
            f"are {', '.join(KINDS)}"
        )
    return found


def _key(given: object, folder: Path) -> bytes:
    if not isinstance(given, str) or not given:
        raise _wrong("hash_key_file", given, "write the path of a file of 32 random bytes")
    path = folder / given
    try:
        key = path.read_bytes()
    except OSError as error:
        raise _wrong("hash_key_file", given, f"cannot be read ({error.strerror})") from error
    if len(key) < _KEY_LEAST:
        cure = f"the file holds {len(key)} bytes; fill it with 32 random ones"
        raise _wrong("hash_key_file", given, cure)
    return key


def _one_of(key: str, value: object, choices: tuple[T, ...]) -> T:
    for choice in choices:
        if value == choice:
            return choice
    raise _wrong(key, value, f"write one of {', '.join(choices)}")


def _entries(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise _wrong("vault_entries", value, "write a whole number of at least 1")
    return value


def _seconds(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not value > 0:
        raise _wrong("vault_seconds", value, "write seconds, more than 0")
    return float(value)


def _wrong(key: str, value: object, cure: str) -> PolicyError:
    return PolicyError(f"plugin 'pii', option {key!r} = {value!r}: {cure}")


def _hint(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, list(known), 1)
    return f" (did you mean {close[0]!r}?)" if close else ""
