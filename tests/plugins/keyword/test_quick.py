"""What ASCII text becomes in a lane is the same whether it is written byte by byte or not."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.depth import scaled

from chopmark_keyword._encoded import Encoded, Rotated
from chopmark_keyword._exact import Exact, Joined
from chopmark_keyword._initials import Initials
from chopmark_keyword._lane import Table
from chopmark_keyword._parts import Parts
from chopmark_keyword._sounds import Sounds
from chopmark_keyword._tones import Tones
from chopmark_keyword._words import Words

TABLES = {
    type(sight).__name__: sight.table
    for sight in (
        Words(), Sounds(), Tones(), Initials(), Parts(["枪支图纸"]), Encoded(), Rotated(), Exact(),
        Joined(),
    )
}  # fmt: skip
ODD = {
    "longer, of what is kept": Table(lambda char: {"a": "bb", "b": "a"}.get(char, char)),
    "longer, in turns": Table(lambda char: {"a": "bb", "b": "aa"}.get(char, "")),
    "beyond ASCII": Table(lambda char: {"a": "啊"}.get(char, char)),
    "longer, beyond ASCII": Table(lambda char: {"1": "一个"}.get(char, char)),
}
ASCII = st.text(alphabet=[chr(code) for code in range(128)], max_size=40)


@pytest.mark.parametrize("name", [*TABLES, *ODD])
@settings(max_examples=scaled(60), deadline=None)
@given(text=st.one_of(ASCII, st.text(max_size=40)))
def test_a_table_writes_what_translate_does(name: str, text: str) -> None:
    table = {**TABLES, **ODD}[name]
    assert table.write(text) == text.translate(table)
    assert [*table.lengths(text)] == [len(table[ord(char)]) for char in text]
