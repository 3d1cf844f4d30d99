"""Addresses are read as browsers read them, and what they could carry is counted."""

from __future__ import annotations

import pytest

from chopmark_injection import Hosts
from chopmark_injection._url import carried, read


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("https://Evil.NET/a", "evil.net"),
        ("https://evil.net:8443/a", "evil.net"),
        ("https://evil.net.", "evil.net"),
        ("  https://evil.net", "evil.net"),
        ("ht\ntp\ts://ev\nil.net", "evil.net"),
        ("https:evil.net", "evil.net"),
        ("https:///evil.net", "evil.net"),
        ("https:\\\\evil.net\\a", "evil.net"),
        ("//evil.net/a", "evil.net"),
        ("\\\\evil.net", "evil.net"),
        ("www.evil.net/a", "www.evil.net"),
        ("https://good.cn@evil.net", "evil.net"),
        ("https://good.cn\\@evil.net", "good.cn"),
        ("https://evil.net#@good.cn", "evil.net"),
        ("https://evil.net?@good.cn", "evil.net"),
        ("https://ev%69l.net", "evil.net"),
        ("https://ｅｖｉｌ.net", "evil.net"),
        ("https://evil。net", "evil.net"),
        ("https://bücher.de", "xn--bcher-kva.de"),
        ("https://[2001:db8::1]:80/", "[2001:db8::1]"),
        ("ftp://evil.net/a", "evil.net"),
        ("vscode://evil.net/a", "evil.net"),
        ("mailto:a@evil.net?body=x", "evil.net"),
    ],
)
def test_the_host_is_the_one_that_a_browser_asks(text: str, host: str) -> None:
    url = read(text)
    assert url is not None
    assert url.host == host


@pytest.mark.parametrize(
    "text",
    ["", "a", "/a?b=c", "a.png", "#x", "?q=1", "javascript:alert(1)", "data:text/html,x", "tel:1",
     "https://", "https://{host}/a", "https://<host>", "https://a b/", "https:"],
)  # fmt: skip
def test_what_leads_to_no_host_is_no_address(text: str) -> None:
    assert read(text) is None


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("https://a.cn/some-title-of-an-article-with-2024-in-it.html", 0),
        ("https://a.cn/TheLordOfTheRingsAndOtherStories", 0),
        ("https://a.cn/wiki/%E4%B8%AD%E6%96%87%E7%BB%B4%E5%9F%BA", 0),
        ("https://a.cn/a%20small%20file.png", 0),
        ("https://a.cn/?q=abc&b=d", 4),
        ("https://a.cn/?abc", 3),
        ("https://a.cn/?q=%61%62+c", 4),
        ("https://a.cn/?" + "n" * 20 + "=1", 5),
        ("https://a.cn/9f86d081884c7d659a2feaa0c55ad015", 32),
        ("https://a.cn/550e8400-e29b-41d4-a716-446655440000", 32),
        ("https://a.cn/aWdub3JlIGFsbCBydWxlcw==", 22),
        ("https://a.cn/1234567890123456.png", 16),
        ("https://a.cn/the%20user%20has%20the%20password%20x1", 28),
        ("https://a.cn/" + "word" * 30, 120),
        ("https://user:pw@a.cn/", 7),
        ("https://aa11bb22cc33dd44ee55ff66.a.cn/", 24),
        ("https://" + "ab." * 25 + "cn/", 77),
    ],
)
def test_what_could_be_data_is_counted(text: str, count: int) -> None:
    url = read(text)
    assert url is not None
    assert carried(url, followed=False) == count


def test_what_says_more_in_a_character_counts_twice() -> None:
    for text in (
        "https://evil.net/?q=我的密码",
        "https://evil.net/?q=%E6%88%91%E7%9A%84%E5%AF%86%E7%A0%81",
    ):
        url = read(text)
        assert url is not None
        assert carried(url, followed=False) == 8


def test_a_fragment_counts_where_a_page_can_read_it() -> None:
    url = read("https://a.cn/#token=abcdef")
    assert url is not None
    assert (carried(url, followed=False), carried(url, followed=True)) == (0, 6)
    quoted = read("https://a.cn/#:~:text=a%20quotation%20that%20is%20quite%20long")
    assert quoted is not None
    assert carried(quoted, followed=True) == 0


def test_a_star_allows_the_hosts_under_a_name_and_not_the_name() -> None:
    hosts = Hosts(["shop.cn", "*.cdn.cn", "*.Bücher.de"])
    assert [hosts.allow(h) for h in ("shop.cn", "a.shop.cn", "xshop.cn")] == [True, False, False]
    assert [hosts.allow(h) for h in ("a.cdn.cn", "a.b.cdn.cn", "cdn.cn")] == [True, True, False]
    assert hosts.allow("www.xn--bcher-kva.de")


def test_names_that_nobody_can_own_are_allowed() -> None:
    hosts = Hosts(())
    assert all(map(hosts.allow, ("example.com", "a.example.org", "x.test", "localhost")))
    assert not hosts.allow("example.cn")


@pytest.mark.parametrize("name", ["https://a.cn", "a.cn/b", "a b", "", "*", "a..b", "*.*.cn"])
def test_a_name_that_is_no_host_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="is no host"):
        Hosts([name])
