"""Refuses, at import, a llama-index-core that this adapter was not made for."""

from __future__ import annotations

import re
from importlib import metadata

LEAST, BEFORE = (0, 14, 20), (0, 15, 0)
_CURE = 'install one with `pip install "chopmark[llamaindex]"`'


def check(version: str) -> None:
    """Raise `ImportError` where `version` of llama-index-core is not one that is supported."""
    found = tuple(int(part) for part in re.findall(r"\d+", version)[:3])
    if not LEAST <= found < BEFORE:
        raise ImportError(
            f"chopmark_llamaindex needs llama-index-core >={_dotted(LEAST)},<{_dotted(BEFORE)}, "
            f"and {version} is installed; {_CURE}"
        )


def installed() -> str:
    """Return the version that is installed.

    Raises:
        ImportError: none is.
    """
    try:
        return metadata.version("llama-index-core")
    except metadata.PackageNotFoundError:
        raise ImportError(
            f"chopmark_llamaindex needs llama-index-core, which is not installed; {_CURE}"
        ) from None


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(str(part) for part in version)


check(installed())
