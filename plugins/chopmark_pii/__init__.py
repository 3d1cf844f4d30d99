"""Finds personal data in Chinese and English text, checks its check digits, and replaces it.

Enable it with `plugins = ["pii"]` and set it up under `[settings.pii]`:

    action = "redact"       # [邮箱]; or "mask", "hash", "pseudonym", "vault"
    language = "zh"         # or "en": [EMAIL]; or "auto": as the text before it is written
    hash_key_file = "key"   # 32 random bytes, for "hash", and for the same pseudonyms everywhere
    placeholders = "code"   # <EMAIL_BCDFGHJKLM>, the same in every call; or "number": <EMAIL_1>
    secrets = "requests"    # where passwords and keys are looked for; or "both", in answers too
    vault_entries = 10000   # the most originals that are kept, for "vault"
    vault_seconds = 3600    # and how long

    [settings.pii.kinds]    # exceptions by kind or family: true, false or an action
    email = "mask"
    cn.plate = false
    name = "pseudonym"      # off by default, as are address and organisation

Names, addresses and organisations are found by rules and gazetteers; each has a score, so that a
rule can pick: `pii.name = { modify = 0.7, warn = 0.5 }`. docs/pii.md says how good they are.

The rules of the policy decide what happens; this plugin advises `modify`. With `vault`, the
model gets placeholders (`<EMAIL_...>`) and its answer gets the originals back; personal data
that the model brings up itself is redacted. With `pseudonym` one value gets one placeholder in
requests and answers, and keeps it. Numbers are those of one call; a conversation that is cut at
its front, `chop.screen` and JSON answers want codes.

Messages of roles that the policy does not screen (by default those of the assistant, in a
conversation that is sent again) go as they are: add `"assistant"` to the policy's `roles` where
they hold originals.
"""

from __future__ import annotations

from collections.abc import Iterable

from chopmark import Policy, hookimpl
from chopmark.hookspecs import Detector, Evidence, Marker, Wrapper

from ._detector import PiiDetector
from ._kinds import KINDS, SECRETS
from ._marker import VaultMarker
from ._numbering import Numbered
from ._options import Options, read_options
from ._restore import Restorer
from ._secrets import SecretDetector
from ._sharing import Sharing
from ._vault import Vault

__all__ = [
    "KINDS",
    "Options",
    "PiiDetector",
    "Restorer",
    "SecretDetector",
    "Vault",
    "VaultMarker",
]

_sharing = Sharing()


@hookimpl
def chopmark_detectors(policy: Policy) -> Iterable[Detector]:
    """Return the detectors; raise `PolicyError` for a wrong option."""
    options = read_options(policy)
    vault = _sharing.vault(policy, options) if options.vault else None
    detector = PiiDetector(options, vault)
    if SECRETS.isdisjoint(options.actions):
        return [detector]
    return [detector, SecretDetector(detector, answers=options.secrets == "both")]


@hookimpl
def chopmark_markers(policy: Policy) -> Iterable[Marker]:
    """Return what restores the vault's originals, or numbers answers, where the policy wants it."""
    options = read_options(policy)
    if not options.vault and not options.numbered:
        return []
    vault = _sharing.vault(policy, options) if options.vault else None
    return [VaultMarker(vault, policy.roles, numbered=options.numbered)]


@hookimpl
def chopmark_wrappers(policy: Policy) -> Iterable[Wrapper]:
    """Return what numbers placeholders, where the policy wants numbers."""
    return [Numbered(policy.roles)] if read_options(policy).numbered else []


@hookimpl
def chopmark_evidence(policy: Policy) -> Iterable[Evidence]:
    """Return what personal data is looked for, and what is done with it."""
    from ._evidence import evidence

    return evidence(policy)
