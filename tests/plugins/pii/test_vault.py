"""The vault keeps originals for a while, in bounds, and gives them to whom they belong."""

from __future__ import annotations

import gc
import pickle
import re
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.depth import scaled

from chopmark import Policy
from chopmark_pii import PiiDetector, Vault, VaultMarker, chopmark_detectors, chopmark_markers


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_what_is_hidden_can_be_restored() -> None:
    vault = Vault()

    @settings(max_examples=scaled(60), deadline=None)
    @given(st.text(), st.text())
    def tried(original: str, around: str) -> None:
        placeholder = vault.hide("EMAIL", original)
        assert vault.restore(f"a {placeholder} b {placeholder}") == f"a {original} b {original}"

    tried()


def test_a_placeholder_is_short_ascii_without_digits() -> None:
    assert re.fullmatch(r"<EMAIL_[B-DF-HJ-NP-TV-XZ]{10}>", Vault().hide("EMAIL", "a@b.cn"))


def test_one_value_has_one_placeholder_and_another_has_another() -> None:
    vault = Vault()
    assert vault.hide("EMAIL", "a@b.cn") == vault.hide("EMAIL", "a@b.cn")
    assert vault.hide("EMAIL", "a@b.cn") != vault.hide("EMAIL", "b@b.cn")
    assert vault.hide("EMAIL", "a@b.cn") != vault.hide("EMAIL", "a@b.cn", "other")
    assert len(vault) == 3


def test_nobody_without_the_key_can_make_a_placeholder() -> None:
    assert Vault().hide("EMAIL", "a@b.cn") != Vault().hide("EMAIL", "a@b.cn")
    key = bytes(32)
    assert Vault(key=key).hide("EMAIL", "a@b.cn") == Vault(key=key).hide("EMAIL", "a@b.cn")


def test_a_scope_restores_and_forgets_only_its_own() -> None:
    vault = Vault()
    first, second = vault.hide("EMAIL", "a@b.cn", "1"), vault.hide("EMAIL", "b@b.cn", "2")
    assert vault.restore(first + second, "1") == "a@b.cn" + second
    assert vault.restore(first + second) == first + second
    assert vault.forget("1") == 1
    assert vault.restore(first, "1") == first
    assert vault.restore(second, "2") == "b@b.cn"
    assert vault.forget() == 1
    assert len(vault) == 0


def test_too_many_drop_the_one_longest_unused() -> None:
    vault = Vault(entries=2)
    first, second = vault.hide("EMAIL", "1@b.cn"), vault.hide("EMAIL", "2@b.cn")
    vault.hide("EMAIL", "1@b.cn")
    third = vault.hide("EMAIL", "3@b.cn")
    assert vault.restore(first + second + third) == "1@b.cn" + second + "3@b.cn"
    assert len(vault) == 2


def test_what_is_too_old_is_gone() -> None:
    clock = Clock()
    vault = Vault(seconds=10, clock=clock)
    first = vault.hide("EMAIL", "1@b.cn")
    clock.now = 6
    second = vault.hide("EMAIL", "2@b.cn")
    clock.now = 11
    assert vault.restore(first + second) == first + "2@b.cn"
    assert len(vault) == 1


def test_a_restorer_keeps_what_it_needs_and_nothing_else() -> None:
    vault = Vault()
    mine, other = vault.hide("EMAIL", "1@b.cn"), vault.hide("EMAIL", "2@b.cn")
    restorer = vault.restorer([f"write to {mine}"])
    vault.forget()
    assert restorer.feed(mine + other) + restorer.finish() == "1@b.cn" + other


def test_a_wrong_tag_is_refused() -> None:
    for tag in ("", "E", "email", "EMAIL_X", "TOOLONGTAG"):
        with pytest.raises(ValueError, match="capital letters"):
            Vault().hide(tag, "a@b.cn")


def test_threads_lose_nothing() -> None:
    vault = Vault()
    kept: list[tuple[str, str]] = []

    def work(thread: int) -> None:
        for n in range(200):
            original = f"{thread}.{n}@b.cn"
            kept.append((vault.hide("EMAIL", original), original))

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(vault) == 800
    assert all(vault.restore(placeholder) == original for placeholder, original in kept)


def test_originals_are_neither_shown_nor_pickled() -> None:
    vault = Vault()
    placeholder = vault.hide("EMAIL", "a@b.cn")
    assert repr(vault) == "Vault(entries=1)"
    assert "a@b.cn" not in repr(vault.restorer([placeholder]))
    with pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(vault)


def test_detector_and_marker_of_one_policy_share_a_vault_and_others_do_not() -> None:
    def policy() -> Policy:
        return Policy(name="test", settings={"pii": {"action": "vault"}})

    ours, theirs = policy(), policy()
    detector, *_ = chopmark_detectors(ours)
    (marker,) = chopmark_markers(ours)
    (other,) = chopmark_markers(theirs)
    assert isinstance(detector, PiiDetector)
    assert isinstance(marker, VaultMarker)
    assert isinstance(other, VaultMarker)
    assert detector.vault is not None
    placeholder = detector.vault.hide("EMAIL", "a@b.cn")
    assert marker.detect(placeholder)[0].data == {"placeholders": "1"}
    assert list(chopmark_markers(Policy(name="test"))) == []


def test_a_vault_ends_with_the_roles_that_hold_it() -> None:
    import weakref

    policy = Policy(name="test", settings={"pii": {"action": "vault"}})
    detector = next(iter(chopmark_detectors(policy)))
    assert isinstance(detector, PiiDetector)
    assert detector.vault is not None
    gone = weakref.ref(detector.vault)
    del detector
    gc.collect()
    assert gone() is None
