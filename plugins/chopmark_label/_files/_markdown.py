"""Markdown: the block is the key AIGC of the YAML front matter (TC260-PG-20258A 6.5).

Also read, since they are found in public files: a second front matter behind the first, one behind
empty lines, and a block in a code fence or in bare lines at the very beginning or end. One in the
middle of a text is what the text is about, and is left alone.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

from chopmark_label._files._errors import FileError, missing
from chopmark_label._files._format import Place
from chopmark_label._files._front_matter import BOM, FRONT, Section, other_front, sections_of
from chopmark_label._files._whole import LONGEST_TEXT, read_whole, write_whole
from chopmark_label._files._yaml_keys import Label, loose_labels, write_label

_WIDE = (b"\xff\xfe", b"\xfe\xff")  # marks of what is not UTF-8
_LINE = re.compile(r"[^\n]*\n|[^\n]+\Z")


class Markdown:
    """Markdown, in UTF-8 or an encoding that agrees with it in ASCII."""

    name = "Markdown"
    suffixes = (".md", ".markdown", ".mdown", ".mkd", ".mdx", ".qmd", ".rmd")

    def fits(self, head: bytes) -> bool:
        """Return whether this may be Markdown: any text may, so only the name can tell.

        UTF-16 is known, so that it can be refused by name.
        """
        if head.startswith(_WIDE):
            return True
        return b"\0" not in head and not head.startswith((b"%PDF-", b"PK\x03\x04"))

    def read(self, path: Path) -> list[Place]:
        """Return the blocks of all front matter, and those at the beginning and end."""
        text = _decode(path)
        return _places(_sections(path, text), text)

    def write(self, source: Path, target: Path, block: str) -> str:
        """Write the key AIGC in the front matter, which is made where there is none.

        Comments inside a block that is replaced go with it.

        Raises:
            FileError: the front matter is not YAML, or the block is not an object of strings.
        """
        text = _decode(source)
        pairs = _pairs(source, block)
        newline = "\r\n" if re.match(r"[^\n]*\r\n", text) else "\n"
        sections = _sections(source, text)
        begin = len(BOM) if text.startswith(BOM) else 0
        front = sections[0] if sections and sections[0].where == FRONT else None
        keys = front.keys if front else None
        edits = []
        if front is None:
            if kind := other_front(text, begin):
                raise FileError(
                    source,
                    f"begins with {kind} front matter, where no guide has a place for a label; "
                    "turn it into YAML between lines of ---",
                )
            made = write_label(pairs, 0, newline)
            edits.append((begin, begin, newline.join(("---", made, "---", "", ""))))
        else:
            edits += _edit_front(source, text, front, pairs, newline)
        for section in sections[front is not None :]:
            edits += _removals(source, text, section)
        new = text
        for start, end, put in sorted(edits, reverse=True):
            new = new[:start] + put + new[end:]
        first, *others = _sections(source, new)
        whole = first.keys is not None and first.keys.others == (keys.others if keys else 0)
        if not whole or [p.text for p in _places([first, *others], new)] != [block]:
            raise FileError(
                source,
                f"cannot carry the block {block[:80]!r} in its front matter as it is; put the "
                "front matter in order: one mapping, one key a line, no anchors",
            )
        write_whole(target, new.encode("utf-8", "surrogateescape"))
        return "YAML front matter, AIGC"


def _decode(path: Path) -> str:
    """Return the text; bytes that are not UTF-8 come back as they were when it is encoded."""
    data = read_whole(path, LONGEST_TEXT)
    if data.startswith(_WIDE) or b"\0" in data[:4096]:
        raise FileError(path, "is not text in UTF-8; save it in that encoding")
    return data.decode("utf-8", "surrogateescape")


def _pairs(path: Path, block: str) -> list[tuple[str, str]]:
    """Return the keys and values of a block: YAML has places for these, not for JSON."""
    try:
        pairs = json.loads(block, object_pairs_hook=list)
    except (ValueError, RecursionError):
        pairs = None
    whole = isinstance(pairs, list) and all(
        isinstance(pair, tuple) and isinstance(pair[1], str) for pair in pairs
    )
    if not whole or block.lstrip()[:1] != "{":
        raise FileError(
            path,
            f"cannot carry the block {block[:80]!r}: front matter takes a JSON object whose values "
            "are strings",
        )
    return [(str(name), str(value)) for name, value in pairs]


def _sections(path: Path, text: str) -> list[Section]:
    try:
        return sections_of(text)
    except ImportError as error:
        raise missing(path, "PyYAML") from error


def _places(sections: list[Section], text: str) -> list[Place]:
    places = []
    for section in sections:
        if section.keys is None:
            found = loose_labels(text[section.inner : section.inner_end])
        else:
            found = [label.text for label in section.keys.labels]
        places += [Place(label, section.where) for label in found]
    return places


def _edit_front(
    path: Path, text: str, front: Section, pairs: list[tuple[str, str]], newline: str
) -> list[tuple[int, int, str]]:
    keys = front.keys
    if keys is None:
        raise FileError(
            path,
            f"begins with --- but what follows is not YAML with keys ({front.problem}); mend it, "
            "or put an empty line first if it is a rule and no front matter",
        )
    if not keys.in_lines:
        raise _flow(path, front)
    made = write_label(pairs, keys.column, newline)
    if not keys.labels:
        return [(front.inner_end, front.inner_end, " " * keys.column + made + newline)]
    first, *others = keys.labels
    if first.end < 0:
        raise FileError(path, "has an alias at AIGC in its front matter; write the value there")
    replaced = (front.inner + first.start, front.inner + first.end, made)
    return [replaced, *(_removal(path, text, front, label) for label in others)]


def _removals(path: Path, text: str, section: Section) -> list[tuple[int, int, str]]:
    keys = section.keys
    if keys is None or not keys.others:
        return [(section.start, section.end, "")]
    return [_removal(path, text, section, label) for label in keys.labels]


def _removal(path: Path, text: str, section: Section, label: Label) -> tuple[int, int, str]:
    if label.end < 0 or section.keys is None or not section.keys.in_lines:
        raise _flow(path, section)
    line = _LINE.match(text, section.inner + label.end)
    start = section.inner + label.start - section.keys.column
    return start, line.end() if line else section.inner + label.end, ""


def _flow(path: Path, section: Section) -> FileError:
    return FileError(path, f"has {section.where} whose keys are not one a line; write them so")


MARKDOWN = Markdown()
