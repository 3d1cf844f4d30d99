"""The top level of a piece of YAML: where AIGC stands in it, and what it says.

PyYAML reads, and says where each value begins and ends; a writer then changes the text itself, so
that comments, quotes and order of everything else stay.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from yaml import MappingNode, Node  # type: ignore[import-untyped]

KEY = "AIGC"
LARGEST = 64 * 2**10
"""Characters of the longest front matter that is parsed: PyYAML takes about a second for these."""

_NAMES = ("Label", "ContentProducer", "ProduceID", "ReservedCode1", "ContentPropagator",
          "PropagateID", "ReservedCode2")  # fmt: skip
_DEEPEST = 16
_MOST_NODES = 1_000
_MOST_LOOSE = 20
_LOOSE = re.compile(rf"^{KEY}[ \t]*:.*(?:\r?\n(?:[ \t]+\S.*|[ \t]*(?=\r?\n[ \t]+\S)))*", re.M)
_ESCAPED = {"\n": r"\n", "\r": r"\r", "\t": r"\t", '"': r"\"", "\\": r"\\"}


class Label(NamedTuple):
    """One key AIGC with its value."""

    start: int
    """Where the key begins, in the text that was parsed."""
    end: int
    """Where the value ends, without white space behind it; -1 where it stands elsewhere."""
    text: str
    """The value: a mapping as JSON with strings, a scalar as it is."""
    named: bool
    """Whether it has a key of GB 45438-2025 Annex E."""


@dataclass(frozen=True, slots=True)
class Keys:
    """The top level of one mapping."""

    labels: tuple[Label, ...] = ()
    others: int = 0
    """How many keys are not AIGC."""
    column: int = 0
    """Where a key begins in its line."""
    in_lines: bool = True
    """Whether each key begins a line, so that one can be added or taken away."""


class NotKeysError(Exception):
    """The text is not YAML, or not a mapping."""


def parse_keys(text: str) -> Keys:
    """Return the top level of `text`, which is YAML.

    Raises:
        NotKeysError: it is not YAML, is longer than `LARGEST`, or is no mapping.
        ImportError: PyYAML is not installed.
    """
    import yaml

    if len(text) > LARGEST:
        raise NotKeysError(f"it has {len(text):,} characters, and {LARGEST:,} are read at most")
    try:
        node = yaml.compose(text, Loader=yaml.BaseLoader)
    except yaml.MarkedYAMLError as error:
        line = f"line {error.problem_mark.line + 1}: " if error.problem_mark else ""
        raise NotKeysError(f"{line}{error.problem or error.context}") from error
    except (yaml.YAMLError, ValueError, OverflowError, IndexError) as error:
        raise NotKeysError(" ".join(str(error).split())[:100]) from error
    except RecursionError as error:
        raise NotKeysError("it is nested too deeply") from error
    if node is None:
        return Keys()
    if not isinstance(node, yaml.MappingNode):
        raise NotKeysError("it has no keys")
    return _keys(text, node)


def loose_labels(text: str) -> list[str]:
    """Return what stands at AIGC in a text that is no YAML as a whole."""
    found = []
    for match in islice(_LOOSE.finditer(text), _MOST_LOOSE):
        try:
            found += [label.text for label in parse_keys(match[0]).labels]
        except NotKeysError:
            found.append(match[0])
    return found


def write_label(pairs: list[tuple[str, str]], column: int, newline: str) -> str:
    """Return the key AIGC with a mapping, as lines, the first without its indent.

    TC260-PG-20258A 6.5: the values are in single quotes.
    """
    indent = newline + " " * (column + 2)
    lines = [f"{name if name in _NAMES else _quote(name)}: {_quote(text)}" for name, text in pairs]
    return f"{KEY}:{indent}{indent.join(lines)}" if lines else f"{KEY}: {{}}"


def _quote(text: str) -> str:
    if text.isprintable():
        return "'" + text.replace("'", "''") + "'"
    return '"' + "".join(_ESCAPED.get(c) or _escape(c) for c in text) + '"'


def _escape(char: str) -> str:
    return char if char.isprintable() else f"\\U{ord(char):08x}"


def _keys(text: str, node: MappingNode) -> Keys:
    import yaml

    labels, others = [], 0
    starts = [key.start_mark for key, _ in node.value]
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode) or key.value != KEY:
            others += 1
            continue
        start = key.start_mark.index
        elsewhere = value.start_mark.index < key.end_mark.index  # an alias
        end = -1 if elsewhere else start + len(text[start : _end(value)].rstrip())
        named = isinstance(value, yaml.MappingNode) and any(
            isinstance(name, yaml.ScalarNode) and name.value in _NAMES for name, _ in value.value
        )
        labels.append(Label(start, end, _text(text, value), named))
    in_lines = not node.flow_style and all(
        not text[mark.index - mark.column : mark.index].strip(" ") for mark in starts
    )
    column = starts[0].column if starts else 0
    return Keys(tuple(labels), others, column, in_lines)


def _end(node: Node) -> int:
    """Return where a value ends. PyYAML ends a block of lines where the next thing begins."""
    import yaml

    while isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        value = last[1] if isinstance(last, tuple) else last
        if value.start_mark.index < node.start_mark.index:  # an alias
            return int(node.end_mark.index)
        node = value
    return int(node.end_mark.index)


def _text(text: str, value: Node) -> str:
    """Return a scalar as it is, and anything else as JSON; as it is written where that is huge."""
    import yaml

    if isinstance(value, yaml.ScalarNode):
        return str(value.value)
    left = [_MOST_NODES]
    try:
        return _json(value, left, 0)
    except _HugeError:
        return text[value.start_mark.index : value.end_mark.index].rstrip()


class _HugeError(Exception):
    """A value has more in it than a block can: by aliases a few lines can stand for billions."""


def _json(node: Node, left: list[int], depth: int) -> str:
    import yaml

    left[0] -= 1
    if left[0] < 0 or depth > _DEEPEST:
        raise _HugeError
    if isinstance(node, yaml.ScalarNode):
        return json.dumps(node.value, ensure_ascii=False)
    if isinstance(node, yaml.SequenceNode):
        return "[" + ",".join(_json(item, left, depth + 1) for item in node.value) + "]"
    pairs = []
    for key, value in node.value:
        name = _json(key, left, depth + 1)
        name = name if isinstance(key, yaml.ScalarNode) else json.dumps(name)
        pairs.append(f"{name}:{_json(value, left, depth + 1)}")
    return "{" + ",".join(pairs) + "}"
