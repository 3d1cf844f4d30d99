"""The detector of characters that nobody sees and a model reads."""

from __future__ import annotations

from collections.abc import Sequence

from chopmark import Context, Needs, Verdict

from ._hidden import BLOCK, HiddenScanner
from ._options import Options
from ._surfaces import surface_of


class InvisibleDetector:
    """Finds invisible instructions and payloads. Immutable, shared by threads.

    Categories `injection.invisible.`: `tags` (U+E0000 to U+E007F), `selectors` (runs of variation
    selectors, which can spell any byte), `bidi` (overrides of the direction), `zero_width` (long
    runs) and `spread` (many single ones inside words). It advises `modify`, which takes the
    characters out. `detail` is the surface of the text.

    Emoji with their joiners and selectors, flags of subdivisions, the joiners of scripts that
    have them, variants of ideographs, soft hyphens and a leading byte order mark are left alone;
    so is the first C2PA manifest of a text.
    """

    name = "injection.invisible"
    version = "1"
    categories = ("injection.invisible",)
    blocking = False
    needs = Needs.window(BLOCK)

    def __init__(self, options: Options) -> None:
        self._options = options

    def open(self, context: Context) -> HiddenScanner:
        """Return a scanner for one text."""
        surface = surface_of(context, self._options.surfaces)
        return HiddenScanner(surface, manifests=self._options.manifests)

    def judge(self, text: str, context: Context) -> Sequence[Verdict]:
        """Return what is found in `text`."""
        scanner = self.open(context)
        return [*scanner.feed(text), *scanner.finish()]
