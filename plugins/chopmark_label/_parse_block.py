"""Takes a text apart into the keys and values of a block, whatever form it has.

JSON first, then JSON with something around it, then YAML, then what is left of a broken JSON.
Nothing here knows the rules of Annex E.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

from ._block import KEYS, WRAPPER

if TYPE_CHECKING:
    from yaml import MappingNode, Node  # type: ignore[import-untyped]

Shape = Literal["bare", "wrapped", "yaml", "none"]
Kind = Literal["string", "a number", "true or false", "null", "a list", "an object"]

LONGEST, LONGEST_YAML = 2**20, 64 * 2**10
"""Characters of the longest text that is read, and as YAML: PyYAML takes about a second for these.
A block with its signature has some thousand.
"""

_AROUND = "\ufeff\0 \t\r\n"
_LOOKS_YAML = re.compile(
    rf"^[ \t]*[\"']?(?:{'|'.join((WRAPPER, *KEYS))})[\"']?[ \t]*:", re.MULTILINE
)
_RULER = re.compile(r"(?:---|\.\.\.)[ \t]*(?:\r?\n|\Z)")
# A try ends at the next quote but one behind its key, so that all of them take linear time.
_WHOLE_PAIR = re.compile(rf'"({"|".join(KEYS)})"\s*:\s*("[^"\\]*(?:\\.[^"\\]*)*")', re.DOTALL)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_OURS = frozenset(key.lower() for key in KEYS)
_TAGS: dict[str, Kind] = {"int": "a number", "float": "a number", "bool": "true or false",
                          "null": "null"}  # fmt: skip
_TOO_DEEP = "it is nested too deeply to be a block"


class Value(NamedTuple):
    """What stands at a key: as text, and what it was."""

    text: str
    kind: Kind = "string"


@dataclass(frozen=True, slots=True)
class Parsed:
    """The keys of a text in order, each as often as it stands there."""

    shape: Shape = "none"
    pairs: tuple[tuple[str, Value], ...] = ()
    problems: tuple[str, ...] = ()
    """Why it is no block, or not quite the form of one."""
    around: tuple[str, ...] = ()
    """What is wrong with the wrapper."""
    escape: str = ""
    """An escape of the JSON text other than that of a quote."""


class _Number(str):
    """A number of JSON as it is written: converting a long one takes time, and loses its form."""

    __slots__ = ()


class _Object(dict[str, object]):
    """An object of JSON that still knows the keys that stand in it twice."""

    def __init__(self, pairs: Iterable[tuple[str, object]]) -> None:
        self.pairs = tuple(pairs)
        super().__init__(self.pairs)


_DECODER = json.JSONDecoder(
    object_pairs_hook=_Object, parse_int=_Number, parse_float=_Number, parse_constant=_Number
)


def parse_block(text: str) -> Parsed:
    """Return the keys and values of `text`, raising nothing."""
    if len(text) > LONGEST:
        return Parsed(
            problems=(f"it has {len(text):,} characters, and {LONGEST:,} are read at most",)
        )
    body = text.strip(_AROUND)
    problem = "it is not JSON, nor YAML with a key of Annex E"
    begin = body.find("{")
    starts = [0] if body[:1] in ("{", '"') else []
    starts += [begin] if begin > 0 else []
    for start in starts:
        try:
            value, end = _DECODER.raw_decode(body, start)
        except RecursionError:
            return Parsed(problems=(_TOO_DEEP,))
        except ValueError as error:
            where = f" at character {error.pos}" if isinstance(error, json.JSONDecodeError) else ""
            problem = f"its JSON breaks off or is wrong{where}"
            continue
        parsed = _from_json(value, body[start:end])
        if parsed.shape == "none" and start == 0 and begin > 0:
            continue
        outside = (*parsed.problems, *_outside(body[:start], body[end:]))
        return Parsed(parsed.shape, parsed.pairs, outside, parsed.around, parsed.escape)
    if _LOOKS_YAML.search(body):
        parsed = _from_yaml(body)
        if parsed.shape != "none":
            return parsed
        problem = f"{problem}; {parsed.problems[0]}"
    pairs = tuple((found[1], _string(found[2])) for found in _WHOLE_PAIR.finditer(body))
    if pairs:
        wrapped = f'"{WRAPPER}"' in body
        return Parsed("wrapped" if wrapped else "bare", pairs, (f"{problem}; write it anew",))
    return Parsed(problems=(problem,))


def _outside(before: str, after: str) -> tuple[str, ...]:
    """Say what stands around a JSON."""
    after = after.strip(_AROUND)
    return tuple(
        f"{place} the JSON stands {part[:40]!r}; a block is the JSON alone"
        for place, part in (("before", before), ("behind", after))
        if part
    )


def _from_json(value: object, text: str) -> Parsed:
    """Return what a value of JSON holds; `text` is how it was written."""
    problems: tuple[str, ...] = ()
    if isinstance(value, str) and not isinstance(value, _Number):
        value, text = _inner(value), ""
        problems = ("it is JSON in a string of JSON; write the object itself",)
    if not isinstance(value, _Object):
        return Parsed(problems=("it is JSON, but no object",))
    if not any(name.upper() == WRAPPER for name in value):
        if not any(name.lower() in _OURS for name in value):
            return Parsed(problems=("it is JSON without a key of Annex E",))
        return Parsed("bare", _pairs(value), problems, (), _escape(text))
    around = _around(value)
    inner = [item for name, item in value.pairs if name.upper() == WRAPPER][-1]
    if isinstance(inner, str) and not isinstance(inner, _Number):
        inner, text = _inner(inner), ""
        problems += (f"the value of {WRAPPER} is a string; write the object itself",)
    if not isinstance(inner, _Object):
        problems += (f"the value of {WRAPPER} is no object with the seven keys",)
        return Parsed("wrapped", (), problems, around)
    return Parsed("wrapped", _pairs(inner), problems, around, _escape(text))


def _around(value: _Object) -> tuple[str, ...]:
    """Say what is wrong with the object around a block."""
    told = []
    names = [name for name, _ in value.pairs]
    blocks = [name for name in names if name.upper() == WRAPPER]
    if len(blocks) > 1:
        told.append(f"{WRAPPER} stands {len(blocks)} times in one object; keep one")
    if blocks[-1] != WRAPPER:
        told.append(f"the key {blocks[-1]!r} is spelt {WRAPPER} in Annex E")
    told += [
        f"the key {name[:60]!r} stands beside {WRAPPER}, which stands alone"
        for name in names
        if name.upper() != WRAPPER
    ]
    return tuple(told)


def _inner(text: str) -> object:
    try:
        return _DECODER.decode(text)
    except (ValueError, RecursionError):
        return None


def _pairs(value: _Object) -> tuple[tuple[str, Value], ...]:
    return tuple((name, _value(item)) for name, item in value.pairs)


def _value(item: object) -> Value:
    if isinstance(item, _Number):
        return Value(str(item), "a number")
    if isinstance(item, str):
        return Value(item)
    if item is None:
        return Value("", "null")
    if isinstance(item, bool):
        return Value("true" if item else "false", "true or false")
    try:
        text = json.dumps(item, ensure_ascii=False, separators=(",", ":"))
    except RecursionError:
        text = ""
    return Value(text, "an object" if isinstance(item, dict) else "a list")


def _escape(text: str) -> str:
    return next((found[0] for found in _ESCAPE.finditer(text) if found[1] != '"'), "")


def _string(quoted: str) -> Value:
    """Return a string of JSON, or its text where even that is broken."""
    try:
        return Value(str(json.loads(quoted)))
    except ValueError:
        return Value(quoted[1:-1])


def _from_yaml(text: str) -> Parsed:
    """Return what a YAML mapping holds, with or without the key `AIGC`."""
    if len(text) > LONGEST_YAML:
        return Parsed(problems=(f"as YAML only {LONGEST_YAML:,} characters are read",))
    try:
        import yaml
    except ImportError:
        return Parsed(problems=("YAML needs PyYAML; pip install 'chopmark[files]'",))
    if head := _RULER.match(text):
        text = text[head.end() :]
    try:
        node = yaml.compose(_before_ruler(text), Loader=yaml.SafeLoader)
    except (yaml.YAMLError, ValueError, IndexError, OverflowError, RecursionError):
        return Parsed(problems=("as YAML it is broken, too",))
    if not isinstance(node, yaml.MappingNode):
        return Parsed(problems=("as YAML it has no keys",))
    inside = [value for key, value in node.value if key.value == WRAPPER]
    if not inside:
        return Parsed("yaml", _yaml_pairs(node, text))
    around = (f"{WRAPPER} stands {len(inside)} times in one mapping; keep one",)
    if not isinstance(inside[-1], yaml.MappingNode):
        problem = f"the value of {WRAPPER} is no mapping with the seven keys"
        return Parsed("yaml", (), (problem,), around[: len(inside) - 1])
    return Parsed("yaml", _yaml_pairs(inside[-1], text), (), around[: len(inside) - 1])


def _before_ruler(text: str) -> str:
    found = re.search(r"^(?:---|\.\.\.)[ \t]*$", text, re.MULTILINE)
    return text[: found.start()] if found else text


def _yaml_pairs(node: MappingNode, text: str) -> tuple[tuple[str, Value], ...]:
    return tuple((str(_yaml_value(k, text).text), _yaml_value(v, text)) for k, v in node.value)


def _yaml_value(node: Node, text: str) -> Value:
    import yaml

    if isinstance(node, yaml.ScalarNode):
        kind = _TAGS.get(node.tag.rpartition(":")[2], "string")
        return Value("" if kind == "null" else str(node.value), kind)
    written = text[node.start_mark.index : node.end_mark.index]
    return Value(written, "an object" if isinstance(node, yaml.MappingNode) else "a list")
