"""Texts, pages and JSON that ask for more than they are long."""

from __future__ import annotations

from collections.abc import Callable

from tests.plugins.label.hostile._blocks import (
    BLOCK,
)


def htmlrepeated(piece: bytes, size: int, head: bytes = b"<!doctype html><html><body>") -> bytes:
    return head + piece * (size // len(piece))


def repeated(piece: str, tail: str = "") -> Callable[[int], bytes]:
    return lambda size: htmlrepeated(piece.encode(), size) + tail.encode()


def html_metas(size: int) -> bytes:
    return htmlrepeated(f"<meta name=AIGC content='{BLOCK}'>".encode(), size, b"<html><head>")


def json_lists(size: int) -> bytes:
    return b'[{"AIGC":{}}' + b",[]" * (size // 3) + b"]"


def json_paths(size: int) -> bytes:
    """An object with a long key, under which is a list."""
    half = size // 2
    return b'{"AIGC":{},"' + b"a" * half + b'":[0' + b",0" * (half // 2) + b"]}"


def json_blocks(size: int) -> bytes:
    return b"[" + b",".join(b'{"AIGC":{"Label":"%d"}}' % n for n in range(size // 26)) + b"]"


def json_fields(size: int) -> bytes:
    """A block with very many keys that no standard has."""
    return b'{"AIGC":{' + b",".join(b'"%d":0' % n for n in range(size // 11)) + b"}}"


def yaml_aliases(size: int) -> bytes:
    text = b"---\nAIGC:\n  a: &a [x]\n" + b"".join(
        b"  b%d: &b%d [*a, *a, *a, *a, *a, *a]\n" % (n, n) for n in range(size // 40)
    )
    return text[:60000] + b"\n---\n"


def markdown_loose(size: int) -> bytes:
    return b"---\n" + b"AIGC: {\n" * (size // 8) + b"---\n"
