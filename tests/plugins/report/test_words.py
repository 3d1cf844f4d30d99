"""The report says the same in every language."""

from __future__ import annotations

from chopmark.testing import WordingContract


class TestWords(WordingContract):
    package = "chopmark_report"
