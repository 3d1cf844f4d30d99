"""Which markers look: those of the built-in policy `inspect`, and those of another policy."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from importlib.metadata import entry_points
from pathlib import Path

from chopmark import Chopmark, MarkError, Policy, load_policy
from chopmark.hookspecs import Marker


def readers(source: str) -> tuple[Marker, ...]:
    """Return the markers that read, with the options of the policy `source`.

    No detector, log or model of that policy is loaded: reading marks takes none.

    Raises:
        PolicyError: the policy, or an option in it, cannot be used.
        PluginError: a plugin that it enables is missing.
    """
    policy, general = load_policy(source), load_policy("inspect")
    plugins = tuple(dict.fromkeys((*_bringing(policy, "chopmark_markers"), *general.plugins)))
    return Chopmark(_only(policy, plugins, general)).markers


def bringing(policy: Policy, hook: str) -> Policy:
    """Return `policy` with only those of its plugins that implement `hook`."""
    return _only(policy, tuple(_bringing(policy, hook)), policy)


def carries_manifest(path: Path) -> bool:
    """Return whether a signature over the whole file at `path` holds: a label would break it."""
    for marker in readers("inspect"):
        look = getattr(marker, "detect_file", None)
        if look is None or marker.kind != "manifest":
            continue
        with suppress(MarkError):  # what it needs is missing, so it cannot be told
            if any(mark.placed for mark in look(path) or ()):
                return True
    return False


def _only(policy: Policy, plugins: tuple[str, ...], general: Policy) -> Policy:
    settings = {
        name: policy.options(name) if name in policy.plugins else general.options(name)
        for name in plugins
    }
    return replace(policy, plugins=plugins, settings=settings, active=True)


def _bringing(policy: Policy, hook: str) -> list[str]:
    known = {point.name: point for point in entry_points(group="chopmark")}
    return [
        name
        for name in policy.plugins
        if name not in known or hasattr(known[name].load(), hook)  # unknown: an error names it
    ]
