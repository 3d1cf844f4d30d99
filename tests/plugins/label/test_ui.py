"""The label of an interface in a real browser: the fragment, and the element of label-ui."""

import functools
import re
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from bench.browser import Browser, find

from chopmark_label import html_fragment
from chopmark_label._propagate import PROMPTS
from chopmark_label._wording import DEFAULTS, LANGUAGES

FOLDER = Path(__file__).parents[3] / "examples" / "label-ui"
LONGEST = "内容由AI生成" + "x" * 53
DARK, LIGHT = {"prefers_color_scheme": "dark"}, {"prefers_color_scheme": "light"}

needs_browser = pytest.mark.skipif(not find(), reason="no Chromium or Chrome is on the path")

# The contrast of WCAG 2.2 between the colours that the browser computed.
SCRIPT = """
function contrast(element) {
  const style = getComputedStyle(element);
  const light = (colour) => {
    const [r, g, b, a = 1] = colour.match(/[\\d.]+/g).map(Number);
    if (a !== 1) return NaN;
    const [x, y, z] = [r, g, b].map((c) => c / 255)
      .map((c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const [a, b] = [light(style.color), light(style.backgroundColor)];
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}
function badges() {
  const inside = [...document.querySelectorAll("chopmark-label")];
  return [
    ...inside.map((host) => host.shadowRoot?.querySelector("p")).filter(Boolean),
    ...[...document.querySelectorAll(".chopmark-label")].filter((e) => e.checkVisibility()),
  ];
}
"""


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    handler = functools.partial(Quiet, directory=str(FOLDER))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="module")
def running() -> Iterator[Browser]:
    with Browser() as browser:
        yield browser


@pytest.fixture
def page(running: Browser, site: str) -> Browser:
    running.emulate()
    running.open(f"{site}/index.html")
    running.run(SCRIPT)
    return running


def show(browser: Browser, body: str, head: str = "") -> None:
    """Show a page of one's own, which knows the element."""
    module = '<script type="module" src="chopmark-label.js"></script>'
    browser.show(f"<!doctype html><html lang=en><head>{module}{head}</head><body>{body}")
    browser.run("customElements.whenDefined('chopmark-label').then(() => 1)")
    browser.run(SCRIPT)


def test_page_has_the_fragments_that_python_makes() -> None:
    text = (FOLDER / "index.html").read_text("utf-8")
    made = {
        html_fragment(language, element=element)  # type: ignore[arg-type]
        for language in ("zh", "en")
        for element in ("p", "div", "span")
    }
    for fragment in made:
        text = text.replace(fragment, "FRAGMENT")
    assert text.count("FRAGMENT") == 11
    assert "data-label" not in text


@needs_browser
@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
def test_every_label_is_legible_and_inside_its_bubble(
    page: Browser, scheme: dict[str, str], width: int
) -> None:
    page.emulate(width=width, **scheme)
    assert page.run("badges().length") == 12
    assert page.run("Math.min(...badges().map(contrast))") >= 4.5
    assert (
        page.run("Math.min(...badges().map((e) => parseFloat(getComputedStyle(e).fontSize)))") >= 12
    )
    assert page.run("document.documentElement.scrollWidth <= innerWidth")
    assert page.run(
        "badges().every((e) => { const box = e.getBoundingClientRect();"
        "  const around = (e.closest('.bubble, article') ?? e.getRootNode().host.parentElement)"
        "    .getBoundingClientRect();"
        "  return box.height > 12 && box.left >= around.left && box.right <= around.right; })"
    )


@needs_browser
def test_dark_page_has_a_dark_badge_only_where_the_page_follows(page: Browser) -> None:
    colour = "getComputedStyle(badges().at(-1)).backgroundColor"
    page.emulate(**DARK)
    assert page.run(colour) == "rgb(31, 41, 55)"
    show(page, html_fragment("zh"), "<style>body { background: black; color: white }</style>")
    assert page.run(colour) == "rgb(243, 244, 246)"
    assert page.run("contrast(badges()[0])") >= 4.5


@needs_browser
def test_forced_colours_leave_the_border_and_the_words(page: Browser) -> None:
    page.emulate(forced_colors="active", **DARK)
    assert page.run("matchMedia('(forced-colors: active)').matches")
    assert page.run(
        "badges().every((e) => { const s = getComputedStyle(e);"
        "  return s.borderTopColor !== s.backgroundColor && s.borderTopStyle === 'solid'"
        "    && contrast(e) >= 4.5; })"
    )


@needs_browser
def test_label_stands_at_the_right_edge_of_a_page_that_runs_from_there(page: Browser) -> None:
    assert page.run(
        "badges().filter((e) => (e.getRootNode().host ?? e).closest('#rtl')).map((e) =>"
        "  Math.round((e.getRootNode().host ?? e).parentElement.getBoundingClientRect().right"
        "    - e.getBoundingClientRect().right) < 20 && getComputedStyle(e).direction)"
    ) == ["ltr", "ltr"]


