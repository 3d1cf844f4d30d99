"""Finds where one address ends, in a text that comes in pieces."""

from __future__ import annotations

from ._tokens import (
    Form,
    angle_end,
    autolink_end,
    bare_end,
    inline_end,
    quoted_end,
    value_end,
    word_end,
)


class End:
    """Looks for the end of an address that begins at a place.

    Args:
        form: where the address stands.
        opening: its first character, or what stands before one in the text; an angle bracket
            or a quotation mark encloses it.
    """

    __slots__ = ("_at", "_depth", "_search")

    def __init__(self, form: Form, opening: str, at: int) -> None:
        self._at = at
        self._depth = 0
        if form == "bare":
            self._search = autolink_end if opening == "<" else bare_end
        elif form == "attribute":
            self._search = quoted_end.get(opening, value_end)
        elif opening == "<":
            self._search = angle_end
        else:
            self._search = inline_end if form == "inline" else word_end

    def moved(self, by: int) -> None:
        """Take note that the text before was cut off, `by` characters of it."""
        self._at -= by

    def find(self, text: str, until: int, *, last: bool) -> int:
        """Return where the address ends; -1 where that is not known up to `until`."""
        while True:
            found = self._search(text, self._at, until + 1)
            if found is None:
                self._at = max(self._at, min(until, len(text)))
                return -1
            if found.start() >= until:
                return -1
            kind = found.lastgroup
            if not last and found.end() == len(text) and kind in ("soft", "escape"):
                return -1  # the next character decides
            if kind is None or kind == "soft" or (kind == "close" and not self._depth):
                return found.start()
            self._depth += _DEPTH.get(kind, 0)
            self._at = found.end()


_DEPTH = {"open": 1, "close": -1}
