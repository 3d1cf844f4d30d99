"""Checks single values of a policy's options; of every mistake the error names key and cure."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Collection, Mapping, Sequence

from chopmark import PolicyError

_SHA256 = re.compile(r"[0-9a-fA-F]{64}\Z")


def wrong(key: str, value: object, cure: str) -> PolicyError:
    """Return the error that `value` of `key` cannot be used."""
    return PolicyError(f"plugin 'onnx', option {key!r} = {value!r}: {cure}")


def only(given: Mapping[str, object], known: Collection[str], at: str) -> None:
    """Raise `PolicyError` where `given`, the table at `at`, has a key that is not `known`."""
    for key in given:
        if key not in known:
            close = difflib.get_close_matches(str(key), known, 1)
            hint = f" (did you mean {close[0]!r}?)" if close else ""
            raise PolicyError(
                f"plugin 'onnx', option {at + str(key)!r} is not known{hint}; there are "
                f"{', '.join(sorted(known))}"
            )


def whole(key: str, value: object, least: int, most: int) -> int:
    """Return `value` as a whole number from `least` to `most`."""
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise wrong(key, value, f"write a whole number from {least} to {most}")
    return value


def positive(key: str, value: object) -> float:
    """Return `value` as a number over 0."""
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not isinstance(value, (int, float)) or not number or not 0 < value < math.inf:
        raise wrong(key, value, "write a number over 0")
    return float(value)


def score(key: str, value: object, cure: str = "write a score from 0 to 1") -> float:
    """Return `value` as a number from 0 to 1."""
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not isinstance(value, (int, float)) or not number or math.isnan(value):
        raise wrong(key, value, cure)
    if not 0 <= value <= 1:
        raise wrong(key, value, cure)
    return float(value)


def scores(key: str, value: object) -> float | Mapping[str, float]:
    """Return `value` as a number from 0 to 1, or as a table of them."""
    if isinstance(value, Mapping):
        return {str(name): score(f"{key}.{name}", number) for name, number in value.items()}
    return score(key, value, "write a score from 0 to 1, or a table of them by category")


def truth(key: str, value: object) -> bool:
    """Return `value` as true or false."""
    if not isinstance(value, bool):
        raise wrong(key, value, "write true or false")
    return value


def names(key: str, value: object) -> tuple[str, ...]:
    """Return `value` as a tuple of names that are not empty."""
    if not isinstance(value, (list, tuple)) or not all(isinstance(n, str) and n for n in value):
        raise wrong(key, value, 'write a list of names, such as ["OpenVINO"]')
    return tuple(value)


def choice(key: str, value: object, choices: Sequence[str]) -> str:
    """Return `value` as one of `choices`."""
    if value not in choices:
        quoted = [f'"{one}"' for one in choices]
        raise wrong(key, value, f"write {', '.join(quoted[:-1])} or {quoted[-1]}")
    return str(value)


def sha256(key: str, value: object) -> str:
    """Return `value` as a SHA-256 in small letters, empty where it is empty."""
    if not isinstance(value, str) or (value and not _SHA256.match(value)):
        raise wrong(key, value, "write the 64 hexadecimal digits of the model file")
    return value.lower()


def heads(key: str, value: object) -> Mapping[str, str]:
    """Return `value` as a table from a model's labels to categories."""
    if not isinstance(value, Mapping):
        raise wrong(key, value, 'write a table, { LABEL_1 = "toxic", LABEL_0 = "" }')
    for label, category in value.items():
        if not isinstance(category, str) or category != category.strip(". "):
            raise wrong(f"{key}.{label}", category, 'write a category, or "" to leave it out')
    return {str(label): str(category) for label, category in value.items()}
