"""Who looks: the markers of the built-in policy `inspect`, those of another one, known keys."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from importlib.metadata import entry_points
from pathlib import Path

from chopmark import Chopmark, MarkError, Policy, load_policy
from chopmark.hookspecs import Marker

from ._files._errors import FileError
from ._files._whole import unreadable
from ._sm2_keys import fingerprint, read_public_key


def readers(source: str | Policy) -> tuple[Marker, ...]:
    """Return the markers that read, with the options of a policy, or of the one of that name.

    No detector, log or model of that policy is loaded: reading marks takes none.

    Raises:
        PolicyError: the policy, or an option in it, cannot be used.
        PluginError: a plugin that it enables is missing.
    """
    policy = load_policy(source) if isinstance(source, str) else source
    general = load_policy("inspect")
    plugins = tuple(dict.fromkeys((*_bringing(policy, "chopmark_markers"), *general.plugins)))
    return Chopmark(_only(policy, plugins, general)).markers


def read_pins(paths: Iterable[Path]) -> dict[str, str]:
    """Return the names of PEM files with known SM2 public keys, by the keys' fingerprints.

    Raises:
        FileError: one is no such key.
    """
    pins = {}
    for path in paths:
        try:
            pins[fingerprint(read_public_key(path.read_text("ascii")))] = path.name
        except OSError as error:
            raise unreadable(path, error) from error
        except (MarkError, ValueError) as error:
            raise FileError(path, f"is no key to pin: {error}") from error
    return pins


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
