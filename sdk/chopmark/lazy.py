"""For authors of plugins: names of a package whose modules are loaded when they are first used.

    if TYPE_CHECKING:
        from ._inspect import Report, inspect_file
    else:
        __getattr__, __dir__ = lazily(__name__, {"_inspect": ["Report", "inspect_file"]})

Who guards calls then does not load what reads files, and a type checker sees the names as before.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from importlib import import_module


def lazily(
    package: str, names: Mapping[str, Iterable[str]]
) -> tuple[Callable[[str], object], Callable[[], list[str]]]:
    """Return the `__getattr__` and the `__dir__` of a package (PEP 562).

    Args:
        package: its `__name__`.
        names: per module in it (`_inspect`, `_files._pdf`), the names to be had from there.
    """
    homes = {name: f"{package}.{module}" for module, held in names.items() for name in held}

    def get(name: str) -> object:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(import_module(homes[name]), name)

    def listed() -> list[str]:
        return sorted({*vars(sys.modules[package]), *homes})

    return get, listed
