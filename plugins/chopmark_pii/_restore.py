"""Puts originals back in an answer in progress, wherever it was cut."""

from __future__ import annotations

import re
from collections.abc import Mapping


class Restorer:
    """One answer being restored; not shared by threads.

    A placeholder counts with its angle brackets and without them, since models drop them; only
    as much is held back as may still become one.

    Args:
        originals: what each placeholder, without its brackets, stands for.
        bare: whether it counts without its brackets too; a numbered one (`NAME_1`) must not,
            since another one begins with it.
    """

    def __init__(self, originals: Mapping[str, str], *, bare: bool = True) -> None:
        self._originals = dict(originals)
        self.restored = 0
        self._held = ""
        cores = sorted(self._originals, key=len, reverse=True)
        forms = [f"<{core}>" for core in cores] + (cores if bare else [])
        self._most = max(map(len, forms), default=1) - 1
        self._beginnings = {form[:n] for form in forms for n in range(1, len(form))}
        firsts = "".join(sorted({form[0] for form in forms}))
        self._first = re.compile(f"[{re.escape(firsts)}]").finditer if forms else None
        either = "|".join(map(re.escape, cores))
        self._forms = re.compile(f"<({either})>" + (f"|({either})" if bare else ""))

    def __repr__(self) -> str:
        return f"Restorer(placeholders={len(self._originals)}, restored={self.restored})"

    def __bool__(self) -> bool:
        """Whether there is anything to restore."""
        return bool(self._originals)

    def feed(self, text: str) -> str:
        """Take the next piece and return what is certain."""
        if self._first is None:
            return text
        text = self._held + text
        out: list[str] = []
        done = 0
        hold = self._open(text, 0)
        for match in self._forms.finditer(text):
            if match.start() >= hold:
                break
            out += text[done : match.start()], self._originals[match[match.lastindex or 1]]
            done = match.end()
            self.restored += 1
            if done > hold:
                hold = self._open(text, done)
        out.append(text[done:hold])
        self._held = text[hold:]
        return "".join(out)

    def finish(self) -> str:
        """End the answer and return the rest of it."""
        if self._first is None:
            return ""
        rest, self._held = self._held, ""
        return self._forms.sub(self._original, rest)

    def _original(self, match: re.Match[str]) -> str:
        self.restored += 1
        return self._originals[match[match.lastindex or 1]]

    def _open(self, text: str, since: int) -> int:
        """Return where the longest end of `text` begins that may still become a placeholder."""
        if self._first is not None:
            for match in self._first(text, max(since, len(text) - self._most)):
                if text[match.start() :] in self._beginnings:
                    return match.start()
        return len(text)
