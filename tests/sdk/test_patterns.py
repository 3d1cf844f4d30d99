"""Every regular expression that is run on users' texts takes time that grows as the text does.

The patterns are those that are compiled when the SDK, the plugins and the adapters are imported
and the detectors made, each by the line that compiled it, and those that a call of `re` is given; a
line of the source that compiles one and was not met is named. Each is run on texts that repeat what
one of its own repeats matches, and then fail.
"""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pytest

if sys.version_info >= (3, 11):
    from re import _constants as constants  # type: ignore[attr-defined]
    from re import _parser as parser  # type: ignore[attr-defined]
else:
    import sre_constants as constants
    import sre_parse as parser

ROOT = Path(__file__).parents[2]
PACKAGES = (
    "sdk/chopmark",
    *(f"{path.parent.name}/{path.name}" for path in sorted(ROOT.glob("plugins/chopmark_*"))),
    *(f"{path.parent.name}/{path.name}" for path in sorted(ROOT.glob("adapters/chopmark_*"))),
    "examples/chopmark_demo",
)
METHODS = {"match", "search", "fullmatch", "sub", "subn", "split", "findall", "finditer"}
CALLS = {f"re.{method}" for method in METHODS}
REPEATS = (constants.MAX_REPEAT, constants.MIN_REPEAT)
MANY, LENGTH = 20, 3_000

BOUNDED = {
    "chopmark_label/_files/_html_encoding.py": {"": "the first 1,024 bytes of a file"},
    "chopmark_pii/_iban.py": {"([0-9]+)!": "the plugin's own table"},
    "chopmark_pii/_language.py": {"": "at most 200 characters before a value"},
    "chopmark_pii/_numbers.py": {"[A-Za-z0-9]*\\Z": "at most two characters before a number"},
    "chopmark_pii/_units.py": {"[!-+\\--~]+\\Z": "one character, or a unit of bounded length"},
    "chopmark_report/_plots.py": {"": "pictures that matplotlib drew of counts"},
}
"""Patterns of which the time grows faster, and what bounds the texts that they are run on."""

MADE_IN_A_CALL = {
    "adapters/chopmark_openai/_form.py": "a key letter for letter, blanks, a colon, blanks",
    "sdk/chopmark/_look.py": "patterns of scanners, tried in turn at each place of a text",
    "plugins/chopmark_assess/_sets.py": "of the plugin's own table of sets",
    "plugins/chopmark_injection/_characters.py": "at most two characters, nothing is repeated",
    "plugins/chopmark_label/_detect.py": "a number of characters: no character is of both kinds",
    "plugins/chopmark_label/_files/_front_matter.py": "a fence at the start of a line, then blanks",
    "plugins/chopmark_label/_html.py": "the end of a comment or of an element, letter for letter",
    "plugins/chopmark_label/_known.py": "wordings letter for letter, blanks from a line's start on",
    "plugins/chopmark_label/_strip.py": "wordings letter for letter",
    "plugins/chopmark_pii/_restore.py": "the placeholders of one call, letter for letter",
}
"""Files that make patterns in a call, and why those are linear."""

RECORD = """
import importlib, json, pathlib, re, sys
real, root, found, missing = re.compile, pathlib.Path(sys.argv[1]), {}, []
def compile(pattern, flags=0):
    made, frame = real(pattern, flags), sys._getframe(1)
    path = pathlib.Path(frame.f_code.co_filename)
    if path.is_relative_to(root):
        where, text = path.relative_to(root).as_posix(), isinstance(made.pattern, str)
        written = made.pattern if text else made.pattern.decode("latin-1")
        found.setdefault((where, frame.f_lineno), {})[written] = (made.flags, text)
    return made
re.compile = compile
sys.path.append(str(root / "examples"))
for package in sys.argv[2:]:
    folder = root / package
    for path in sorted(folder.rglob("*.py")):
        name = ".".join(path.relative_to(folder.parent).with_suffix("").parts)
        if not name.endswith("__main__"):
            try:
                importlib.import_module(name.removesuffix(".__init__"))
            except ImportError:  # of an extra that is not installed
                missing.append(path.relative_to(root).as_posix())
from chopmark import Context, Policy
from chopmark_assess._tone import tone
from chopmark_c2pa._nfc import nfc
from chopmark_pii._kinds import KINDS
tone("fine")
nfc("e\u0301" * 40)
policies = [("keyword", {}), ("injection", {}), ("minors", {})]
policies += [("pii", {"language": one, "kinds": list(KINDS)}) for one in ("zh", "en", "auto")]
for name, options in policies:
    policy = Policy(name="p").with_options(name, **options)
    plugin = importlib.import_module(f"chopmark_{name}")
    for detector in plugin.chopmark_detectors(policy):
        asked = Context(direction="input", role="user", audience="minor")
        for context in (Context(direction="output"), asked):
            detector.judge("张伟 lives at 12 Elm Road 西湖路1号", context)
rows = [[*key, *item] for key, made in found.items() for item in made.items()]
print(json.dumps({"rows": rows, "missing": missing}))
"""

