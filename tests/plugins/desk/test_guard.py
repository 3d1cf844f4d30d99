"""Nobody opens what is not for them, no other site sends a form, and nothing too large is read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from starlette.datastructures import FormData
from starlette.responses import PlainTextResponse, Response
from starlette.testclient import TestClient

from chopmark import LogError, load_policy
from chopmark_desk import _app
from chopmark_desk._app import make_app, pages_of
from chopmark_desk._desk import Desk, open_desk
from chopmark_desk._page import Page, Visit
from chopmark_desk._roles import AREAS, ROLES, may
from chopmark_desk.pages import PAGES

from .conftest import QUICK, SECRET, Browser

READS = [page for page in PAGES if "GET" in page.methods]
SENDS = [page for page in PAGES if "POST" in page.methods]


def address(page: Page) -> str:
    return re.sub(r"\{[^}]*\}", "7", page.path)


def test_every_page_is_in_the_table_and_only_the_login_is_open() -> None:
    assert {page.path for page in PAGES if page.area not in AREAS} == {"/login"}
    assert set(AREAS.values()) == set(ROLES)
    assert all(set(page.methods) in ({"GET"}, {"POST"}) for page in PAGES)


def test_the_document_has_the_table_as_it_is() -> None:
    page = (Path(__file__).parents[3] / "docs" / "desk.md").read_text("utf-8")
    assert dict(re.findall(r"^\| `([a-z.]+)` \| (\w+) \|", page, re.M)) == dict(AREAS)


def test_every_page_opens_for_its_role_and_not_for_the_one_below(
    as_role: Callable[[str], Browser], desk: Desk
) -> None:
    browsers = {role: as_role(role) for role in ROLES}
    for page in pages_of(desk):
        if page in READS and page.area:
            found = browsers[AREAS[page.area]].get(address(page), follow_redirects=False)
            assert found.status_code in (200, 303, 404), (page.path, found.text)
        for role in ROLES:
            if page.area and not may(role, page.area):
                one, path = browsers[role], address(page)
                found = one.get(path) if page in READS else one.submit(path)
                assert (found.status_code, "role" in found.text) == (403, True), (path, role)


def test_a_role_may_what_those_before_it_may() -> None:
    for area in AREAS:
        assert not may(None, area)
        allowed = [may(role, area) for role in ROLES]
        assert allowed == sorted(allowed)
        assert allowed[-1]


def test_a_stranger_opens_the_login_and_nothing_else(
    browser: Callable[[], Browser], desk: Desk
) -> None:
    one = browser()
    for page in pages_of(desk):
        if page.path == "/login":
            continue
        if page in READS:
            found = one.get(address(page), follow_redirects=False)
            assert (found.status_code, found.headers["location"][:6]) == (303, "/login")
        else:
            found = one.submit(address(page))
            assert found.status_code == 401, page.path


def test_the_public_variant_has_the_public_pages_and_nothing_else(stranger: Browser) -> None:
    public = [page for page in PAGES if page.public]
    for page in PAGES:
        if page in READS and not any(other.path == page.path for other in public):
            found = stranger.get(address(page), follow_redirects=False)
            assert found.status_code in (303, 404), page.path
            assert "login" not in found.headers.get("location", "")
    stranger.cookies.set("chopmark-desk-session", "x" * 43)
    assert stranger.get("/users").status_code == 404


def test_no_form_is_taken_without_the_token_of_its_page(
    as_role: Callable[[str], Browser], desk: Desk
) -> None:
    one, other = as_role("admin"), as_role("officer")
    for page in pages_of(desk):
        if page in SENDS:
            for token in ({}, {"csrf": ""}, {"csrf": "0" * 64}, {"csrf": other.token}):
                found = one.post(address(page), data=token, follow_redirects=False)
                assert (found.status_code, "out of date" in found.text) == (403, True), page.path
    one.see("/account")


def test_no_form_of_the_login_or_of_strangers_is_taken_without_one_either(
    browser: Callable[[], Browser], stranger: Browser
) -> None:
    for one, path in [
        (browser(), "/login"),
        *((stranger, address(page)) for page in SENDS if page.public),
    ]:
        assert one.post(path, data={"name": "admin"}).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.test"},
        {"origin": "null"},
        {"origin": "http://["},
        {"origin": ""},
        {"origin": "http://desk.test:81"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
def test_no_form_of_another_site_is_taken_even_with_a_token(
    headers: dict[str, str], as_role: Callable[[str], Browser]
) -> None:
    found = as_role("admin").submit("/logout", headers=headers)
    assert (found.status_code, "another site" in found.text) == (403, True)


def test_a_form_of_this_site_is_taken(as_role: Callable[[str], Browser]) -> None:
    headers = {"origin": "http://desk.test", "sec-fetch-site": "same-origin"}
    assert as_role("viewer").submit("/logout", headers=headers).status_code == 303


@pytest.mark.parametrize(
    "host", ["evil.test", "desk.test.evil.test", "", "desk.test@evil.test", "["]
)
def test_another_host_gets_no_page(host: str, browser: Callable[[], Browser]) -> None:
    found = browser().get("/login", headers={"host": host})
    assert (found.status_code, "<html" in found.text) == (421, False)


@pytest.mark.parametrize(
    "host", ["desk.test", "DESK.test:8484", "localhost:1", "127.0.0.1", "[::1]:9"]
)
def test_the_hosts_of_the_desk_get_one(host: str, browser: Callable[[], Browser]) -> None:
    assert browser().get("/login", headers={"host": host}).status_code == 200


ANSWERS = ["/login", "/", "/nothing", "/users", "/static/desk.css", "/static/none", "/logout"]


@pytest.mark.parametrize("path", ANSWERS)
def test_every_answer_has_the_headers(path: str, as_role: Callable[[str], Browser]) -> None:
    found = as_role("viewer").get(path, follow_redirects=False)
    policy = found.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    for name, value in {
        "x-content-type-options": "nosniff",
        "referrer-policy": "same-origin",
        "cache-control": "no-store",
        "cross-origin-resource-policy": "same-origin",
    }.items():
        assert found.headers[name] == value
    assert "server" not in found.headers
    assert "strict-transport-security" not in found.headers


def test_behind_tls_cookies_and_browsers_are_told_to_stay_there(desk: Desk) -> None:
    from dataclasses import replace

    secure = replace(desk, secure=True)
    with Browser(make_app(secure), base_url="https://desk.test") as one:
        found = one.submit("/login", {"name": "viewer", "password": "quiet otters count to nine"})
        (cookie,) = [c for c in found.headers.get_list("set-cookie") if "session" in c]
        assert cookie.startswith("__Host-chopmark-desk-session=")
        assert {"Secure", "HttpOnly", "Path=/"} <= {part.strip() for part in cookie.split(";")}
        assert found.headers["strict-transport-security"] == "max-age=31536000"


@pytest.fixture
def own(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Browser]]:
    """Return a function that makes a browser at a desk with a page of one's own, `/own`."""
    opened: list[TestClient] = []

    def made(
        endpoint: Callable[[Visit], object], method: str = "GET", most: int = 2**20
    ) -> Browser:
        page = Page(path="/own", endpoint=endpoint, area="overview", methods=(method,), most=most)  # type: ignore[arg-type]
        monkeypatch.setattr(_app, "PAGES", (*PAGES, page))
        found = Browser(make_app(desk), base_url="http://desk.test", raise_server_exceptions=False)
        opened.append(found)
        return found.log_in("viewer")

    yield made
    for one in opened:
        one.close()


