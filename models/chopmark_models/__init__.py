"""The bundled models, folders in the layout of Hugging Face, and the suite they are measured on.

This package only says where they are. It loads nothing and needs neither onnxruntime nor
tokenizers.
"""

from __future__ import annotations

from pathlib import Path

__all__ = ["UnknownModelError", "names", "path", "suites"]

_HERE = Path(__file__).parent


class UnknownModelError(LookupError):
    """No bundled model has this name."""

    def __init__(self, name: str, known: tuple[str, ...]) -> None:
        super().__init__(f"no bundled model is called {name!r}; there are: {', '.join(known)}")
        self.name = name
        self.known = known


def names() -> tuple[str, ...]:
    """Return the names of the bundled models, sorted."""
    return tuple(sorted(found.parent.name for found in _HERE.glob("*/config.json")))


def path(name: str) -> Path:
    """Return the folder of a bundled model.

    It raises `UnknownModelError` (a `LookupError`) if there is none of this name.

    >>> path("small").name
    'small'
    """
    known = names()
    if name not in known:
        raise UnknownModelError(name, known)
    return _HERE / name


def suites() -> dict[str, Path]:
    """Return the files of the functional suite by language: JSON Lines in gzip, a family a line.

    A family has a `name`, what it `tests`, the heads of its unsafe texts in `labels`, and texts
    that are `unsafe`, `controversial` and `benign`.

    >>> sorted(suites())
    ['en', 'zh']
    """
    found = sorted((_HERE / "suite").glob("*.jsonl.gz"))
    return {file.name.partition(".")[0]: file for file in found}
