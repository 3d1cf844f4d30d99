"""Each page in a real browser: no fault that axe-core finds, light, dark, wide and on a phone."""

from __future__ import annotations

import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from chopmark import load_policy
from chopmark.reading import readable
from chopmark_complaints import Office
from chopmark_desk._app import make_app, pages_of
from chopmark_desk._desk import Desk, open_desk

from .conftest import CALLS, PASSWORD, QUICK, SECRET

playwright = pytest.importorskip("playwright.sync_api", reason="it comes with the dev extra")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
AXE = resources.files("axe_playwright_python") / "axe.min.js"
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium; apt-get install chromium")

WIDE, PHONE = {"width": 1280, "height": 800}, {"width": 360, "height": 740}


RUN = """async (rules) => {
  const only = rules === null ? {} : { runOnly: { type: "rule", values: rules } };
  const found = await axe.run(document, { resultTypes: ["violations"], ...only });
  return found.violations.map((one) => [one.id, one.nodes[0].html, one.nodes[0].failureSummary]);
}"""


class Tab:
    """A tab of the browser at a desk; fails where the browser complains."""

    def __init__(self, context: Any, address: str) -> None:
        context.add_init_script(path=AXE)
        self.page, self.address = context.new_page(), address
        self.complaints: list[str] = []
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _said(self, message: Any) -> None:
        # That a page of an error has the status of one is no fault.
        if message.type in ("error", "warning") and "Failed to load resource" not in message.text:
            self.complaints.append(message.text)

    def open(self, path: str) -> Any:
        self.page.goto(self.address + path)
        return self.page

    def log_in(self, name: str) -> None:
        page = self.open("/login")
        page.fill("#name", name)
        page.fill("#password", PASSWORD)
        page.click("main button")
        page.wait_for_url(self.address + "/")

    def check(self) -> None:
        """Look at the page as it is now: both schemes, and as wide as a phone."""
        for scheme, rules in (("light", None), ("dark", ["color-contrast"])):
            self.page.emulate_media(color_scheme=scheme)
            assert self.page.evaluate(RUN, rules) == [], (self.page.url, scheme)
        self.page.set_viewport_size(PHONE)
        shown = self.page.evaluate("document.documentElement.scrollWidth")
        assert shown <= PHONE["width"], (self.page.url, shown)
        self.page.set_viewport_size(WIDE)
        assert self.complaints == [], self.page.url


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with playwright.sync_playwright() as running:
        browser = running.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


def serve(desk: Desk) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        config = uvicorn.Config(make_app(desk), log_level="critical", lifespan="off")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


