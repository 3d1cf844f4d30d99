"""Logging in, what a browser is given for it, and how it ends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chopmark_desk._desk import Desk
from chopmark_desk._language import LANGUAGES
from chopmark_desk._limits import network
from chopmark_desk._page import local

from .conftest import HOUR, PASSWORD, Browser, Clock

SESSION = "chopmark-desk-session"


def test_who_logs_in_comes_to_the_page_that_was_asked_for(browser: Callable[[], Browser]) -> None:
    one = browser()
    asked = one.get("/account?x=1", follow_redirects=False)
    assert (asked.status_code, asked.headers["location"]) == (303, "/login?next=%2Faccount%3Fx%3D1")
    assert 'name="next" value="/account?x=1"' in one.see(asked.headers["location"])
    sent = {"name": "viewer", "password": PASSWORD, "next": "/account?x=1"}
    assert one.submit("/login", sent).headers["location"] == "/account?x=1"


def test_the_cookie_is_for_this_site_and_no_script(browser: Callable[[], Browser]) -> None:
    found = browser().submit("/login", {"name": "viewer", "password": PASSWORD})
    (cookie,) = [c for c in found.headers.get_list("set-cookie") if c.startswith(SESSION)]
    assert {part.strip().lower() for part in cookie.split(";")[1:]} == {
        "httponly", "path=/", "samesite=strict",
    }  # fmt: skip


def test_a_wrong_password_and_an_unknown_name_are_told_alike(
    browser: Callable[[], Browser], clock: Clock
) -> None:
    told = []
    for name in ("viewer", "nobody"):
        found = browser().submit("/login", {"name": name, "password": "wrong"})
        assert found.status_code == 401
        assert SESSION not in str(found.headers)
        told.append(found.text.replace(f'value="{name}"', ""))
    wrong, unknown = (page.split("<main")[1].split("</form>")[1:] for page in told)
    assert wrong == unknown


def test_a_name_is_found_however_it_is_typed(browser: Callable[[], Browser], desk: Desk) -> None:
    desk.users.add("Li.Hua", "viewer", PASSWORD)
    assert browser().log_in(" LI.hua ").see("/account").count("li.hua") >= 1


def test_a_session_that_a_stranger_planted_is_worth_nothing(
    browser: Callable[[], Browser],
) -> None:
    victim = browser()
    victim.cookies.set(SESSION, "planted", domain="desk.test", path="/")
    victim.cookies.set("chopmark-desk-visitor", "p" * 43, domain="desk.test", path="/")
    victim.log_in("admin")
    assert victim.cookies.get(SESSION, domain="desk.test", path="/") != "planted"
    attacker = browser()
    attacker.cookies.set(SESSION, "planted", domain="desk.test", path="/")
    assert attacker.get("/account", follow_redirects=False).status_code == 303


def test_who_logs_in_again_leaves_no_session_behind(as_role: Callable[[str], Browser]) -> None:
    one = as_role("viewer")
    before = one.cookies[SESSION]
    one.submit("/login", {"name": "officer", "password": PASSWORD})
    assert one.cookies[SESSION] != before
    one.cookies.clear()
    one.cookies.set(SESSION, before)
    assert one.get("/account", follow_redirects=False).status_code == 303


def test_logging_out_ends_the_session_where_it_is_kept(as_role: Callable[[str], Browser]) -> None:
    one = as_role("viewer")
    kept = one.cookies[SESSION]
    found = one.submit("/logout")
    assert (found.status_code, SESSION in one.cookies) == (303, False)
    one.cookies.set(SESSION, kept)
    assert one.get("/account", follow_redirects=False).status_code == 303


def test_nobody_is_logged_out_by_a_link(as_role: Callable[[str], Browser]) -> None:
    one = as_role("viewer")
    assert one.get("/logout").status_code == 405
    one.see("/account")


def test_a_session_ends_when_nobody_clicks(as_role: Callable[[str], Browser], clock: Clock) -> None:
    one = as_role("viewer")
    for _ in range(3):
        clock.now += HOUR // 2 - 1
        one.see("/account")
    clock.now += HOUR // 2
    assert one.get("/account", follow_redirects=False).status_code == 303


def test_a_session_ends_after_a_day_of_work_in_any_case(
    as_role: Callable[[str], Browser], clock: Clock
) -> None:
    one = as_role("viewer")
    for _ in range(35):
        clock.now += HOUR // 3
        one.see("/account")
    clock.now += HOUR // 3
    assert one.get("/account", follow_redirects=False).status_code == 303


def test_a_form_that_comes_after_the_session_is_not_taken_and_says_so(
    as_role: Callable[[str], Browser], clock: Clock
) -> None:
    one = as_role("viewer")
    clock.now += HOUR
    found = one.submit("/account", {"password": PASSWORD, "new": "x" * 20, "again": "x" * 20})
    assert (found.status_code, "Your session ended" in found.text) == (401, True)


@pytest.mark.parametrize("change", ["role", "password", "remove"])
def test_who_is_changed_is_logged_out(
    change: str, as_role: Callable[[str], Browser], desk: Desk
) -> None:
    one = as_role("officer")
    changes: dict[str, Callable[[], Any]] = {
        "role": lambda: desk.users.set_role("officer", "viewer"),
        "password": lambda: desk.users.set_password("officer", PASSWORD + "!"),
        "remove": lambda: desk.users.remove("officer"),
    }
    changes[change]()
    assert one.get("/account", follow_redirects=False).status_code == 303


def test_a_new_password_of_ones_own_ends_the_sessions_elsewhere_and_not_here(
    as_role: Callable[[str], Browser],
) -> None:
    here, elsewhere = as_role("viewer"), as_role("viewer")
    new = "seven green kettles sing"
    wrong = here.submit("/account", {"password": "not it", "new": new, "again": new})
    assert wrong.status_code == 401
    other = here.submit("/account", {"password": PASSWORD, "new": new, "again": f"{new}s"})
    assert other.status_code == 400
    assert here.submit("/account", {"password": PASSWORD, "new": new, "again": new}).is_redirect
    here.see("/account")
    assert elsewhere.get("/account", follow_redirects=False).status_code == 303
    elsewhere.cookies.clear()
    elsewhere.token = ""
    elsewhere.log_in("viewer", new)


def test_passwords_cannot_be_tried_one_after_the_other(browser: Callable[[], Browser]) -> None:
    one = browser()
    for number in range(5):
        assert one.submit("/login", {"name": "viewer", "password": f"{number}"}).status_code == 401
    found = one.submit("/login", {"name": " Viewer", "password": PASSWORD})
    assert (found.status_code, found.headers["retry-after"]) == (429, "300")
    assert one.submit("/login", {"name": "officer", "password": PASSWORD}).status_code == 303


def test_one_address_cannot_try_many_names(browser: Callable[[], Browser]) -> None:
    one = browser()
    found = [
        one.submit("/login", {"name": f"name{number}", "password": "x"}).status_code
        for number in range(61)
    ]
    assert found == [401] * 60 + [429]


def test_one_name_cannot_be_tried_from_many_addresses(desk: Desk) -> None:
    from chopmark_desk._limits import LOGIN_NAME

    assert [desk.limits.take(LOGIN_NAME, "viewer") for _ in range(31)] == [True] * 30 + [False]


def test_a_household_counts_as_one_address() -> None:
    assert network("2001:db8::1") == network("2001:db8::ffff") != network("2001:db8:0:1::1")
    assert network("::ffff:192.0.2.1") == network("192.0.2.1") != network("192.0.2.2")
    assert network("testclient") == "testclient"


ELSEWHERE = [
    "https://evil.test/", "//evil.test", "/\\evil.test", "\\\\evil.test", "/\t/evil.test", "x",
    "javascript:alert(1)", " //evil.test", "/\n/evil.test", "", "/ok\r\nset-cookie: a=b",
]  # fmt: skip


@pytest.mark.parametrize("where", ELSEWHERE)
def test_a_login_leads_to_no_other_site(where: str, browser: Callable[[], Browser]) -> None:
    sent = {"name": "viewer", "password": PASSWORD, "next": where}
    assert browser().submit("/login", sent).headers["location"] == "/"


@given(st.text() | st.builds("/{}".format, st.text(alphabet="/\\ \t\n.:@evil")))
def test_what_leads_on_stays_at_the_desk(where: str) -> None:
    from urllib.parse import urljoin, urlsplit

    found = urlsplit(urljoin("http://desk.test/login", local(where)))
    assert (found.scheme, found.netloc) == ("http", "desk.test")
    assert local(where)[:2] not in ("//", "/\\")


def test_the_language_is_what_was_asked_for_then_what_was_chosen_then_the_browsers_own(
    browser: Callable[[], Browser],
) -> None:
    one = browser()
    chinese = {"accept-language": "fr;q=0.9, zh-CN;q=0.8, en;q=0.7"}
    assert "<h1>登录</h1>" in one.see("/login", headers=chinese)
    assert "<h1>Log in</h1>" in one.see("/login", headers={"accept-language": "fr, zh;q=x"})
    assert "<h1>登录</h1>" in one.see("/login?lang=zh")
    assert '<html lang="zh-Hans">' in one.see("/login")
    assert "<h1>Log in</h1>" in one.see("/login?lang=en", headers=chinese)
    assert "<h1>Log in</h1>" in one.see("/login?lang=fr", headers=chinese)
    assert LANGUAGES == ("en", "zh")
