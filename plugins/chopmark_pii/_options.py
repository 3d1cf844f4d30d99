"""The options of plugin `pii` in a policy, checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from chopmark import Policy
from chopmark.options import Table, did_you_mean

from ._kinds import KINDS

Action = Literal["redact", "mask", "hash", "pseudonym", "vault"]
Language = Literal["zh", "en", "auto"]
Placeholders = Literal["code", "number"]
Secrets = Literal["requests", "both"]

ACTIONS: tuple[Action, ...] = get_args(Action)
_KNOWN = (
    "action", "hash_key_file", "kinds", "language", "placeholders", "secrets", "vault_entries",
    "vault_seconds",
)  # fmt: skip
_KEY_LEAST = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What is looked for, and what is put in its place.

    `actions` has every kind that is on. `key` is what hashes and pseudonyms are made with.
    `placeholders` says what a model sees in the place of a value: a code that is the same in
    every call, or its number in the call. `secrets` says whether passwords and keys are looked for
    in answers too. `entries` and `seconds` bound the vault.
    """

    actions: Mapping[str, Action]
    language: Language = "zh"
    key: bytes = field(default=b"", repr=False)
    placeholders: Placeholders = "code"
    secrets: Secrets = "requests"
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
    given = Table.of(policy, "pii", _KNOWN)
    actions = _actions(given, given.one_of("action", ACTIONS, "redact"))
    return Options(
        actions=actions,
        language=given.one_of("language", get_args(Language), "zh"),
        key=_key(given, needed="hash" in actions.values()),
        placeholders=given.one_of("placeholders", get_args(Placeholders), "code"),
        secrets=given.one_of("secrets", get_args(Secrets), "requests"),
        entries=given.whole("vault_entries", 10_000, least=1),
        seconds=given.number("vault_seconds", 3600.0, over=0, cure="write seconds, more than 0"),
    )


def _actions(given: Table, action: Action) -> dict[str, Action]:
    """Return what is done with each kind that is on.

    A list names the only kinds that are on. A table names exceptions: a kind, or a family such
    as `cn`, is `true`, `false` or an action; the longer name goes first.
    """
    kinds = given.data.get("kinds", {})
    if isinstance(kinds, (list, tuple)):
        names = {name for entry in kinds for name in _names(given, entry)}
        return {name: action for name in KINDS if name in names}
    table = given.table("kinds", cure='write a table, { email = "mask", ip = false }, or a list')
    flat = table.flat()
    chosen = {name: action if kind.default else None for name, kind in KINDS.items()}
    for entry in sorted(flat.data, key=lambda entry: len(_plain(entry))):
        done = _done(flat, entry, action)
        for name in _names(given, entry):
            # A family turns on only what is on by default; the rest is turned on by its name.
            if name == _plain(entry) or done is None or KINDS[name].default:
                chosen[name] = done
    return {name: found for name, found in chosen.items() if found}


def _done(kinds: Table, entry: str, action: Action) -> Action | None:
    """Return what the table does with `entry`, None where it turns it off."""
    value = kinds.data[entry]
    if isinstance(value, bool):
        return action if value else None
    if value not in ACTIONS:
        raise kinds.wrong(entry, f"write true, false or one of {', '.join(ACTIONS)}")
    return kinds.one_of(entry, ACTIONS)


def _names(given: Table, entry: object) -> list[str]:
    """Return the kinds that a name, or the name of a family, stands for."""
    plain = _plain(entry) if isinstance(entry, str) else ""
    found = [kind for kind in KINDS if kind == plain or kind.startswith(f"{plain}.")]
    if not found:
        hint = f"{did_you_mean(plain, KINDS)}; there are {', '.join(KINDS)}"
        raise given.wrong("kinds", f"{entry!r} is not a kind{hint}")
    return found


def _plain(entry: str) -> str:
    return entry.removeprefix("pii.")


def _key(given: Table, *, needed: bool) -> bytes:
    if given.data.get("hash_key_file") is None and not needed:
        return b""
    cure = 'write the path of a file of 32 random bytes, which action "hash" needs as its key'
    path = given.path("hash_key_file", cure=cure)
    try:
        key = path.read_bytes()
    except OSError as error:
        raise given.wrong("hash_key_file", f"cannot be read ({error.strerror}); {cure}") from error
    if len(key) < _KEY_LEAST:
        cure = f"the file holds {len(key)} bytes; fill it with 32 random ones"
        raise given.wrong("hash_key_file", cure)
    return key
