"""The signs in Markdown and HTML behind which an address stands, and those that end one.

Sources: CommonMark 0.31 (inline links, reference definitions), GFM 0.29 (autolinks), HTML (13.1).
Wherever readers differ, what is taken here is the longer address and the element that loads.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Literal

Form = Literal["inline", "reference", "attribute", "bare"]
"""Where an address stands: `](here)`, `]: here`, `src="here"`, or in the text."""

_Match = Callable[..., re.Match[str] | None]

SCHEMES = r"(?:https?|ftps?|wss?)"

token: _Match = re.compile(
    r"(?P<image>!\[)|(?P<inline>\]\()|(?P<reference>\]:)"
    rf"|<(?!{SCHEMES}:|www\.)(?P<tag>/?[A-Za-z][A-Za-z0-9-]{{0,20}})"
    r"|(?P<blank>\n[ \t\r]{0,16}\n)"
    r"|(?P<value>=)|(?P<colon>:)|(?P<bare>www\.(?<![A-Za-z]www\.))",
    re.IGNORECASE,
).search
"""A sign. It is at most `LONGEST` characters long, and made of `UNDECIDED` but for its last."""

UNDECIDED = "".join(map(chr, [*range(48, 58), *range(65, 91), *range(97, 123)])) + "!]<- \t\r\n"
LONGEST = 24

hot: _Match = re.compile(r"!\[|\][(:]|<|[ps]:|www", re.IGNORECASE).search
hot_in_tags: _Match = re.compile(r"!\[|\][(:]|<|[ps]:|www|=", re.IGNORECASE).search
"""Without one of these, no sign ends here, and none begins that takes more than `CROSSED`."""

warm: _Match = re.compile(r"[!\]<:wW=]").search
"""A character that each of these has."""

CROSSED = 4

scheme: _Match = re.compile(rf"(?<![A-Za-z]){SCHEMES}\Z", re.IGNORECASE).search
"""The scheme before a colon; it has at most five letters."""

begins: _Match = re.compile(
    r"(?<![A-Za-z])(?:h(?:t(?:t(?:p(?:s?:?)?)?)?)?|f(?:t(?:p(?:s?:?)?)?)?"
    r"|w(?:s(?:s?:?)?|w(?:w\.?)?)?)\Z",
    re.IGNORECASE,
).search
"""What may become an address in the text."""

attribute: _Match = re.compile(
    r"(?<![A-Za-z0-9_-])(?:(?:xlink:)?(?:"
    r"(?P<loading>src|poster|background|data|dynsrc|lowsrc|icon|manifest|codebase|archive|profile)"
    r"|(?P<followed>href|action|formaction|ping|cite|longdesc))"
    r"|(?P<listed>srcset|imagesrcset|style|content))\s*\Z",
    re.IGNORECASE,
).search
"""The name of an attribute before its equals sign. `listed` has addresses among other words."""

SPACES = 64
"""Behind so much white space the name of an attribute is not looked for: it may be any."""

NAME_BEFORE = SPACES + LONGEST
"""How far before an equals sign the name of its attribute may begin."""

loads_in_style: _Match = re.compile(
    r"(?:url\(\s{0,4}[\"']?|@import\s{1,4}[\"']?)\Z", re.IGNORECASE
).search
STYLE_BEFORE = 16

FOLLOWED_TAGS = frozenset({"a", "area", "form", "button", "q", "blockquote", "del", "ins"})
"""Elements whose addresses nothing loads before somebody follows them."""

relative: _Match = re.compile(
    r"/[^/\\&\s]|(?!www\.)[A-Za-z][A-Za-z0-9+.-]*[^A-Za-z0-9+.:&\\\s-]|&[^#A-Za-z]", re.IGNORECASE
).match
"""An address that leads to no other host, whatever follows."""

space: _Match = re.compile(r"\s*").match

_SOFT = r"\"'`|>\]）】》」』”’。，、；：！？…—～（【《「『“‘"
_GOES_ON = r"[A-Za-z0-9%&=/_?#+-]"
bare_end: _Match = re.compile(rf"[\s<]|(?P<soft>[{_SOFT}])(?!{_GOES_ON})").search
autolink_end: _Match = re.compile(r"[\s<>]").search
word_end: _Match = re.compile(r"\s").search
angle_end: _Match = re.compile(r"(?P<escape>\\.?)|[>\n]").search
inline_end: _Match = re.compile(
    r"(?P<escape>\\.?)|(?P<open>\()|(?P<close>\))|\n|(?P<soft>[ \t])(?=[\"'(]|\Z)"
).search
quoted_end: dict[str, _Match] = {'"': re.compile('"').search, "'": re.compile("'").search}
value_end: _Match = re.compile(r"[\s>]").search

TRAILING = ".,;:!?)'\"*_~"
"""What does not belong to an address in the text where it stands last (GFM, 6.9)."""
