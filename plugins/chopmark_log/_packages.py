"""Whether there is what the log stands on."""

from __future__ import annotations

import sys
from importlib.util import find_spec

from chopmark import LogError, PluginError


def check_packages() -> None:
    """Raise `PluginError` where something is missing; imports nothing of it."""
    if not _there("cryptography"):
        raise PluginError(
            "plugin 'log' needs cryptography; install with: pip install 'chopmark[screen]' or "
            "'chopmark[log]', or enable 'jsonl' in its place in the policy's `plugins`"
        )
    if not _there("fcntl"):
        raise PluginError(
            "plugin 'log' needs the file locks of POSIX, which this system has not; enable 'jsonl' "
            "in its place in the policy's `plugins`"
        )


def check_finding() -> None:
    """Raise `LogError` where that is missing by which texts are found again."""
    if not _there("numpy"):
        raise LogError(
            "what finds texts in a log needs numpy; install with: pip install 'chopmark[log]', and "
            "where contents were erased just now, run `chopmark log prune` then"
        )


def _there(name: str) -> bool:
    if name in sys.modules:
        return sys.modules[name] is not None
    return find_spec(name) is not None
