"""The detector of addresses in answers that carry data away."""

from __future__ import annotations

from collections.abc import Sequence

from chopmark import Context, Needs, Verdict
from chopmark.hookspecs import IdleScanner

from ._judge import Judge
from ._links import CAP, LinkScanner
from ._options import Options


class ExfiltrationDetector:
    """Finds links and images in answers that carry data to a host that is not allowed. Immutable.

    Categories `injection.exfiltration.`: `image` for whatever is loaded without anybody following
    it (images, frames, styles, and reference definitions, which an image may use), `link` for the
    rest. It advises `modify`: the address is replaced, its text stays. The score says how much
    could be data: n characters give n / (n + 16). An address longer than 256 characters counts
    whole.

    It judges answers only. In what a user or a tool says, an address sends nothing.
    """

    name = "injection.exfiltration"
    version = "1"
    categories = ("injection.exfiltration",)
    blocking = False
    needs = Needs.window(CAP + 1)

    def __init__(self, options: Options) -> None:
        self._judge = Judge(options)

    def open(self, context: Context) -> LinkScanner | IdleScanner:
        """Return a scanner for one text."""
        return LinkScanner(self._judge) if context.direction == "output" else IdleScanner()

    def judge(self, text: str, context: Context) -> Sequence[Verdict]:
        """Return what is found in `text`."""
        scanner = self.open(context)
        return [*scanner.feed(text), *scanner.finish()]
