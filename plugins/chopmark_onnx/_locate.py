"""From what a policy calls a model to the folder that it is in."""

from __future__ import annotations

import importlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from chopmark import ModelError

_PREFIX = "bundled:"
_PACKAGE = "chopmark_models"


def locate(name: str, base: Path) -> Path:
    """Return the folder of model `name`: `bundled:NAME`, or a path from `base`.

    Raises:
        ModelError: there is no such folder.
    """
    if name.startswith(_PREFIX):
        return _bundled(name)
    folder = base / Path(name).expanduser()
    if not os.path.isdir(folder):  # which also answers for what no file can be named
        found = "is a file" if os.path.exists(folder) else "is not there"
        raise ModelError(
            f"model folder {str(folder)!r} {found}; name a folder with model.onnx, "
            "tokenizer.json and config.json"
        )
    return folder


def bundled() -> tuple[str, ...]:
    """Return what the bundled models are called, `bundled:` included.

    Raises:
        ModelError: the package that holds them is not installed.
    """
    return tuple(_PREFIX + name for name in _package(f"model '{_PREFIX}...'").names())


def suites() -> Mapping[str, Path]:
    """Return the files of the functional suite by language.

    Raises:
        ModelError: the package that holds them is not installed.
    """
    found: Mapping[str, Path] = _package("the functional suite").suites()
    return found


def _bundled(name: str) -> Path:
    try:
        return Path(_package(f"model {name!r}").path(name.removeprefix(_PREFIX)))
    except LookupError as error:
        raise ModelError(f"model {name!r}: {error}; name one of these, or a folder") from error


def _package(wanted: str) -> Any:
    # Plugins and models know nothing of each other: the option names the package, not an import.
    try:
        return importlib.import_module(_PACKAGE)
    except ImportError as error:
        raise ModelError(
            f"{wanted}: package {_PACKAGE!r} is not installed; install chopmark whole, or name a "
            "folder of yours"
        ) from error
