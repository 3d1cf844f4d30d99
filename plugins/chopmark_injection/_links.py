"""Follows one text in progress, and finds addresses in it that carry data to a foreign host.

The scanner looks for a sign (`_tokens`), takes the address behind it up to its end (`_ends`), and
judges it (`_judge`). What is not reported is looked at again: it may hold other signs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from chopmark import Verdict

from ._ends import End
from ._judge import Judge
from ._tokens import (
    CROSSED,
    FOLLOWED_TAGS,
    LONGEST,
    NAME_BEFORE,
    SPACES,
    STYLE_BEFORE,
    UNDECIDED,
    Form,
    attribute,
    begins,
    hot,
    hot_in_tags,
    loads_in_style,
    relative,
    scheme,
    space,
    token,
    warm,
)

CAP = 256
"""The most characters of an address that are looked at before it is judged."""

_BEHIND = NAME_BEFORE + LONGEST  # what is kept before the place where the search goes on
_MOST = 512  # trimmed beyond this
_MAY_BEGIN = frozenset("hHtTpPsSfFwW:.")
_FIRST = frozenset("/\\&<\"'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
_Step = Callable[[list[Verdict], bool], bool]


class LinkScanner:
    """One text in progress; not shared by threads.

    Held back is an address from its first character until it has been judged, `CAP` characters
    at most; what stands before it is not. A piece without a sign costs one search.
    """

    __slots__ = (
        "_again", "_at", "_base", "_form", "_hot", "_image", "_judge", "_listed", "_loads",
        "_start", "_step", "_tag", "_text", "_until", "_warm", "settled",
    )  # fmt: skip

    def __init__(self, judge: Judge) -> None:
        self.settled = 0
        self._judge = judge
        self._text = ""  # the end of the text
        self._base = 0  # where that begins in the whole text
        self._at = 0  # where the search goes on
        self._step: _Step = self._seek
        self._hot = hot
        self._warm = False  # whether a sign, or the address behind it, is in progress
        self._image = False  # whether an image has begun in this paragraph
        self._tag = ""  # the last element that was opened
        self._listed = False  # whether addresses here belong to something that loads
        # The address that is being taken:
        self._form: Form = "bare"
        self._loads = False
        self._start = 0
        self._again = 0  # where to look again where it is not reported
        self._until: End | None = None

    def feed(self, text: str) -> Sequence[Verdict]:
        """Take the next piece."""
        if not text:
            return ()
        before = self._text
        buffer = self._text = before + text
        back = len(before) - CROSSED
        if back < 0:
            back = 0
        if self._warm or (warm(buffer, back) and self._hot(buffer, back)):
            return self._advance(last=False)
        end = len(buffer)
        if end > _MOST:
            if self._image:
                return self._advance(last=False)  # an empty line may be in it
            self._trim(end - LONGEST)
            buffer = self._text
            end = len(buffer)
        if buffer[-1] in _MAY_BEGIN:
            begun = begins(buffer, max(0, end - LONGEST))
            if begun is not None:
                end = begun.start()
        if self._base + end > self.settled:
            self.settled = self._base + end
        return ()

    def finish(self) -> Sequence[Verdict]:
        """End the text: an address that it cuts off is judged as it stands."""
        found = self._advance(last=True)
        self.settled = self._base + len(self._text)
        return found

    def _advance(self, *, last: bool) -> Sequence[Verdict]:
        found: list[Verdict] = []
        self._warm = True
        while self._step(found, last):
            pass
        if len(self._text) > _MOST:
            self._trim(self._at if self._until is None else self._start)
        return found

    def _trim(self, needed: int) -> None:
        """Cut off the text before what is still looked at: `needed`, and some of it before."""
        cut = needed - _BEHIND
        if cut > 0:
            self._text = self._text[cut:]
            self._base += cut
            self._at = max(0, self._at - cut)
            self._start -= cut
            self._again -= cut
            if self._until is not None:
                self._until.moved(cut)

    def _settle(self, at: int) -> None:
        self.settled = max(self.settled, self._base + at)

    def _seek(self, found: list[Verdict], last: bool) -> bool:
        """Look for the next sign."""
        text = self._text
        end = len(text)
        tail = text[max(self._at, end - LONGEST) :]
        decided = end if last else end - len(tail) + len(tail.rstrip(UNDECIDED))
        if text.endswith("</", 0, decided):
            decided -= 2
        sign = token(text, self._at)
        if sign is None or (sign.start() >= decided and not last):
            self._at = max(self._at, decided)
            self._warm = self._hot(text, self._at) is not None
            begun = None if last else begins(text, self._at)
            self._settle(end if begun is None else begun.start())
            return False
        self._at = sign.end()
        kind = sign.lastgroup
        if kind == "image":
            self._image = True
        elif kind == "blank":
            self._image = False  # nothing goes on over an empty line
        elif kind == "tag":
            name = sign.group("tag").lower()
            self._tag, self._listed = name.lstrip("/"), name == "style"
            self._hot = hot_in_tags
        elif kind == "inline":
            self._expect("inline", loads=self._image)  # brackets in code hide whose it is
        elif kind == "reference":
            self._expect("reference", loads=True)  # an image may refer to it
        elif kind == "value":
            self._value(sign.start())
        elif kind == "bare":
            self._bare(sign.start())
        else:
            named = scheme(text, max(0, sign.start() - CROSSED - 1), sign.start())
            if named is not None:
                self._bare(named.start())
        return True

    def _bare(self, start: int) -> None:
        style = loads_in_style(self._text, max(0, start - STYLE_BEFORE), start)
        self._form, self._loads = "bare", self._listed or style is not None
        self._take(start, self._text[max(0, start - 1) : start])

    def _value(self, at: int) -> None:
        """Go on behind the equals sign at `at`, where the name of an attribute is before it."""
        if not self._tag:
            return
        name = attribute(self._text, max(0, at - NAME_BEFORE), at)
        if name is None:
            if at >= SPACES and self._text[at - SPACES : at].isspace():
                self._expect("attribute", loads=True)
        elif name.lastgroup == "listed":
            self._listed = True
        else:
            loads = name.lastgroup != "followed" or self._tag not in FOLLOWED_TAGS
            self._expect("attribute", loads=loads)

    def _expect(self, form: Form, *, loads: bool) -> None:
        self._form, self._loads = form, loads
        self._step = self._open

    def _open(self, found: list[Verdict], last: bool) -> bool:
        """Go on where an address is expected."""
        if not self._skip_space():
            return False
        first = self._text[self._at]
        if first not in _FIRST:
            self._step = self._seek
            return True
        quotes = "\"'" if self._form == "attribute" else "<"
        self._take(self._at + (first in quotes), first)
        return True

    def _skip_space(self) -> bool:
        spaces = space(self._text, self._at)
        assert spaces is not None  # it matches nothing, too
        self._at = spaces.end()
        self._settle(self._at)
        return self._at < len(self._text)

    def _take(self, start: int, opening: str) -> None:
        self._start = start
        # What is not reported may hold other signs, and an angle bracket may open an element.
        self._again = self._at
        self._until = End(self._form, opening, start)
        self._step = self._address

    def _address(self, found: list[Verdict], last: bool) -> bool:
        """Judge the address, once its end is known or it is too long to wait."""
        if relative(self._text, self._start, self._start + CAP) is not None:
            self._leave(self._again)
            return True
        stop = self._stop(last=last)
        if stop is None:
            return False
        cut = stop == self._start + CAP
        address = self._text[self._start : stop]
        verdict = self._judge.verdict(address, self._form, loads=self._loads, cut=cut)
        if verdict is None:
            self._leave(self._again)
            return True
        self._report(found, verdict, stop)
        if cut:
            self._start, self._step = stop, self._rest
        else:
            self._leave(stop)
        return True

    def _rest(self, found: list[Verdict], last: bool) -> bool:
        """Report what is left of an address that was too long, block by block."""
        stop = self._stop(last=last)
        if stop is None:
            return False
        if stop > self._start:
            self._report(found, self._judge.rest(stop - self._start, loads=self._loads), stop)
        if stop == self._start + CAP:
            self._start = stop
        else:
            self._leave(stop)
        return True

    def _stop(self, *, last: bool) -> int | None:
        """Return where the address, or the block of it, ends; None while that is not known."""
        assert self._until is not None
        text, until = self._text, self._start + CAP
        stop = self._until.find(text, until, last=last)
        if stop >= 0:
            return stop
        if last or len(text) > until:
            return min(len(text), until)
        self._settle(self._start)
        return None

    def _report(self, found: list[Verdict], verdict: Verdict, stop: int) -> None:
        start = self._base + self._start
        found.append(self._judge.placed(verdict, start))
        self._image = self._image or self._text.find("![", self._start, stop) >= 0

    def _leave(self, at: int) -> None:
        self._settle(self._start)
        self._at, self._until, self._step = at, None, self._seek