Pattern = tuple[str, bool]
"""A pattern, in Latin-1 where it is one of bytes, and whether it is one of text."""


class Compiled(NamedTuple):
    """The patterns and their flags by file and line, and the files that cannot be imported here."""

    patterns: Mapping[tuple[str, int], Mapping[Pattern, int]]
    missing: Collection[str]


@pytest.fixture(scope="module")
def compiled() -> Compiled:
    command = [sys.executable, "-W", "ignore", "-c", RECORD, str(ROOT), *PACKAGES]
    said = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    found: dict[tuple[str, int], dict[Pattern, int]] = {}
    for path, line, pattern, (flags, text) in said["rows"]:
        found.setdefault((path, line), {})[pattern, text] = flags
    return Compiled(found, said["missing"])


def sites(path: Path) -> Iterator[tuple[ast.Call, set[str]]]:
    """Return each call of `re` in a file, and how the pattern that it is given is used there."""
    tree = ast.parse(path.read_text("utf-8"))
    above = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    used: dict[str, set[str]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in METHODS:
            used.setdefault(ast.unparse(node.value), set()).add(node.attr)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "re.compile":
            parent: Any = above[node]
            if isinstance(parent, ast.Attribute):
                yield node, {parent.attr}
                continue
            names = [ast.unparse(t) for t in getattr(parent, "targets", [])]
            yield node, set().union(*(used.get(name, set()) for name in names)) or {"search"}
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in CALLS:
            yield node, {ast.unparse(node.func).removeprefix("re.")}


def written(call: ast.Call) -> dict[Pattern, int]:
    """Return the pattern that a call of `re.match` and the like is given, where it stands there."""
    pattern = call.args[0]
    if ast.unparse(call.func) == "re.compile" or not isinstance(pattern, ast.Constant):
        return {}
    names = re.findall(r"re\.([A-Z]+)", ast.unparse(call))
    flags = sum({int(getattr(re, name)) for name in names})
    text = isinstance(pattern.value, str)
    return {(pattern.value if text else pattern.value.decode("latin-1"), text): flags}


def sample(items: Any) -> str:
    """Return a text that parsed `items` match, as far as that is easy to say."""
    return "".join([_one(op, argument) for op, argument in items])


def _one(op: Any, argument: Any) -> str:
    if op is constants.LITERAL:
        return chr(argument)
    if op is constants.IN:
        return _of_set(argument)[0]
    if op in (constants.ANY, constants.NOT_LITERAL):
        return "a" if argument != ord("a") else "b"
    if op is constants.BRANCH:
        return sample(argument[1][0])
    if op is constants.SUBPATTERN:
        return sample(argument[3])
    if op in REPEATS:
        return str(sample(argument[2]) * max(1, min(argument[0], MANY)))
    return ""


def _of_set(items: Any) -> list[str]:
    """Return some characters of a set, of each of its parts one."""
    kinds = {constants.CATEGORY_DIGIT: "1", constants.CATEGORY_SPACE: " "}
    found = [
        chr(argument[0]) if op is constants.RANGE
        else kinds.get(argument, "a") if op is constants.CATEGORY
        else chr(argument)
        for op, argument in items if op is not constants.NEGATE
    ]  # fmt: skip
    if items[0][0] is constants.NEGATE:
        return [char for char in "ab1 -_中" if char not in found] or ["\x02"]
    return found


def repeats(items: Any, before: str = "") -> Iterator[tuple[str, str]]:
    """Return what each repeat of many matches, behind what matches all that stands before it."""
    for op, argument in items:
        if op is constants.BRANCH:
            for branch in argument[1]:
                yield from repeats(branch, before)
        elif op is constants.SUBPATTERN:
            yield from repeats(argument[3], before)
        elif op in REPEATS:
            inner = argument[2]
            if argument[1] > MANY:
                yield before, sample(inner)
                if len(inner) == 1 and inner[0][0] is constants.IN:
                    yield from ((before, char) for char in _of_set(inner[0][1]))
            yield from repeats(inner, before)
        before += _one(op, argument)


def grows_faster(run: Callable[[str], object], make: Callable[[int], str]) -> bool:
    """Return whether four times the text takes more than eight times as long, and again."""

    def took(length: int, enough: float = 0.0) -> float:
        """Return the seconds of the faster of two runs, or of the first where it is `enough`."""
        text, times = make(length), []
        while len(times) < 2 and (not times or times[0] >= enough):
            began = time.process_time()
            run(text)
            times.append(time.process_time() - began)
        return min(times)

    if took(20, 0.005) > 0.005:  # exponential: a longer text would never come to its end
        return True
    if took(LENGTH, 0.003) < 0.003:  # twice what the slowest of the linear ones takes
        return False
    return all(took(4 * LENGTH) > 8 * took(LENGTH) for _ in range(2))


def _text(before: str, piece: str, end: str, length: int) -> str:
    return before + piece * (length // len(piece)) + end


def quadratic(pattern: str, flags: int, ways: set[str], *, of_text: bool = True) -> str:
    """Return the text, repeated, for which the time of `pattern` grows faster than its length."""
    if not of_text:
        # A byte is a character of Latin-1, and classes mean ASCII.
        flags |= re.ASCII
    made = re.compile(pattern, flags)
    anchored = ways & {"match", "fullmatch"}
    runs: list[Callable[[str], object]] = [getattr(made, way) for way in anchored]
    if ways - anchored:
        runs.append(lambda text: sum(1 for _ in made.finditer(text)))
    tree = parser.parse(pattern, flags)
    found = [*repeats(tree)]
    texts = dict.fromkeys([("", sample(tree)), *found, *(("", one + more) for one, more in found)])
    for before, piece in texts:
        for end in ("\x01", "") if piece else ():
            text = partial(_text, before, piece, end)
            if any(grows_faster(run, text) for run in runs):
                return before + piece
    return ""


@pytest.mark.parametrize("package", PACKAGES)
def test_no_pattern_takes_time_that_grows_faster_than_the_text(
    compiled: Compiled, package: str
) -> None:
    slow, unmet = [], []
    for path in sorted((ROOT / package).rglob("*.py")):
        where = path.relative_to(ROOT).as_posix()
        bounded = BOUNDED.get(where.partition("/")[2], {})
        for call, ways in sites(path):
            lines = range(call.lineno, (call.end_lineno or call.lineno) + 1)
            patterns = written(call)
            for line in lines:
                patterns |= compiled.patterns.get((where, line), {})
            if not patterns and where not in MADE_IN_A_CALL and where not in compiled.missing:
                unmet.append(f"{where}:{call.lineno}")
            for (pattern, of_text), flags in patterns.items():
                if pattern in bounded or "" in bounded:
                    continue
                piece = quadratic(pattern, flags, ways, of_text=of_text)
                if piece:
                    slow.append(f"{where}:{call.lineno} on {piece[:40]!r} repeated")
    assert (slow, unmet) == ([], [])


@pytest.mark.parametrize(
    ("pattern", "way"),
    [("(a|a)*b", "match"), ("a+!", "search"), (r"\s*\n\s*x", "match"), ("(?:a+)+$", "match")],
)
def test_what_grows_faster_is_seen(pattern: str, way: str) -> None:
    assert quadratic(pattern, 0, {way})