@needs_browser
def test_pages_own_styles_make_no_label_illegible(page: Browser) -> None:
    style = (
        "p, div, span { color: #fff; text-transform: uppercase; font-size: 3px; line-height: 0;"
        " white-space: pre; text-indent: -99em; letter-spacing: 2em; margin: -9em }"
    )
    body = (
        "<section style='width: 200px; white-space: pre; text-indent: -50em'>"
        f"{html_fragment('zh', text=LONGEST)}"
        f"<chopmark-label lang=zh text='{LONGEST}'></chopmark-label></section>"
    )
    show(page, body, f"<style>{style}</style>")
    assert page.run("badges().map((e) => e.textContent)") == [LONGEST, LONGEST]
    assert page.run("Math.min(...badges().map(contrast))") >= 4.5
    assert page.run(
        "badges().every((e) => { const s = getComputedStyle(e), box = e.getBoundingClientRect();"
        "  return s.textTransform === 'none' && s.textIndent === '0px' && box.width <= 200"
        "    && parseFloat(s.fontSize) >= 12 && box.height > 24 && e.scrollWidth <= 200; })"
    )
    show(page, "<i id=other>x</i>" + body)
    assert page.run("getComputedStyle(other).fontWeight") == "400"  # and nothing leaks out


@needs_browser
def test_element_says_what_python_says_in_every_language(page: Browser) -> None:
    show(page, "".join(f"<chopmark-label lang={la}></chopmark-label>" for la in LANGUAGES))
    said = page.run("badges().map((e) => [e.lang.split('-')[0], e.textContent])")
    assert dict(said) == dict(DEFAULTS["gb45438"])
    chinese = page.run("badges().map((e) => e.querySelector('[lang=zh-CN]')?.textContent ?? '')")
    assert chinese == ["" if la in ("zh", "ja") else "AI生成" for la in LANGUAGES]


@needs_browser
def test_element_shows_the_state_of_the_last_event_that_has_one(page: Browser) -> None:
    show(page, "<chopmark-label lang=en></chopmark-label><chopmark-label lang=zh></chopmark-label>")
    read = "[...document.querySelectorAll('chopmark-label')].map((e) => e.read(%s))"
    shown = "badges().map((e) => e.textContent)"
    for state, value in (("possible", "2"), ("suspected", "3")):
        assert page.run(read % f"""'{{"aigc": {{"Label": "{value}"}}}}'""") == [True, True]
        assert page.run(shown) == [PROMPTS[state][la] for la in ("en", "zh")]  # type: ignore[index]
        for other in ("'[DONE]'", '\'{"delta": "x"}\'', "null", "{aigc: null}", "{aigc: [1]}", "7"):
            assert page.run(read % other) == [False, False]
        assert page.run("document.querySelector('chopmark-label').getAttribute('state')") == state
    assert page.run(read % "{aigc: {Label: '1'}}") == [True, True]
    assert page.run(shown) == [DEFAULTS["gb45438"][la] for la in ("en", "zh")]


@needs_browser
def test_words_are_text_and_never_markup(page: Browser) -> None:
    bad = 'AI生成<img src=x onerror="window.hit=1"><script>window.hit=1</script>"\''
    show(page, html_fragment("zh", text=bad[:60]) + "<chopmark-label lang=zh></chopmark-label>")
    page.run(f"document.querySelector('chopmark-label').setAttribute('text', {bad!r})")
    assert page.run("badges().map((e) => e.textContent)") == [bad, bad[:60]]
    assert page.run("document.images.length") == 0
    assert page.run("window.hit") is None


@needs_browser
def test_label_is_in_what_a_user_copies(page: Browser, site: str) -> None:
    body = "<p>x</p><chopmark-label lang=en></chopmark-label>"
    show(page, html_fragment("zh") + body)
    html = page.run("document.documentElement.outerHTML")
    copied = page.copied(html)
    assert re.split(r"\s*\n\s*", copied.strip()) == ["AI生成", "x", "AI生成 · AI-generated"]


@needs_browser
def test_screen_reader_gets_the_words_once(page: Browser) -> None:
    show(page, html_fragment("en") + f"<chopmark-label>{html_fragment('zh')}</chopmark-label>")
    nodes = page.call("Accessibility.getFullAXTree")["nodes"]
    nodes = [node for node in nodes if not node["ignored"]]
    assert [n["role"]["value"] for n in nodes].count("note") == 2
    words = [n["name"]["value"] for n in nodes if n["role"]["value"] == "StaticText"]
    assert words == ["AI生成", " · AI-generated", "AI生成"]


@needs_browser
def test_without_a_script_what_is_inside_is_shown(running: Browser, site: str) -> None:
    running.call("Emulation.setScriptExecutionDisabled", value=True)
    try:
        running.open(f"{site}/index.html")
        shown = running.run(
            "[...document.querySelectorAll('chopmark-label > p')].map((e) => e.checkVisibility())"
        )
    finally:
        running.call("Emulation.setScriptExecutionDisabled", value=False)
    assert shown == [True] * 4


@needs_browser
def test_label_of_a_long_answer_stays_in_sight(page: Browser) -> None:
    page.run("document.querySelector('.scrolled').scrollTop = 150")
    assert page.run(
        "new Promise((done) => requestAnimationFrame(() => {"
        "  const box = document.querySelector('.scrolled');"
        "  const [a, b] = [box, box.querySelector('chopmark-label')]"
        "    .map((e) => e.getBoundingClientRect());"
        "  done(box.scrollTop > 100 && b.top >= a.top && b.bottom <= a.bottom); }))"
    )
