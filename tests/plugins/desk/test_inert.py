"""What a record, a complaint or a bank holds loads nothing and leads nowhere, on any page."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from click.testing import CliRunner
from tests.plugins.desk.conftest import PASSWORD, POLICY, QUICK, SECRET, WORDS, Browser

from chopmark import Content, Event, Failure, Mark, Message, Verdict, load_policy
from chopmark._cli import cli
from chopmark._record import new_id
from chopmark.reading import open_log
from chopmark.testing import sample_record
from chopmark_complaints import Office
from chopmark_desk._app import make_app
from chopmark_desk._desk import open_desk

HOST = "evil.example"
HOSTILE = (
    f'![alt](https://{HOST}/a.png "t") [link](https://{HOST}) <img src="https://{HOST}/b.png" '
    f'alt="alt"> <a href="javascript:alert(1)">go</a> "><svg onload=alert(1)> '
    f"' onmouseover='alert(1) <style>@import 'https://{HOST}'</style> https://{HOST}/plain "
    f'<meta http-equiv="refresh" content="0;url=https://{HOST}"> <base href="https://{HOST}">'
)
JUDGE = 'plugins = ["keyword"]\n[settings.keyword]\nbundled = []\nlists = ["words.toml"]\n'
TAGS = {
    "a", "bdi", "body", "br", "button", "code", "datalist", "dd", "del", "details", "div", "dl",
    "dt", "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "head",
    "header", "html", "img", "input", "ins", "label", "legend", "li", "link", "main", "mark",
    "meta", "meter", "nav", "ol", "option", "p", "pre", "script", "section", "select", "span",
    "strong", "summary", "sup", "table", "tbody", "td", "textarea", "th", "thead", "time", "title",
    "tr", "ul",
}  # fmt: skip
"""What templates have."""


class Loading(HTMLParser):
    """Checks that a page loads and leads to nothing but the desk; collects its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in TAGS, (tag, attrs)
        for name, value in attrs:
            assert not name.startswith("on"), name
            assert name not in ("style", "srcset", "http-equiv"), name
            if name in ("href", "src", "action", "formaction"):
                assert value is not None
                assert value[0] in "/#?", (tag, value)
                assert value[:2] != "//", (tag, value)

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Browser, dict[str, str]]]:
    """An admin at a desk in which all that others write is hostile; and where to look at it."""
    folder = tmp_path_factory.mktemp("hostile")
    (folder / "words.toml").write_text(WORDS.replace("a first term", "a first <b>term</b>"))
    (folder / "judge.toml").write_text(JUDGE)
    quoted = HOSTILE.replace('"', '""')
    (folder / "bank.csv").write_text(
        f'# kind: should-refuse\n# annotator: Ann\nid,codes,text\nq0,A.2.e,"{quoted}"\n'
    )
    (folder / "answers.jsonl").write_text(json.dumps({"id": "q0", "answer": HOSTILE}))
    done = CliRunner().invoke(cli, [
        "assess", "run", str(folder / "answers.jsonl"), "--bank", str(folder / "bank.csv"), "-o",
        str(folder / "runs/one"), "--policy", str(folder / "judge.toml"), "--seed", "s",
    ])  # fmt: skip
    assert done.exit_code in (0, 1), done.output
    (folder / "service.toml").write_text(
        POLICY.replace('"desk"]', '"desk", "assess"]')
        + '[settings.desk]\nruns = "runs"\n[settings.assess]\nruns = ["runs/one"]\n'
        + '[settings.keyword]\nlists = ["words.toml"]\n'
    )
    policy = load_policy(folder / "service.toml")
    record = replace(
        sample_record(), id=new_id(), model=HOSTILE, adapter=HOSTILE, audience=HOSTILE,
        verdicts=(
            Verdict(category="x", start=0, end=3, detector=HOSTILE, version=HOSTILE,
                    detail=HOSTILE),
        ),
        marks=(
            Mark(marker=HOSTILE, kind="visible", where=HOSTILE, placed=False, reason=HOSTILE,
                 data={"a": HOSTILE}),
        ),
        failures=(Failure(role="detector", name=HOSTILE, error=HOSTILE, handled="allow"),),
    )  # fmt: skip
    said = Content(messages=(Message(role="user", text=HOSTILE),), answer=HOSTILE, user="u")
    log = open_log(policy)
    log.append_with(record, said)  # type: ignore[attr-defined]
    event = Event(id=new_id(), time=record.time, kind="x.y", actor=HOSTILE, data={"why": HOSTILE})
    log.append_event(event)  # type: ignore[attr-defined]
    log.close()
    with Office(policy) as office:
        one = office.complaints.receive(HOSTILE, about=record.id, answer=HOSTILE, contact=HOSTILE)
        office.complaints.decide(one.id, "upheld", HOSTILE, actor=HOSTILE[:200])
        incident = office.incidents.open(HOSTILE, about=[one.id], actor=HOSTILE[:200])
        office.incidents.step(
            incident.id, "report", HOSTILE, to=HOSTILE[:200], reference=HOSTILE[:200], actor="o"
        )
    places = {
        "call": f"/calls/{record.id}", "event": f"/calls/{event.id}",
        "complaint": f"/complaints/{one.id}", "incident": f"/incidents/{incident.id}",
    }  # fmt: skip
    with open_desk(policy, secret=SECRET, cost=QUICK, hosts=("desk.test",)) as desk:
        desk.users.add("admin", "admin", PASSWORD)
        with Browser(make_app(desk), base_url="http://desk.test") as browser:
            yield browser.log_in("admin"), places


