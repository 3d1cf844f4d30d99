"""Finds the places of an answer where a word may be exchanged, piece by piece as it comes.

Code, quotations, tables, headings, braces, numbers, names and addresses are left alone. What is
found depends on the text and never on where it was cut, nor on which word of a pair stands there,
so that who looks for a mark finds the places that it was made in.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from ._synonym_list import NO_WORD, NUMBER, Pair, read_synonyms

Choose = Callable[[Pair, int, str], int]
"""Of a pair, which of its words stands there, and what stands before: which shall stand there."""

_LETTERS = re.compile(r"[A-Za-z]+")
_PLAIN = re.compile(r"[^A-Za-z\u4e00-\u9fff`\"'“”‘’„«»「」『』《》{}\n]+")
_LONGEST = 24
"""So many letters of a word, or backticks in a row, are looked at."""
_HEAD = 64
"""So many characters of a line say what the line is."""
_OPEN, _CLOSE = "“„«「『《", "”»」』》"
_APART = re.compile(r"\s+")
_ENDS = frozenset(".!?:。！？：")
_FENCES = ("```", "~~~")
_LINES = (*_FENCES, ">", "|", "#", "$", "<", "\\")


class Prose:
    """One answer being read. `feed` returns it as `choose` decides, less what it cannot decide yet:
    a word and the one behind it.
    """

    def __init__(self, choose: Choose) -> None:
        self._choose = choose
        self._known = read_synonyms()
        self._rest = ""
        self._last = ""  # the character before
        self._word = ""  # the word before, in small letters
        self._han = ""  # the two Chinese characters before
        self._begins = True  # whether a sentence begins here
        self._line = ""  # the beginning of this line
        self._fence = ""  # what the code block began with
        self._ticks = 0  # how many backticks the code in the line began with
        self._quotes = 0
        self._straight = self._single = False
        self._braces = 0

    def feed(self, text: str, *, end: bool = False) -> str:
        """Take the next piece, the last one where `end` is True; return what is decided."""
        text = self._rest + text
        out: list[str] = []
        at = 0
        while at < len(text):
            step = self._step(text, at, end)
            if step is None:
                break
            taken, said = step
            self._pass(said)
            out.append(said)
            at += taken
        self._rest = text[at:]
        return "".join(out)

    def _step(self, text: str, at: int, end: bool) -> tuple[int, str] | None:
        """Return how many characters are decided, and what goes out for them; None for none."""
        char = text[at]
        plain = _PLAIN.match(text, at)
        if plain is not None:
            self._begins = self._begins or not _ENDS.isdisjoint(plain[0])
            return len(plain[0]), plain[0]
        if char.isascii() and char.isalpha():
            return self._english(text, at, end)
        if "\u4e00" <= char <= "\u9fff":
            return self._chinese(text, at, end)
        if char == "\n":
            self._end_line()
        elif char == "`":
            run = min(_LONGEST, len(text) - at)
            while text[at : at + run] != "`" * run:
                run -= 1
            if at + run == len(text) and run < _LONGEST and not end:
                return None
            self._tick(run)
            return run, "`" * run
        elif char in "'‘’":
            if at + 1 == len(text) and not end:
                return None
            if not self._fence and not self._ticks:
                self._apostrophe(char, text[at + 1 : at + 2])
        elif not self._fence and not self._ticks:
            self._enclose(char)
        return 1, char

    def _pass(self, said: str) -> None:
        """Go on behind `said`, which goes out."""
        if len(self._line) < _HEAD and said != "\n":
            self._line += said[: _HEAD - len(self._line)]
        self._last = said[-1]

    # What is left alone.

    def _end_line(self) -> None:
        head = self._line.strip()
        fence = head[:3]
        if self._fence:
            if fence == self._fence and not head.strip(fence[0]):
                self._fence = ""
        elif fence in _FENCES:
            self._fence = fence
        if not head and not self._fence:  # a paragraph ends, and what was left open in it
            self._ticks = self._quotes = 0
            self._straight = self._single = False
        self._line = ""
        self._begins = True

    def _tick(self, run: int) -> None:
        if self._fence or (run >= 3 and not self._line.strip()):
            return
        if not self._ticks:
            self._ticks = run
        elif self._ticks == run:
            self._ticks = 0

    def _apostrophe(self, char: str, following: str) -> None:
        inside = self._last.isalnum()
        if char == "‘" or (char == "'" and not inside and following.isalnum()):
            self._single = True
        elif not following.isalnum():
            self._single = False

    def _enclose(self, char: str) -> None:
        if char == '"':
            self._straight = not self._straight
        elif char in _OPEN:
            self._quotes += 1
        elif char in _CLOSE:
            self._quotes = max(0, self._quotes - 1)
        elif char == "{":
            self._braces += 1
        elif char == "}":
            self._braces = max(0, self._braces - 1)

    def _closed(self) -> bool:
        """Return whether nothing may be exchanged here."""
        return bool(
            self._fence or self._ticks or self._quotes or self._straight or self._single
            or self._braces or self._line.startswith(("    ", "\t"))
            or self._line.lstrip().startswith(_LINES)
        )  # fmt: skip

    # Words.

    def _english(self, text: str, at: int, end: bool) -> tuple[int, str] | None:
        found = _LETTERS.match(text, at, at + _LONGEST)
        assert found is not None
        word = found[0]
        if found.end() == len(text) and len(word) < _LONGEST and not end:
            return None
        if self._last.isalnum():  # the rest of a word that is long, or has other letters
            return len(word), word
        known = self._known.english.get(word.lower())
        if known is not None and not self._closed() and self._free(word):
            pair, which = known
            if pair.stands_after(self._word):
                stands = self._stands(pair, text, found.end(), end)
                if stands is None:
                    return None
                if stands:
                    chosen = pair.words[self._choose(pair, which, self._word)]
                    self._word, self._begins = chosen, False
                    return len(word), chosen.capitalize() if word[0].isupper() else chosen
        self._word, self._begins = word.lower(), False
        return len(word), word

    def _free(self, word: str) -> bool:
        """Return whether `word` stands apart and is no name."""
        if self._last and not self._last.isspace() and self._last not in "(—":
            return False
        return word.islower() or (word.istitle() and self._begins)

    def _stands(self, pair: Pair, text: str, at: int, end: bool) -> bool | None:
        """Return whether what follows a word lets it be exchanged; None where that is to come."""
        if at == len(text):
            return pair.stands_before(NO_WORD) if end else None
        char, following = text[at], text[at + 1 : at + 2]
        if char in ".!?:":
            if not following and not end:
                return None
            apart = not following or following.isspace() or following in ')"”’'
            return apart and pair.stands_before(NO_WORD)
        if char in ",;)—":
            return pair.stands_before(NO_WORD)
        space = _APART.match(text, at)
        if space is None:
            return False
        if not pair.asks_next:
            return True
        start = space.end()
        if len(space[0]) > 2 or "\n" in space[0]:
            return pair.stands_before(NO_WORD)
        if start == len(text) and not end:
            return None
        after = _LETTERS.match(text, start, start + _LONGEST)
        if after is None:
            number = text[start : start + 1].isdigit()
            return pair.stands_before(NUMBER if number else NO_WORD)
        if after.end() == len(text) and len(after[0]) < _LONGEST and not end:
            return None
        return pair.stands_before(after[0].lower())

    def _chinese(self, text: str, at: int, end: bool) -> tuple[int, str] | None:
        for word, pair, which in self._known.chinese.get(text[at], ()):
            part = text[at : at + len(word)]
            if part != word:
                if not end and at + len(part) == len(text) and word.startswith(part):
                    return None
                continue
            following = text[at + len(word) : at + len(word) + 1]
            if not following and not end:
                return None
            if self._closed() or not pair.stands_after(self._last):
                continue
            if self._han.endswith(self._known.clashes[pair.name]):
                continue
            if pair.stands_before(following):
                chosen = pair.words[self._choose(pair, which, self._han)]
                self._note_han(chosen)
                return len(word), chosen
        self._note_han(text[at])
        return 1, text[at]

    def _note_han(self, said: str) -> None:
        self._han = (self._han + said)[-2:]
        self._begins = False
