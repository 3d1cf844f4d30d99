"""Whether the packages that run a model are there."""

from __future__ import annotations

import sys
from importlib.util import find_spec

from chopmark import PluginError

_NEEDED = ("onnxruntime", "tokenizers", "numpy")


def check_packages() -> None:
    """Raise `PluginError` where a package is missing; imports none of them."""
    missing = [name for name in _NEEDED if not _there(name)]
    if missing:
        raise not_there(", ".join(missing))


def not_there(what: str) -> PluginError:
    """Return the error that `what` cannot be imported."""
    return PluginError(
        f"plugin 'onnx' needs {what}; install with: pip install 'chopmark[screen]', or take the "
        "plugin out of the policy's `plugins`"
    )


def _there(name: str) -> bool:
    if name in sys.modules:
        return sys.modules[name] is not None
    return find_spec(name) is not None
