"""For authors of plugins: reads a plugin's options in a policy, and says how to mend a wrong one.

    given = Table.of(policy, "example", known=("least", "calm"))
    least = given.whole("least", 4, least=2, most=39)

Here `least = 1` is "plugin 'example', option 'least' = 1: write a whole number from 2 to 39".
An option without a default must be there. `cure` stands in for a reader's own words.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from math import inf, nan
from pathlib import Path
from typing import TypeVar

from ._errors import PolicyError
from .policy import Policy

T = TypeVar("T", bound=str)


def did_you_mean(word: object, known: Iterable[str], least: float = 0.5) -> str:
    """Return " (did you mean 'x'?)" where `word` is like a name x, by `least` of 0..1; else ""."""
    close = difflib.get_close_matches(str(word), list(known), n=1, cutoff=least)
    return f" (did you mean {close[0]!r}?)" if close else ""


@dataclass(frozen=True, slots=True)
class Table:
    """The options of `plugin` as given, or with `inside` ("weights.") a table among them.

    Relative paths start from `folder`. All readers raise `PolicyError`.
    """

    plugin: str
    data: Mapping[str, object]
    folder: Path = Path()
    inside: str = ""

    @classmethod
    def of(cls, policy: Policy, plugin: str, known: Collection[str]) -> Table:
        """Return what `policy` says in [settings.PLUGIN], where only `known` keys may be."""
        return cls(plugin, policy.options(plugin), Path(policy.folder)).only(known)

    def only(self, known: Collection[str]) -> Table:
        """Return the table itself, where only `known` keys may be."""
        for key in self.data:
            if key not in known:
                cure = f"{did_you_mean(key, known)}; there are {', '.join(sorted(known))}"
                raise PolicyError(f"{self.at(key)} is not known{cure}")
        return self

    def at(self, key: str) -> str:
        """Return what errors call the option."""
        return f"plugin {self.plugin!r}, option {f'{self.inside}{key}'!r}"

    def wrong(self, key: str, cure: str) -> PolicyError:
        """Return the error that the option cannot be used as it is, or is missing."""
        value = f"= {self.data[key]!r}" if key in self.data else "is missing"
        return PolicyError(f"{self.at(key)} {value}: {cure}")

    def text(self, key: str, default: str | None = None, *, cure: str = "") -> str:
        """Return a text that is not blank, or is the default."""
        value = self.data.get(key, default)
        if not isinstance(value, str) or not (value.strip() or value == default):
            raise self.wrong(key, cure or "write a text in quotes")
        return value

    def path(self, key: str, *, cure: str = "write a path in quotes") -> Path:
        """Return a path, from the policy's folder where it is relative."""
        return self.folder / self.text(key, cure=cure)

    def names(self, key: str, default: Sequence[str] = (), *, cure: str = "") -> tuple[str, ...]:
        """Return a list of texts that are not blank."""
        value = self.data.get(key, default)
        found = tuple(value) if isinstance(value, list | tuple) else (None,)
        if not all(isinstance(name, str) and name.strip() for name in found):
            raise self.wrong(key, cure or "write a list of names")
        return found

    def one_of(self, key: str, choices: Sequence[T], default: T | None = None) -> T:
        """Return the one of `choices` that is given."""
        value = self.data.get(key, default)
        for choice in choices:
            if value == choice:
                return choice
        raise self.wrong(key, f"write one of {', '.join(choices)}{did_you_mean(value, choices)}")

    def some_of(self, key: str, choices: Sequence[T], default: Sequence[T] = ()) -> tuple[T, ...]:
        """Return those of `choices` that are given, in the order given."""
        cure = f"write a list of names out of {', '.join(choices)}"
        found = self.names(key, default, cure=cure)
        for name in found:
            if name not in choices:
                raise self.wrong(key, f"{cure}; {name!r} is none{did_you_mean(name, choices)}")
        return tuple(choice for name in found for choice in choices if choice == name)

    def switch(self, key: str, default: bool) -> bool:
        """Return true or false."""
        value = self.data.get(key, default)
        if not isinstance(value, bool):
            raise self.wrong(key, "write true or false")
        return value

    def whole(self, key: str, default: int, *, least: int, most: float = inf) -> int:
        """Return a whole number from `least` to `most`."""
        value = self.data.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise self.wrong(key, f"write a whole number {_between(least, most)}")
        return value

    def number(self, key: str, default: float | None = None, *, least: float = -inf,
               most: float = inf, over: float = nan, under: float = nan,
               cure: str = "") -> float:  # fmt: skip
        """Return a number from `least` to `most`, over `over`, under `under`; it is never NaN."""
        value = _number(self.data.get(key, default))
        if not least <= value <= most or value <= over or value >= under:
            raise self.wrong(key, cure or f"write a number {_between(least, most, over, under)}")
        return value

    def table(self, key: str, *, cure: str = "write a table") -> Table:
        """Return the table of the option, empty where there is none; it may have any keys."""
        value = self.data.get(key, {})
        if not isinstance(value, Mapping):
            raise self.wrong(key, cure)
        return Table(self.plugin, value, self.folder, f"{self.inside}{key}.")

    def flat(self) -> Table:
        """Return the table with dotted names for what TOML reads as tables in tables."""
        found: dict[str, object] = {}
        for key, value in self.data.items():
            if isinstance(value, Mapping):
                inner = self.table(key).flat().data
                found |= {f"{key}.{name}": leaf for name, leaf in inner.items()}
            else:
                found[str(key)] = value
        return Table(self.plugin, found, self.folder, self.inside)


def _number(value: object) -> float:
    """Return the number that `value` is, NaN where it is none, or too large to be one."""
    with suppress(OverflowError):
        if isinstance(value, int | float) and not isinstance(value, bool):
            return float(value)
    return nan


def _between(least: float, most: float, over: float = nan, under: float = nan) -> str:
    if -inf < least and most < inf:
        return f"from {least} to {most}"
    bounds = {"of at least": least, "over": over, "at most": most, "under": under}
    return " and ".join(f"{word} {bound}" for word, bound in bounds.items() if abs(bound) < inf)
