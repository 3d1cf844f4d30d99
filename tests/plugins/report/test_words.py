"""The report says the same in every language, and has a word for whatever a record may say."""

from __future__ import annotations

from typing import get_args, get_type_hints

import pytest

from chopmark import Act, Direction, Ending, Failure, Outcome
from chopmark.testing import WordingContract
from chopmark.wording import Wording
from chopmark_complaints import DECISIONS


class TestWords(WordingContract):
    package = "chopmark_report"


@pytest.mark.parametrize(
    ("what", "names"),
    [
        ("action", get_args(Act)),
        ("ending", get_args(Ending)),
        ("outcome", get_args(Outcome)),
        ("direction", get_args(Direction)),
        ("handled", get_args(get_type_hints(Failure)["handled"])),
        ("decision", DECISIONS),
    ],
)
def test_every_value_of_a_record_has_a_chinese_name(what: str, names: tuple[str, ...]) -> None:
    words = Wording.of("chopmark_report", "zh")
    said = [words(f"said.{what}.{name}") for name in names]
    assert not any(text.isascii() for text in said)
    assert len({*said}) == len(names)
