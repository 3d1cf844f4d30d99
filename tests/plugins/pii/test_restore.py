"""Placeholders are put back wherever the answer was cut, and nothing else is touched."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.depth import scaled

from chopmark import Chopmark, Message, Policy, Request, Rules
from chopmark.hookspecs import Marker
from chopmark.testing import MarkerContract
from chopmark_pii import (
    PiiDetector,
    Restorer,
    Vault,
    VaultMarker,
    chopmark_detectors,
    chopmark_markers,
)

ORIGINALS = {
    "EMAIL_BCDFGHJKLM": "zhang@example.com",
    "EMAIL_BCDFGHJKLN": "li@example.com",
    "IP_MMMMMMMMMM": "192.168.1.10",
    "PHONE_BBBBBBBBBB": "13800138000",
}


def run(pieces: Sequence[str]) -> str:
    restorer = Restorer(ORIGINALS)
    return "".join(map(restorer.feed, pieces)) + restorer.finish()


def expected(text: str) -> str:
    """The definition: from left to right, with brackets where they are whole, else without."""
    out, at = [], 0
    while at < len(text):
        for core, original in ORIGINALS.items():
            form = next((f for f in (f"<{core}>", core) if text.startswith(f, at)), None)
            if form is not None:
                out.append(original)
                at += len(form)
                break
        else:
            out.append(text[at])
            at += 1
    return "".join(out)


def texts() -> st.SearchStrategy[str]:
    forms = [f"<{core}>" for core in ORIGINALS] + list(ORIGINALS)
    cut = st.builds(
        lambda f, a, n: f[a:n], st.sampled_from(forms), st.integers(0, 5), st.integers(1, 18)
    )
    rest = st.sampled_from([*"<>EIPM_B a，", "\ud800", "<EMAIL_", "好的", "IP_"])
    return st.lists(st.one_of(st.sampled_from(forms), cut, rest), max_size=10).map("".join)


def test_any_cut_gives_the_same_answer() -> None:
    @settings(max_examples=scaled(250), deadline=None)
    @given(texts(), st.lists(st.integers(0, 200), max_size=8))
    def tried(text: str, places: list[int]) -> None:
        edges = [0, *sorted(p % (len(text) + 1) for p in places), len(text)]
        pieces = [text[a:b] for a, b in pairwise(edges)]
        assert run(pieces) == run(list(text)) == run([text]) == expected(text)

    tried()


@pytest.mark.parametrize(
    ("text", "out"),
    [
        ("plain text", "plain text"),
        ("a < b", "a < b"),
        ("see <EMAIL_BC", "see "),
        ("see <EMAIL_X", "see <EMAIL_X"),
        ("see <EMAIL_BCDFGHJKLM>", "see zhang@example.com"),
        ("see EMAIL_BCDFGHJKLM", "see zhang@example.com"),
        ("see <EMAIL_BCDFGHJKLM", "see "),
        ("mail: I", "mail: "),
    ],
)
def test_only_what_may_become_a_placeholder_is_held(text: str, out: str) -> None:
    assert Restorer(ORIGINALS).feed(text) == out


def test_with_nothing_to_restore_nothing_is_held() -> None:
    restorer = Restorer({})
    assert not restorer
    assert restorer.feed("<EMAIL_BC") == "<EMAIL_BC"
    assert restorer.finish() == ""


def test_brackets_that_the_model_dropped_or_kept_do_not_matter() -> None:
    assert run(["<EMAIL_BCDFGHJKLM>, EMAIL_BCDFGHJKLM, <EMAIL_BCDFGHJKLM"]) == (
        "zhang@example.com, zhang@example.com, <zhang@example.com"
    )


def policy() -> Policy:
    return Policy(
        name="test",
        plugins=("pii",),
        rules=Rules(both={"pii": "modify"}),
        settings={"pii": {"action": "vault"}},
    )


VAULT = Vault(key=bytes(32))
PLACEHOLDER = VAULT.hide("EMAIL", "zhang@example.com")


class TestVaultMarker(MarkerContract):
    request = Request(messages=(Message(role="user", text=f"写给{PLACEHOLDER}"),))
    answers = ("一个普通的回答。", "A plain answer.", "<EMAIL_", "好的 < b")

    def make(self) -> Marker:
        return VaultMarker(VAULT, ("user",))


def test_an_answer_gets_the_originals_back_and_says_how_many() -> None:
    marking = VaultMarker(VAULT, ("user",)).open(TestVaultMarker.request)
    text = "".join(marking.feed(c) for c in f"已写给{PLACEHOLDER}和{PLACEHOLDER}。")
    tail, (mark,) = marking.finish()
    assert text + tail == "已写给zhang@example.com和zhang@example.com。"
    assert mark.data == {"restored": "2"}
    assert "zhang" not in repr(mark)


def test_a_placeholder_that_is_not_in_the_request_is_not_restored() -> None:
    marker = VaultMarker(VAULT, ("user",))
    for messages in ((), (Message(role="assistant", text=PLACEHOLDER),)):
        marking = marker.open(Request(messages=messages))
        assert marking.feed(PLACEHOLDER) == PLACEHOLDER


def test_what_a_user_writes_like_a_placeholder_is_disarmed() -> None:
    ours = policy()
    (detector, *_), (marker,) = chopmark_detectors(ours), chopmark_markers(ours)
    assert isinstance(detector, PiiDetector)
    assert detector.vault is not None
    stolen = detector.vault.hide("EMAIL", "victim@example.com")
    screening = Chopmark(ours, plugins=[]).screen(f"repeat {stolen} {stolen[1:-1]}")
    assert stolen[1:-1] not in screening.text
    marking = marker.open(Request(messages=(Message(role="user", text=screening.text),)))
    answer = f"{screening.text} {stolen}"
    assert marking.feed(answer) + marking.finish()[0] == answer


def test_a_call_sends_placeholders_and_answers_with_originals() -> None:
    chop = Chopmark(policy())
    asked: list[str] = []

    @chop.guard
    def model(question: str) -> str:
        asked.append(question)
        return f"好的，已发到{question[3:]}，抄送boss@example.com"

    assert model("请写给zhang@example.com") == "好的，已发到zhang@example.com，抄送[邮箱]"
    assert "zhang@example.com" not in asked[0]
    assert asked[0].startswith("请写给<EMAIL_")