@pytest.fixture(scope="module")
def service(recorded: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("browsers") / "service"
    shutil.copytree(recorded, folder)
    return folder / "service.toml"


@pytest.fixture(scope="module")
def desk(service: Path) -> Iterator[Desk]:
    with open_desk(load_policy(service), secret=SECRET, cost=QUICK) as opened:
        opened.users.add("admin", "admin", PASSWORD)
        yield opened


@pytest.fixture(scope="module")
def address(desk: Desk) -> Iterator[str]:
    yield from serve(desk)


@pytest.fixture
def tab(chromium: Any, address: str) -> Iterator[Callable[..., Tab]]:
    """Return a function that opens a tab."""
    contexts = []

    def opened(locale: str = "en-GB", at: str = address) -> Tab:
        context = chromium.new_context(locale=locale, viewport=WIDE)
        context.set_default_timeout(60_000)
        contexts.append(context)
        return Tab(context, at)

    yield opened
    for context in contexts:
        context.close()


def test_the_pages_have_no_faults_and_fit_a_phone(tab: Callable[..., Tab], desk: Desk) -> None:
    one = tab()
    one.open("/login")
    one.check()
    one.log_in("admin")
    paths = [page.path for page in pages_of(desk) if page.in_navigation]
    assert len(paths) >= 5
    for path in [*paths, "/account", "/no/such/page"]:
        one.open(path)
        one.check()


def test_what_is_opened_in_the_pages_has_none_either(tab: Callable[..., Tab], desk: Desk) -> None:
    record = next(entry["id"] for entry in readable(desk.log).read() if entry["k"] == "call")
    with Office(desk.policy) as office:
        complaint = office.complaints.receive("It is <b>wrong</b>.", about=record).id
        office.complaints.decide(complaint, "upheld", "It is.", actor="officer:1")
        incident = office.incidents.open("Answers named people.", actor="officer:1").id
    one = tab("zh-CN")
    one.log_in("admin")
    for path in (f"/complaints/{complaint}", f"/incidents/{incident}", "/words/1"):
        one.open(path)
        one.check()
    page = one.open(f"/calls/{record}")
    page.click(f"form[action='/calls/{record}/texts'] button")
    page.wait_for_load_state()
    one.check()
    page = one.open("/ours")
    page.fill("#text", CALLS[0][1])
    page.click("main form button")
    page.wait_for_selector("#result")
    one.check()


def test_a_change_of_a_list_is_proposed_and_confirmed_on_pages_without_faults(
    tab: Callable[..., Tab], recorded: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "service"
    shutil.copytree(recorded, folder)
    policy = load_policy(folder / "service.toml")
    policy = policy.with_options("keyword", lists=["words.toml"], bundled=["en"])
    with open_desk(policy, secret=SECRET, cost=QUICK) as desk:
        for name in ("admin", "officer"):
            desk.users.add(name, name, PASSWORD)
        for at in serve(desk):
            one, other = tab(at=at), tab("zh-CN", at=at)
            one.log_in("officer")
            one.open("/words/1").click("a[href='/words/1/propose']")
            one.page.fill("#term", "quiet brown otters")
            one.page.fill("#category", "fraud")
            one.page.fill("#reason", "A complaint names it.")
            one.page.fill("#text", "A first term, and quiet brown otters.")
            one.page.click("button[value=try]")
            one.page.wait_for_selector("mark.bad")
            one.check()
            one.page.click("button[value=propose]")
            one.page.wait_for_url(f"{at}/words/proposals/*")
            one.check()
            other.log_in("admin")
            other.open(one.page.url.removeprefix(at).partition("?")[0])
            other.check()
            other.page.click("button[value=yes]")
            other.page.wait_for_selector(".said")
            for path in ("/words/proposals", "/words/try", "/words/1?q=otters"):
                other.open(path)
                other.check()
            assert "quiet brown otters" in (folder / "words.toml").read_text("utf-8")


def test_the_public_variant_works_without_scripts(chromium: Any, service: Path) -> None:
    policy = load_policy(service)
    with open_desk(policy, secret=SECRET, cost=QUICK, public=True) as desk:
        for at in serve(desk):
            context = chromium.new_context(java_script_enabled=False, viewport=WIDE)
            page = context.new_page()
            page.goto(at)
            assert page.url == f"{at}/ours"
            page.fill("#text", CALLS[0][1])
            page.click("main form button")
            page.wait_for_selector("#result")
            page.goto(f"{at}/complain")
            page.fill("#complaint", "It is wrong.")
            page.click("main form button")
            page.wait_for_selector("main code")
            context.close()


def test_the_keyboard_reaches_the_content_first(tab: Callable[..., Tab]) -> None:
    one = tab()
    page = one.open("/login")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "name"


def test_a_file_that_is_too_large_is_told_before_it_is_sent_and_after(
    tab: Callable[..., Tab], service: Path, tmp_path: Path
) -> None:
    file = tmp_path / "large.bin"
    with file.open("wb") as stream:
        stream.truncate(4 * 2**20)
    policy = load_policy(service).with_options("desk", upload_mb=1)
    with open_desk(policy, secret=SECRET, cost=QUICK, public=True) as desk:
        for at in serve(desk):
            page = tab(at=at).open("/ours")
            page.set_input_files("#file", file)
            page.click("main form button")
            assert page.url.endswith("/ours")
            assert page.evaluate("document.querySelector('#file').validity.customError") is True
            page.evaluate("document.querySelector('#file').dataset.most = 1e9")
            page.set_input_files("#file", file.rename(tmp_path / "again.bin"))
            page.click("main form button")
            page.wait_for_selector("main h1 >> text=That is too large")
