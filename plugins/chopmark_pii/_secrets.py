"""The detector of secrets: passwords, keys and tokens that people paste into a request."""

from __future__ import annotations

from collections.abc import Sequence

from chopmark import Context, Needs, Verdict
from chopmark.hookspecs import IdleScanner, Scanner

from ._detector import PiiDetector
from ._secret_forms import CUE, CUE_MOST, REACH
from ._secret_scanner import SecretScanner


class SecretDetector:
    """Finds secrets. Immutable; shared by threads.

    It is apart from `PiiDetector` since a secret may hold any character and have any length, and
    may hold no digit: in answers it would cost every piece, so that it judges requests alone.

    Args:
        pii: what makes verdicts of what is found, by the same options.
        answers: judge answers, too.
    """

    name = "pii_secrets"
    version = "1"
    categories = ("pii",)
    blocking = False
    needs = Needs.window(REACH + CUE_MOST)

    def __init__(self, pii: PiiDetector, *, answers: bool = False) -> None:
        self._pii = pii
        self._answers = answers

    def open(self, context: Context) -> Scanner:
        """Return a scanner for one text; an idle one for answers, unless they are judged too."""
        if context.direction == "output" and not self._answers:
            return IdleScanner()
        return SecretScanner(self._pii.advice(context))

    def clears(self, text: str, context: Context) -> bool:
        """Return whether nothing is to be found in a whole text, of those that are judged."""
        return (context.direction == "input" or self._answers) and CUE(text) is None

    def judge(self, text: str, context: Context) -> Sequence[Verdict]:
        """Return what is found in `text`, from left to right."""
        scanner = self.open(context)
        return [*scanner.feed(text), *scanner.finish()]