@pytest.mark.parametrize(
    ("path", "shows"),
    [
        ("/", False), ("/calls", True), ("/calls?all=yes", True), ("call", True), ("event", True),
        ("/complaints?all=yes", False), ("complaint", True), ("/incidents", False),
        ("incident", True), ("/tests", False), ("/review", False), ("/review/one", True),
        ("/policies?left=cn", False), ("/words/1", False), ("/words/1?q=term", False),
    ],
)  # fmt: skip
def test_a_page_shows_it_as_text(
    hostile: tuple[Browser, dict[str, str]], path: str, shows: bool
) -> None:
    browser, places = hostile
    found = Loading(browser.see(places.get(path, path)))
    assert not shows or f"https://{HOST}" in found.text


def test_texts_that_are_opened_and_sought_are_text(
    hostile: tuple[Browser, dict[str, str]],
) -> None:
    browser, places = hostile
    opened = browser.submit(f"{places['call']}/texts")
    assert Loading(opened.text).text.count(f"![alt](https://{HOST}/a.png") >= 2
    found = browser.submit("/ours", {"text": HOSTILE}, files={"file": ("", b"")})
    assert f"![alt](https://{HOST}/a.png" in Loading(found.text).text
    tried = browser.submit("/words/try", {"text": f"{HOSTILE} a first <b>term</b>"},
                           files={"sample": ("", b"")})  # fmt: skip
    assert f"https://{HOST}" in Loading(tried.text).text
    refused = browser.submit("/incidents", {"text": HOSTILE, "ground": "illegal", "about": HOSTILE})
    assert refused.status_code == 400
    assert f"https://{HOST}" in Loading(refused.text).text


def test_were_it_markup_browsers_would_load_nothing_for_it(
    hostile: tuple[Browser, dict[str, str]],
) -> None:
    browser, places = hostile
    policy = browser.get(places["call"]).headers["content-security-policy"]
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules.pop("frame-ancestors") == rules.pop("base-uri") == "'none'"
    assert rules.pop("default-src") == "'none'"
    assert {*rules.values()} == {"'self'"}


def test_a_page_that_would_load_something_is_noticed() -> None:
    for html in (f'<img src="https://{HOST}">', '<a href="//x">', "<p onclick=x>", "<svg>"):
        with pytest.raises(AssertionError):
            Loading(html)


def test_nothing_of_it_is_in_a_file_that_is_kept(hostile: tuple[Browser, dict[str, str]]) -> None:
    browser, places = hostile
    found = browser.get(f"{places['call']}/leaf")
    assert found.headers["content-disposition"].startswith("attachment")
    assert found.headers["content-type"].partition(";")[0] != "text/html"
