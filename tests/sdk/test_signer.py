"""The operator's signer comes from a plugin, and what is none is refused by name."""

from __future__ import annotations

import hashlib
import hmac

import pytest

from chopmark import Chopmark, PluginError, Policy, hookimpl
from chopmark.hookspecs import Signer
from chopmark.reading import open_evidence_signer


class Keyed:
    name, key_id = "keyed", "k1"

    def sign(self, message: bytes) -> bytes:
        return hmac.new(b"secret", message, hashlib.sha256).digest()


class BringsForPacks:
    def __init__(self, signer: object) -> None:
        self._signer = signer

    @hookimpl
    def chopmark_evidence_signer(self, policy: Policy) -> Signer | None:
        return self._signer  # type: ignore[return-value]


class Brings:
    def __init__(self, signer: object) -> None:
        self._signer = signer

    @hookimpl
    def chopmark_signer(self, policy: Policy) -> Signer | None:
        return self._signer  # type: ignore[return-value]


def test_the_first_plugin_that_has_a_signer_brings_it() -> None:
    assert Chopmark(Policy(name="p")).signer is None
    signer = Keyed()
    chop = Chopmark(Policy(name="p"), plugins=[Brings(None), Brings(signer), Brings(Keyed())])
    assert chop.signer is signer
    assert Chopmark(Policy(name="p", active=False), plugins=[Brings(signer)]).signer is None


def test_what_cannot_sign_is_named() -> None:
    with pytest.raises(PluginError, match="has no name, key_id, sign"):
        Chopmark(Policy(name="p"), plugins=[Brings(object())])


def test_what_signs_packs_alone_is_no_signer_of_calls_and_gives_way_to_the_operators() -> None:
    policy, own, packs = Policy(name="p"), Keyed(), BringsForPacks(Keyed())
    assert Chopmark(policy, plugins=[packs]).signer is None
    assert open_evidence_signer(policy) is None
    assert open_evidence_signer(policy, [BringsForPacks(None), packs]) is packs._signer
    assert open_evidence_signer(policy, [packs, Brings(None)]) is packs._signer
    assert open_evidence_signer(policy, [packs, Brings(own)]) is own
    with pytest.raises(PluginError, match=r"chopmark_evidence_signer\(\): .* has no name"):
        open_evidence_signer(policy, [BringsForPacks(object())])
