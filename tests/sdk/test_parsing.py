"""JSON is read the same, whatever reads it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chopmark import parsing

values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.text() | st.floats(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)
surrogates = st.text(st.characters(categories=["Cs", "Lu"]), min_size=1)


@pytest.fixture(params=["orjson", "json"])
def parse(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Any:
    if request.param == "json":
        monkeypatch.setattr(parsing, "orjson", None)
    else:
        pytest.importorskip("orjson")
    return parsing.parse


@given(values | st.lists(surrogates))
def test_what_was_written_is_read(value: Any) -> None:
    for ascii_only in (True, False):
        line = json.dumps(value, ensure_ascii=ascii_only).encode("utf-8", "backslashreplace")
        assert repr(parsing.parse(line)) == repr(json.loads(line.decode()))


@pytest.mark.parametrize("line", [b"", b"{", b'{"a":1}x', b"\xff", b"nul", b'"\x00"', b"[1,]"])
def test_what_is_no_json_is_refused(parse: Any, line: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse(line)


def test_what_is_nested_too_deep_ends_in_an_error(parse: Any) -> None:
    with pytest.raises((ValueError, RecursionError)):
        parse(b"[" * 200_000)