def test_what_breaks_says_nothing_of_why(own: Callable[..., Browser]) -> None:
    async def broken(visit: Visit) -> Response:
        raise RuntimeError("what nobody sees")

    found = own(broken).get("/own")
    assert (found.status_code, "Something broke" in found.text) == (500, True)
    assert not re.search("nobody sees|RuntimeError|Traceback|test_guard", found.text)
    assert found.headers["content-security-policy"]


def test_what_the_sdk_cannot_do_is_told_to_people_of_the_desk(own: Callable[..., Browser]) -> None:
    async def fails(visit: Visit) -> Response:
        raise LogError("file '<x>' is gone; look for it")

    found = own(fails).get("/own")
    assert (found.status_code, "&#39;&lt;x&gt;&#39; is gone; look for it" in found.text) == (
        409,
        True,
    )


async def told(visit: Visit) -> Response:
    form: FormData = visit.form
    return PlainTextResponse(str(len(str(form.get("text")))))


def test_a_form_of_the_size_that_the_page_takes_is_taken(own: Callable[..., Browser]) -> None:
    one = own(told, "POST", most=10_000)
    assert one.submit("/own", {"text": "x" * 9000}).text == "9000"


def test_a_form_that_says_it_is_too_large_is_not_read(own: Callable[..., Browser]) -> None:
    found = own(told, "POST", most=10_000).submit("/own", {"text": "x" * 11_000})
    assert (found.status_code, "too large" in found.text) == (413, True)


@pytest.mark.parametrize("file", [False, True])
def test_a_form_that_says_no_size_is_refused_while_it_comes(
    file: bool, own: Callable[..., Browser]
) -> None:
    head = (
        b'--b\r\ncontent-disposition: form-data; name="f"; filename="x"\r\n\r\n' if file else b"a="
    )
    kind = "multipart/form-data; boundary=b" if file else "application/x-www-form-urlencoded"
    body = (piece for piece in (head, bytes(10_000), bytes(10_000)))
    one = own(told, "POST", most=15_000)
    found = one.post("/own", content=body, headers={"content-type": kind})
    assert (found.status_code, "too large" in found.text) == (413, True)


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=b", b"--c\r\n"),
        ("multipart/form-data; boundary=b", b"--b\r\nx\r\n\r\n\xff"),
        ("application/x-www-form-urlencoded", b"&".join(b"a%d=1" % n for n in range(600))),
        ("application/x-www-form-urlencoded", b"%ff=%ff&csrf=\xff"),
        ("application/json", b"{}"),
        ("", b""),
    ],
)
def test_a_broken_form_is_refused(kind: str, body: bytes, own: Callable[..., Browser]) -> None:
    found = own(told, "POST").post("/own", content=body, headers={"content-type": kind})
    assert (found.status_code in (400, 403), "Nothing was changed" in found.text) == (True, True)


def test_strangers_send_no_more_than_some_forms(stranger: Browser) -> None:
    path = next(address(page) for page in SENDS if page.public)
    found = [stranger.post(path, data={}).status_code for _ in range(31)]
    assert found == [403] * 30 + [429]


def test_two_desks_of_one_service_take_each_others_forms(
    desk: Desk, as_role: Callable[[str], Browser]
) -> None:
    one = as_role("viewer")
    opening = open_desk(
        load_policy(desk.policy.folder + "/service.toml"), secret=SECRET, cost=QUICK,
        clock=desk.clock, hosts=("desk.test",),
    )  # fmt: skip
    with opening as other, Browser(make_app(other), base_url="http://desk.test") as again:
        again.cookies.update(one.cookies)
        again.token = one.token
        assert again.submit("/logout").status_code == 303
    assert one.get("/account", follow_redirects=False).status_code == 303
