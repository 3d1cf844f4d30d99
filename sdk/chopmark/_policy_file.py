"""Reads a policy from TOML, and says of every mistake where it is and how to mend it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import Any

from ._errors import PolicyError
from .options import did_you_mean
from .policy import A_RULE, ACTIONS, CHARACTERS, HANDLINGS, NAMES, Policy, Rule, Rules, steps

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

Find = Callable[[str], Policy | None]
_RULE_KEYS = ("rules", "input", "output")
_KEYS = (
    "name", "extends", "active", "plugins", "holdback", "roles", "on_error", "refusals",
    "audiences", "settings", *_RULE_KEYS,
)  # fmt: skip
_MISSING: Any = object()


class _CycleError(PolicyError):
    """Policies extend each other; the message says so once, however many they are."""


def builtin_names() -> list[str]:
    """Return the names of the built-in policies."""
    folder = resources.files("chopmark") / "policies"
    return sorted(f.name[:-5] for f in folder.iterdir() if f.name.endswith(".toml"))


def load_policy(
    source: str | Path | Policy, find: Find = lambda name: None, above: tuple[str, ...] = ()
) -> Policy:
    """Return the policy that `source` names: built in, known to `find`, or a TOML file.

    A name with a slash, a dot or a `Path` is a file; anything else must be a known name. `above`
    are the files that extend this one, outermost first.
    """
    if isinstance(source, Policy):
        return source
    if not isinstance(source, str | Path):
        raise PolicyError(
            f"policy {source!r} cannot be used; give a name, the path of a TOML file, or a Policy"
        )
    if isinstance(source, str) and not source.endswith(".toml"):
        found = _named(source, find)
        if found is not None:
            return found
        if not os.path.isfile(source):  # Path raises where a name is too long
            names = builtin_names()
            raise PolicyError(
                f"policy {source!r} is not known{did_you_mean(source, names)}; it is one of "
                f"{', '.join(names)}, `plugin/policy` for one that a plugin ships, or the path of "
                "a TOML file"
            )
    path = Path(source)
    where = str(path.resolve())
    if where in above:
        cycle = " extends ".join(Path(file).name for file in (*above[above.index(where) :], where))
        raise _CycleError(
            f"{path}: key 'extends': {cycle}; let one of them extend a built-in policy, or none"
        )
    try:
        text = path.read_text("utf-8-sig")  # some editors begin a file with a mark of its form
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no UTF-8"
        raise PolicyError(
            f"policy file {str(path)!r} cannot be read: {why}; give the path of a TOML file, or "
            f"one of {', '.join(builtin_names())}"
        ) from error
    return parse_policy(text, str(path), find, above=(*above, where))


def extended_by(source: str, find: Find = lambda name: None) -> Policy | None:
    """Return the policy that the file `source` extends; None where it extends none."""
    if not os.path.isfile(source):
        return None
    parent = tomllib.loads(Path(source).read_text("utf-8-sig")).get("extends")
    return load_policy(_beside(parent, source), find) if isinstance(parent, str) else None


def _beside(parent: str, where: str) -> str:
    """Return a name as it is, and the path of a file from the folder of `where`."""
    if parent.endswith(".toml") and not Path(parent).is_absolute():
        return str(Path(where).parent / parent)
    return parent


def _named(name: str, find: Find) -> Policy | None:
    if name in builtin_names():
        file = resources.files("chopmark") / "policies" / f"{name}.toml"
        return parse_policy(file.read_text("utf-8"), f"{name}.toml", find, folder="")
    return find(name)


def parse_policy(
    text: str,
    where: str,
    find: Find = lambda name: None,
    folder: str | None = None,
    above: tuple[str, ...] = (),
) -> Policy:
    """Return the policy that the TOML `text` of the file `where` says."""
    try:
        data = tomllib.loads(text)
        return _policy(_Table(data, where), where, find, folder, above)
    except tomllib.TOMLDecodeError as error:
        raise PolicyError(f"{where}: not valid TOML: {error}") from error
    except RecursionError:
        raise PolicyError(f"{where}: the tables are nested too deep") from None


def _policy(
    table: _Table, where: str, find: Find, folder: str | None, above: tuple[str, ...]
) -> Policy:
    table.only(_KEYS)
    if not (name := table.take("name", str, Path(where).stem)):
        raise table.wrong("name", name, "give a name")
    base = Policy(name=name)
    if (parent := table.take("extends", str, None)) is not None:
        try:
            base = replace(load_policy(_beside(parent, where), find, above), name=base.name)
        except _CycleError:
            raise
        except PolicyError as error:
            raise PolicyError(f"{where}: key 'extends': {error}") from error
    audiences = dict(base.audiences)
    for name, audience in table.tables("audiences"):
        audience.only(_RULE_KEYS)
        audiences[name] = _merged(audiences.get(name, Rules()), audience)
    plugins = table.names("plugins", base.plugins)
    gone = set(base.plugins) - set(plugins)  # what was set up for them goes with them
    settings = {name: options for name, options in base.settings.items() if name not in gone}
    for name, options in table.tables("settings"):
        settings[name] = {**settings.get(name, {}), **options.data}
    on_error = base.on_error
    if "on_error" in table.data:
        handled = table.table("on_error")
        handled.only(("detector", "marker", "log"))
        for role in handled.data:
            handled.one_of(role, HANDLINGS)
        on_error = replace(on_error, **handled.data)
    refusals = table.table("refusals")
    for key in refusals.data:
        refusals.take(key, str, "")
    holdback = table.take("holdback", int, base.holdback)
    if holdback < 1:
        raise table.wrong("holdback", holdback, CHARACTERS)
    return replace(
        base,
        active=table.take("active", bool, base.active),
        plugins=plugins,
        roles=table.names("roles", base.roles),
        holdback=holdback,
        rules=_merged(base.rules, table),
        audiences=audiences,
        on_error=on_error,
        refusals={**base.refusals, **refusals.data},
        settings=settings,
        folder=str(Path(where).resolve().parent) if folder is None else folder,
    )


def _merged(base: Rules, table: _Table) -> Rules:
    return Rules(
        both={**base.both, **_rules(table.table("rules"))},
        input={**base.input, **_rules(_direction(table, "input"))},
        output={**base.output, **_rules(_direction(table, "output"))},
    )


def _direction(table: _Table, name: str) -> _Table:
    inner = table.table(name)
    inner.only(("rules",))
    return inner.table("rules")


def _rules(table: _Table, prefix: str = "") -> dict[str, Rule]:
    """Read rules; a table whose keys are no actions holds narrower categories."""
    found: dict[str, Rule] = {}
    for key, value in table.data.items():
        category = prefix + key
        if isinstance(value, Mapping) and not set(value) & set(ACTIONS):
            found |= _rules(table.table(key), category + ".")
            continue
        if not isinstance(value, str | Mapping):
            raise table.wrong(key, value, A_RULE)
        try:
            steps(value)
        except PolicyError as error:
            raise PolicyError(
                f'{table.at(key)}: {error}; write "block", or {{ block = 0.9, warn = 0.5 }}'
            ) from None
        found[category] = value
    return found


class _Table:
    """One table of the file; its errors name the file, the whole key and the cure."""

    def __init__(self, data: Mapping[str, Any], where: str, path: str = "") -> None:
        self.data = data
        self._where = where
        self._path = path

    def at(self, key: str) -> str:
        return f"{self._where}: key {self._path + key!r}"

    def wrong(self, key: str, value: object, cure: str) -> PolicyError:
        return PolicyError(f"{self.at(key)}: {value!r} cannot be used; {cure}")

    def only(self, known: Iterable[str]) -> None:
        known = list(known)
        for key in self.data:
            if key not in known:
                raise PolicyError(
                    f"{self.at(key)} is not known{did_you_mean(key, known)}; keys here are "
                    f"{', '.join(sorted(known))}"
                )

    def take(self, key: str, kind: type, default: Any = _MISSING) -> Any:
        value = self.data.get(key, default)
        if key in self.data and type(value) is not kind:
            names = {str: "a string", int: "a whole number", bool: "true or false"}
            raise self.wrong(key, value, f"give {names[kind]}")
        return value

    def one_of(self, key: str, values: Iterable[str]) -> None:
        if self.data[key] not in tuple(values):
            raise self.wrong(key, self.data[key], f"give one of {', '.join(values)}")

    def names(self, key: str, default: tuple[str, ...]) -> tuple[str, ...]:
        value = self.data.get(key, list(default))
        if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
            raise self.wrong(key, value, NAMES)
        return tuple(value)

    def table(self, key: str) -> _Table:
        value = self.data.get(key, {})
        if not isinstance(value, Mapping):
            raise self.wrong(key, value, f"write it as a table, [{self._path}{key}]")
        return _Table(value, self._where, f"{self._path}{key}.")

    def tables(self, key: str) -> Iterable[tuple[str, _Table]]:
        outer = self.table(key)
        return [(name, outer.table(name)) for name in outer.data]
