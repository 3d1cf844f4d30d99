"""The A.7 elements for HTML: a `script` that holds the manifest, or a `link` to it.

C2PA 2.4, A.7.1: in the head, at most one; the hash leaves out the whole `script` element, and
nothing where there is a `link`. Written right before `</head>`.
"""

from __future__ import annotations

import base64
import binascii
import re
from html import escape, unescape

from chopmark import MarkError

from ._armour import Carried, Embedded

TYPE = "application/c2pa"
REL = "c2pa-manifest"
HEAD_END = re.compile(r"</head\s*>", re.IGNORECASE)
_PARTS = re.compile(
    r"<!--.*?(?:-->|\Z)|<(?P<name>script|link)(?P<attributes>(?:\s[^<>]{0,4096})?)>",
    re.IGNORECASE | re.DOTALL,
)
_SCRIPT_END = re.compile(r"</script\s*>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""([a-z-]{1,20})\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""", re.I)


def put_script(html: str, store: bytes) -> Embedded:
    """Return `html` with a `script` that holds `store`.

    Raises:
        MarkError: it has no head, or a manifest already.
    """
    element = f'<script type="{TYPE}">{base64.b64encode(store).decode("ascii")}</script>'
    at = _place(html)
    return Embedded(
        f"{html[:at]}{element}\n{html[at:]}", len(html[:at].encode("utf-8")), len(element)
    )


def put_link(html: str, url: str) -> str:
    """Return `html` with a `link` to the manifest at `url`, which the specification prefers.

    Raises:
        MarkError: it has no head, or a manifest already.
    """
    at = _place(html)
    element = f'<link rel="{REL}" href="{escape(url)}" type="{TYPE}">'
    return f"{html[:at]}{element}\n{html[at:]}"


def find_html(html: str) -> Carried | None:
    """Return the manifest or the address in `html`, or None. Of two none is read (A.7.1)."""
    found: list[Carried] = []
    at = 0
    while match := _PARTS.search(html, at):
        at = match.end()
        name = (match["name"] or "").lower()
        if not name:
            continue
        values = _attributes(match["attributes"])
        if name == "link":
            if REL in values.get("rel", "").lower().split():
                found.append(Carried(values.get("href", ""), None, 0, 0))
            continue
        end = _SCRIPT_END.search(html, at)
        at = end.end() if end else len(html)
        if values.get("type", "").strip().lower() == TYPE:
            found.append(_script(html, match.start(), match.end(), end))
        if len(found) > 1:
            break
    if len(found) > 1:
        return Carried("", None, 0, 0, "manifest.html.multipleManifests")
    return found[0] if found else None


def _place(html: str) -> int:
    if find_html(html) is not None:
        raise MarkError("the HTML has a C2PA manifest already, and may have only one")
    found = HEAD_END.search(html)
    if found is None:
        raise MarkError("the HTML has no </head> before which a manifest could stand; give it one")
    return found.start()


def _script(html: str, start: int, inside: int, end: re.Match[str] | None) -> Carried:
    stop, after = (end.start(), end.end()) if end else (len(html), len(html))
    first = len(html[:start].encode("utf-8", "surrogatepass"))
    length = len(html[start:after].encode("utf-8", "surrogatepass"))
    try:
        store = base64.b64decode(html[inside:stop].strip(), validate=True)
    except (binascii.Error, ValueError):
        return Carried("", None, first, length, "manifest.inaccessible")
    return Carried("", store, first, length)


def _attributes(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, *values in _ATTRIBUTE.findall(text):
        found.setdefault(name.lower(), unescape("".join(values)))
    return found
