"""Refuses, at import, a langchain-core that this adapter was not made for."""

from __future__ import annotations

import re
from importlib import metadata

LEAST, BEFORE = (1, 8), (2, 0)
_CURE = 'install one with `pip install "chopmark[langchain]"`'


def check(version: str) -> None:
    """Raise `ImportError` where `version` of langchain-core is not one that is supported."""
    found = tuple(int(part) for part in re.findall(r"\d+", version)[:2])
    if not LEAST <= found < BEFORE:
        raise ImportError(
            f"chopmark_langchain needs langchain-core >={_dotted(LEAST)},<{BEFORE[0]}, and "
            f"{version} is installed; {_CURE}"
        )


def installed() -> str:
    """Return the version that is installed.

    Raises:
        ImportError: none is.
    """
    try:
        return metadata.version("langchain-core")
    except metadata.PackageNotFoundError:
        raise ImportError(
            f"chopmark_langchain needs langchain-core, which is not installed; {_CURE}"
        ) from None


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(str(part) for part in version)


check(installed())
