"""Help lines by region, and what a refusal says with them."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from chopmark import PolicyError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ANYWHERE = "*"
_REGION = re.compile(r"[A-Z]{2}|\*")
_DATE = re.compile(r"\d{4}-\d{2}(?:-\d{2})?")
_KEYS = ("region", "audience", "name", "phone", "url", "source", "published", "read")


@dataclass(frozen=True, slots=True)
class HelpLine:
    """One line: `name` by language, and a phone number, an address, or both."""

    region: str
    name: Mapping[str, str]
    phone: str
    url: str
    for_minors: bool
    source: str
    read: str

    def said(self, language: str) -> str:
        """Return the line as a user reads it."""
        name = self.name.get(language) or next(iter(self.name.values()))
        colon = "：" if language == "zh" else ": "
        return f"{name}{colon}{' '.join(filter(None, (self.phone, self.url)))}"


@dataclass(frozen=True, slots=True)
class Help:
    """The lines of a file, and its texts by language: `refusal` before them, `danger` after."""

    lines: Sequence[HelpLine]
    texts: Mapping[str, Mapping[str, str]]

    def lines_for(self, region: str, *, minor: bool) -> list[HelpLine]:
        """Return the lines of `region`, those for minors first; where it has none, of anywhere."""
        for place in (region, ANYWHERE):
            found = [n for n in self.lines if n.region == place and (minor or not n.for_minors)]
            if found:
                return sorted(found, key=lambda line: not line.for_minors)
        return []

    def refusal(self, lines: Sequence[HelpLine], language: str) -> str:
        """Return a refusal that names `lines`, in `language` or else in English."""
        text = self.texts.get(language) or self.texts["en"]
        said = [line.said(language) for line in lines]
        return "\n".join([text["refusal"], *said, text["danger"]])


def region_of(locale: str) -> str:
    """Return the region of a locale such as `zh-CN` or `zh_Hans_CN`, empty where it names none.

    >>> region_of("zh-Hans-CN"), region_of("en")
    ('CN', '')
    """
    for part in re.split("[-_]", locale)[1:]:
        if len(part) == 2 and part.isalpha():
            return part.upper()
    return ""


def read_help(file: Path | None) -> Help:
    """Return the help of `file`, by default the bundled one; raise `PolicyError` for a wrong one.

    A file without `texts` has the bundled ones.
    """
    bundled = (resources.files("chopmark_minors") / "data" / "help_lines.toml").read_text("utf-8")
    own = parse_help(bundled, "help_lines.toml")
    if file is None:
        return own
    try:
        found = parse_help(file.read_text("utf-8"), str(file))
    except (OSError, UnicodeDecodeError) as error:
        raise PolicyError(f"help lines {str(file)!r} cannot be read: {error}") from error
    return Help(found.lines, {**own.texts, **found.texts})


def parse_help(text: str, where: str) -> Help:
    """Return the help that the TOML `text` of the file `where` says."""
    try:
        data: Mapping[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise PolicyError(f"help lines {where!r}: not valid TOML: {error}") from error
    lines, texts = data.get("lines"), data.get("texts", {})
    if not isinstance(lines, list) or not lines:
        raise PolicyError(f"help lines {where!r}: write at least one [[lines]]")
    for language, words in texts.items():
        if not isinstance(words, Mapping) or not all(
            _word(words, k) for k in ("refusal", "danger")
        ):
            raise PolicyError(
                f"help lines {where!r}: texts.{language} needs `refusal` and `danger`"
            )
    return Help(
        [_line(line, f"help lines {where!r}, line {n}") for n, line in enumerate(lines, 1)], texts
    )


def _line(line: object, where: str) -> HelpLine:
    if not isinstance(line, Mapping) or set(line) - set(_KEYS):
        raise PolicyError(f"{where}: keys are {', '.join(_KEYS)}")
    name = line.get("name")
    names: Mapping[str, Any] = name if isinstance(name, Mapping) else {"en": name}
    if not names or not all(isinstance(n, str) and n for n in names.values()):
        raise PolicyError(f'{where}: name {name!r}: write a text, or {{ zh = "...", en = "..." }}')
    if not _REGION.fullmatch(str(line.get("region"))):
        raise PolicyError(
            f"{where}: region {line.get('region')!r}: write two capitals of ISO 3166-1, or *"
        )
    if not _word(line, "phone") and not _word(line, "url"):
        raise PolicyError(f"{where}: write a `phone`, a `url`, or both")
    if not _word(line, "source") or not _DATE.fullmatch(str(line.get("read"))):
        raise PolicyError(
            f'{where}: write the `source` that names it, and when it was `read`, "2026-11-24": '
            "a number that nobody checked must not be given to somebody in need"
        )
    if line.get("audience", "minor") != "minor":
        raise PolicyError(f'{where}: audience {line["audience"]!r}: write "minor", or leave it out')
    return HelpLine(
        region=line["region"],
        name=names,
        phone=_word(line, "phone"),
        url=_word(line, "url"),
        for_minors="audience" in line,
        source=_word(line, "source"),
        read=line["read"],
    )


def _word(table: Mapping[str, Any], key: str) -> str:
    value = table.get(key, "")
    return value.strip() if isinstance(value, str) else ""
