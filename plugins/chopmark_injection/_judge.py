"""Says of one address whether it carries data to a foreign host."""

from __future__ import annotations

import html
from dataclasses import replace

from chopmark import Verdict

from ._options import Options
from ._tokens import TRAILING, Form
from ._url import carried, read, unescaped

NOWHERE = "about:blank"
"""What stands in the place of an address that a link or an image must have."""

_NOTICES = {"zh": "[链接已移除]", "en": "[link removed]"}
_HALF = 16
"""How many characters of data have the score one half; no number of them has the score one."""


class Judge:
    """Makes verdicts, their offsets counted from the start of the address. Immutable."""

    def __init__(self, options: Options) -> None:
        self._hosts = options.hosts
        self._image, self._link = options.image_characters, options.link_characters
        self._notice = _NOTICES[options.language]

    def verdict(self, address: str, form: Form, *, loads: bool, cut: bool) -> Verdict | None:
        """Return the verdict on an address, None where it carries too little.

        Args:
            address: as it stands in the text.
            form: where it stands.
            loads: whether it may be loaded without anybody following it.
            cut: whether it goes on.
        """
        shown = address.rstrip(TRAILING) if form == "bare" else address
        if cut and form != "attribute":
            words = shown.split(None, 1)
            cut = len(words) == 1  # else what goes on is not this address
            shown = words[0] if words else ""
        if form != "bare":
            shown = html.unescape(shown) if form == "attribute" else unescaped(shown)
        url = read(shown)
        if url is None or self._hosts.allow(url.host):
            return None
        count = carried(url, followed=True)
        if cut:
            count = max(count, len(shown))
        elif count < self._link:
            count = carried(url, followed=False)
            if not loads or count < self._image:
                return None
        return self._make(len(shown) if form == "bare" else len(address), count, form, loads)

    def rest(self, length: int, *, loads: bool) -> Verdict:
        """Return the verdict on what goes on of an address that was reported."""
        return replace(self._make(length, length, "bare", loads), replacement="", detail="goes on")

    def placed(self, verdict: Verdict, start: int) -> Verdict:
        """Return `verdict` for an address that starts at `start`."""
        return replace(verdict, start=start, end=start + verdict.end)

    def _make(self, length: int, count: int, form: Form, loads: bool) -> Verdict:
        return Verdict(
            category=f"injection.exfiltration.{'image' if loads else 'link'}",
            start=0,
            end=length,
            score=round(count / (count + _HALF), 4),
            outcome="modify",
            replacement=self._notice if form == "bare" else NOWHERE,
            detail=f"{form}, {count} characters",
        )
