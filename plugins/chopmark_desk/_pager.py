"""Where a list goes on that a page shows a part of, the latest first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode


@dataclass(frozen=True, slots=True, kw_only=True)
class Pager:
    """The addresses of other parts: the newest, and what is older; "" where there is none."""

    newest: str = ""
    older: str = ""

    @classmethod
    def of(cls, path: str, before: object, rest: object, asked: Mapping[str, str]) -> Pager:
        """Return those of the list at `path`.

        Args:
            path: of its page, which shows what is older than its parameter `before` says.
            before: what that was for the part that is shown, None for the newest one.
            rest: what it is for the part behind, None where there is none.
            asked: the other parameters of the page, which all parts have.
        """
        newest = f"{path}?{urlencode(asked)}" if asked else path
        older = f"{path}?{urlencode({**asked, 'before': rest})}"
        return cls(
            newest="" if before is None else newest,
            older="" if rest is None else older,
        )
