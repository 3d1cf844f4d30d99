"""Credentials come off a text that goes back to a model: no token of them is left."""

from __future__ import annotations

import json
import time
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.depth import scaled
from tests.plugins.c2pa.issuing import CLAIM, WHEN

from chopmark import Chopmark, Policy, Request
from chopmark.testing import WordDetector, plugin
from chopmark_c2pa import (
    COMMENTS,
    Credential,
    Credentials,
    Options,
    encode_wrapper,
    put_armour,
    put_link,
    put_script,
    sign_html,
    sign_structured,
    sign_text,
)
from chopmark_c2pa._wrapper import MAGIC, POINTER

HTML = "<!doctype html><html><head><title>t</title>\n</head><body>一个回答</body></html>"
STORE = b"\x00\x00\x00\x0cjumb\x01\xff\x10\x0f"
URL = "https://ai.example/c/1.c2pa"
PARTS = [
    encode_wrapper(STORE),
    encode_wrapper(STORE, POINTER),
    encode_wrapper(STORE)[:-3],
    encode_wrapper(STORE)[1:],
    encode_wrapper(STORE, b"ANOTHER\0"),
    "\ufeff",
    "\ufe0f",
    "❤\ufe0f",
    "葛\U000e0100",
    "text\n",
    "#!/bin/sh\n",
    "# -----BEGIN C2PA MANIFEST----- a -----END C2PA MANIFEST-----\n",
    "-----BEGIN C2PA MANIFEST-----",
    '<link rel="c2pa-manifest" href="a" type="application/c2pa">\n',
    "</head>",
]


@pytest.fixture(scope="module")
def chop() -> Chopmark:
    marker = Credentials(Options(url="https://ai.example/c/"), lambda: WHEN)
    words = WordDetector({"bad": "warn"})
    return Chopmark(Policy(name="p"), plugins=[plugin(markers=[marker], detectors=[words])])


def test_what_a_tool_was_given_comes_back_without_a_token(
    chop: Chopmark, credential: Credential
) -> None:
    signed = sign_text("一个回答", CLAIM, credential, WHEN)
    asked = {"path": "a.txt", "content": signed}
    for ascii_only in (True, False):
        text, bare = (
            json.dumps({**asked, "content": said}, ensure_ascii=ascii_only, indent=3)
            for said in (signed, "一个回答")
        )
        assert len(text) > 30 * len(bare)
        assert chop.strip_arguments(text) == bare
    assert chop.strip_arguments(asked) == {"path": "a.txt", "content": "一个回答"}


def test_no_token_of_a_signed_text_is_left(chop: Chopmark, credential: Credential) -> None:
    signed = sign_text("一个回答", CLAIM, credential, WHEN)
    assert len(signed) > 1500
    for role in ("user", "assistant", "tool", "system"):
        assert chop.strip(signed, role=role) == "一个回答"
        assert chop.strip(f"A: {signed}\nB: {signed}", role=role) == "A: 一个回答\nB: 一个回答"


def test_a_call_is_asked_without_it(chop: Chopmark, credential: Credential) -> None:
    signed, seen = sign_text("so it is", CLAIM, credential, WHEN), []

    @chop.guard
    def answer(prompt: list[dict[str, str]]) -> str:
        seen.extend(message["content"] for message in prompt)
        return "fine"

    answer([{"role": role, "content": signed} for role in ("user", "assistant", "tool")])
    assert seen == ["so it is"] * 3


def test_a_word_that_a_wrapper_parts_is_found_where_it_stands(chop: Chopmark) -> None:
    wrapper = encode_wrapper(STORE)
    found = chop.screen(f"so b{wrapper}ad")
    assert found.text == "so bad"
    assert [(v.start, v.end) for v in found.verdicts] == [(3, 6 + len(wrapper))]


@pytest.mark.parametrize("media_type", COMMENTS)
@pytest.mark.parametrize("text", ["a\nb", "a\r\nb\r\n", "#!/bin/sh\na", "", "<?xml ?>\n<a/>\n"])
def test_the_block_of_structured_text_comes_off(chop: Chopmark, media_type: str, text: str) -> None:
    assert chop.strip(put_armour(text, URL, media_type).text) == text


def test_signed_structured_text_and_html_come_back(chop: Chopmark, credential: Credential) -> None:
    for media_type in ("text/markdown", "text/x-python"):
        signed = sign_structured("一个回答\n", CLAIM, credential, WHEN, media_type)
        assert chop.strip(signed) == "一个回答\n"
    assert chop.strip(sign_html(HTML, CLAIM, credential, WHEN)) == HTML
    assert chop.strip(put_script(HTML, STORE).text) == HTML
    assert chop.strip(put_link(HTML, "https://ai.example/?a=1&b=2")) == HTML


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (f"a{encode_wrapper(STORE)[1:]}", "a"),
        (f"a{encode_wrapper(STORE)[:-4]}", "a"),
        (f"a{encode_wrapper(STORE)}\ufe0fb", "a\ufe0fb"),
        (f"a{encode_wrapper(STORE)}{encode_wrapper(STORE, POINTER)}", "a"),
    ],
)
def test_what_is_left_of_a_wrapper_comes_off_too(chop: Chopmark, text: str, left: str) -> None:
    assert chop.strip(text) == left


@pytest.mark.parametrize(
    "text",
    [
        "\ufeffa text",
        "❤\ufe0f 葛\U000e0100",
        encode_wrapper(STORE, b"ANOTHER\0"),
        encode_wrapper(STORE).replace("\ufe01", "\ufe02", 1),
        "a\n# -----BEGIN C2PA MANIFEST----- u -----END C2PA MANIFEST-----\nb",
        "a\n# -----BEGIN C2PA MANIFEST----- u -----END C2PA MANIFEST-----",
        "It begins with -----BEGIN C2PA MANIFEST----- and\nends.",
        '<script type="application/c2pa">not ours</script>\n</head>',
        '<link rel="c2pa-manifest" href="u" type="application/c2pa">\n<p>',
    ],
)
def test_what_this_plugin_does_not_write_stays(chop: Chopmark, text: str) -> None:
    assert chop.strip(text) == text


@settings(max_examples=scaled(200), deadline=None)
@given(st.lists(st.sampled_from(PARTS), max_size=7).map("".join))
def test_a_text_is_stripped_once_for_all(chop: Chopmark, text: str) -> None:
    once = chop.strip(text)
    assert chop.strip(once) == once
    (marker,) = chop.markers
    marking = marker.open(Request())
    marked = marking.feed(text) + marking.finish()[0]
    assert chop.strip(marked) == chop.strip(unicodedata.normalize("NFC", text))


@pytest.mark.parametrize("part", PARTS)
def test_it_takes_linear_time(chop: Chopmark, part: str) -> None:
    def took(count: int) -> float:
        text, best = "x" + part * count, []
        for _ in range(3):
            start = time.process_time()
            chop.strip(text)
            best.append(time.process_time() - start)
        return min(best)

    assert took(4000) < 40 * took(500) + 0.01


def test_magics_begin_alike() -> None:
    """By which a text without either is known at once."""
    assert MAGIC[0] == POINTER[0] == ord("C")
