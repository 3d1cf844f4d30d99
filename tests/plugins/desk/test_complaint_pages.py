"""People complain and ask what became of it; officers decide, correct, tell, and keep incidents."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from html import unescape
from typing import Any

import pytest
from tests.plugins.desk.conftest import CALLS, Browser, Clock

from chopmark import Event, LogError, Receipt
from chopmark.reading import readable
from chopmark_desk._app import make_app
from chopmark_desk._desk import Desk
from chopmark_desk._office import number_of, office_of, receipt_of

DAY = 86_400_000
SECRET = "I am Li Hua, 13812345678, and the answer is <b>wrong</b>."
GIVEN = {"complaint": SECRET, "ground": "inaccurate", "language": "en"}


@pytest.fixture
def public(desk: Desk) -> Browser:
    """A stranger's browser at the public variant of the same desk."""
    return Browser(make_app(replace(desk, public=True)), base_url="http://desk.test")


@pytest.fixture
def officer(as_role: Callable[[str], Browser]) -> Browser:
    return as_role("officer")


def complain(browser: Browser, status: int = 201, **more: str) -> str:
    browser.see("/complain")
    found = browser.submit("/complain", {**GIVEN, **more})
    assert found.status_code == status, found.text[:3000]
    return str(found.text)


def receipt_in(html: str) -> str:
    found = re.search(r"<code>([0-9a-f-]{36}\.[0-9a-f]{20})</code>", html)
    assert found, html
    return found[1]


def events(desk: Desk, *kinds: str) -> list[Any]:
    desk.log.close()  # takes in what waits
    return [dict(one) for one in readable(desk.log).read() if one.get("kind") in kinds]


def state(browser: Browser, receipt: str, status: int = 200) -> str:
    browser.see("/complain/state")
    found = browser.submit("/complain/state", {"receipt": receipt})
    assert found.status_code == status, found.text[:3000]
    return str(found.text)


# Strangers.


def test_a_stranger_complains_and_learns_the_result_by_the_receipt(
    public: Browser, desk: Desk
) -> None:
    html = complain(public, answer=CALLS[2][1], contact="li@example.com")
    receipt = receipt_in(html)
    work = office_of(desk).complaints
    [one] = work.all()
    assert one.id == receipt.partition(".")[0]
    assert (one.ground, one.found, bool(one.record)) == ("inaccurate", "text", True)
    assert work.text(one.id, "complaint") == SECRET
    assert "not decided yet" in state(public, receipt)
    work.decide(one.id, "upheld", "It was wrong indeed.", actor="officer:1")
    html = state(public, f"  {receipt.upper()} ")
    assert "It was wrong indeed." in html
    assert "li@example.com" not in html
    assert SECRET[:10] not in html


def test_the_log_has_the_complaint_and_none_of_its_words(public: Browser, desk: Desk) -> None:
    complain(public, contact="li@example.com")
    [event] = events(desk, "complaint.received")
    assert event["actor"] == ""
    assert "Li Hua" not in str(event)
    assert "example" not in str(event)


def test_a_number_without_its_code_opens_nothing(public: Browser, desk: Desk) -> None:
    receipt = receipt_in(complain(public))
    number, _, code = receipt.partition(".")
    for other in (number, f"{number}.", f"{number}.{'0' * 20}", f".{code}", "", "é.é",
                  receipt_of(desk, "0" * 36)):  # fmt: skip
        assert "No complaint has this receipt" in state(public, other or " ", 404)
    assert number_of(desk, receipt) == number


def test_an_erased_complaint_is_told_as_such(public: Browser, desk: Desk) -> None:
    receipt = receipt_in(complain(public))
    work = office_of(desk).complaints
    number = receipt.partition(".")[0]
    work.decide(number, "withdrawn", "Taken back by the complainant.", actor="officer:1")
    work.erase([number], "PIPL Art. 47", actor="officer:1")
    assert "have been erased" in state(public, receipt)


@pytest.mark.parametrize(
    ("more", "status", "told"),
    [
        ({"complaint": " \n"}, 400, "Say what is wrong"),
        ({"about": "no id at all"}, 400, "of no answer of ours"),
        ({"about": "01890a5d-ac96-774b-bcce-b302099a8057"}, 400, "of no answer of ours"),
        ({"complaint": "x" * 20_001}, 413, "at most 20000 characters"),
        ({"ground": "anything"}, 400, "form"),
    ],
)
def test_what_cannot_be_taken_is_told_and_kept_in_the_form(
    public: Browser, desk: Desk, more: dict[str, str], status: int, told: str
) -> None:
    html = complain(public, status, answer="the answer that I got", **more)
    assert told in html
    assert "the answer that I got" in html or told == "form"
    assert office_of(desk).complaints.all() == []


class Deaf:
    """A log that takes nothing."""

    def __init__(self, log: Any) -> None:
        self.log, self.name, self.find = log, log.name, log.find

    def append_event(self, event: Event) -> Receipt:
        raise LogError("the disk is full")

    def read(self, since: int = 0, until: int | None = None) -> Any:
        raise LogError("the disk is broken")


def test_a_complaint_is_taken_where_the_log_is_full(desk: Desk) -> None:
    deaf: Any = Deaf(desk.log)
    app = make_app(replace(desk, public=True, log=deaf))
    with Browser(app, base_url="http://desk.test") as browser:
        receipt = receipt_in(complain(browser))
        assert "not decided yet" in state(browser, receipt)
        html = complain(browser, 503, about="01890a5d-ac96-774b-bcce-b302099a8057")
    assert "send it again in a few minutes" in html
    assert [one.id for one in office_of(desk).complaints.all()] == [receipt.partition(".")[0]]


def test_an_address_complains_so_often_and_no_more(public: Browser, desk: Desk) -> None:
    public.see("/complain")
    codes = [public.submit("/complain", GIVEN).status_code for _ in range(8)]
    assert codes == [201] * 6 + [429] * 2
    assert len(office_of(desk).complaints.all()) == 6


def test_the_public_variant_has_two_pages_and_no_login(public: Browser) -> None:
    assert public.get("/", follow_redirects=False).headers["location"] == "/ours"
    html = public.see("/ours")
    assert re.findall(r'<li><a href="(/[a-z]*)"', html) == ["/ours", "/complain"]
    for path in ("/login", "/calls", "/complaints", "/incidents", "/review", "/users", "/verify"):
        public.see(path, 404)
    assert "就回答提出投诉" in public.see("/complain?lang=zh")


# Officers.


def test_an_officer_decides_corrects_and_tells(
    officer: Browser, public: Browser, desk: Desk
) -> None:
    number = receipt_in(complain(public, answer=CALLS[2][1])).partition(".")[0]
    assert number[-12:] in officer.see("/complaints")
    page = f"/complaints/{number}"
    html = officer.see(page)
    assert "&lt;b&gt;wrong&lt;/b&gt;" in html
    assert f'href="/calls/{office_of(desk).complaints.get(number).record}"' in html
    steps = [
        ("decide", {"decision": "partly", "reason": "One word was."}),
        ("word", {"term": "a second term", "category": "fraud", "level": "block", "expires": ""}),
        ("example", {"wanted": "inaccurate", "text": ""}),
        ("tell", {"notice": "We corrected it."}),
        ("decide", {"decision": "upheld", "reason": "All of it was.", "again": "yes"}),
    ]
    for path, form in steps:
        done = officer.submit(f"{page}/{path}", form)
        assert done.status_code == 303, done.text[:3000]
        assert done.headers["location"].startswith(page)
    html = officer.see(page)
    for told in ("One word was.", "All of it was.", "We corrected it.", "a word", "an example"):
        assert told in html
    one = office_of(desk).complaints.get(number)
    assert (one.decision, one.corrections, one.told) == ("upheld", 2, ())  # to be told anew
    actor = desk.users.get("officer").actor
    taken = events(desk, "complaint.decided", "complaint.corrected", "complaint.notified")
    assert [event["actor"] for event in taken] == [actor] * 5


def test_opening_the_texts_is_in_the_log_first(
    officer: Browser, public: Browser, desk: Desk
) -> None:
    number = receipt_in(complain(public)).partition(".")[0]
    officer.see(f"/complaints/{number[-12:]}")
    [event] = events(desk, "desk.content.complaint")
    assert event["about"] == [number]
    assert event["actor"] == desk.users.get("officer").actor


def test_texts_whose_opening_the_log_cannot_take_down_stay_closed(desk: Desk) -> None:
    one = office_of(desk).complaints.receive(SECRET)
    deaf: Any = Deaf(desk.log)
    app = make_app(replace(desk, log=deaf))
    with Browser(app, base_url="http://desk.test") as browser:
        html = browser.log_in("officer").see(f"/complaints/{one.id}", 503)
    assert "Li Hua" not in html


@pytest.mark.parametrize(
    ("path", "form", "told"),
    [
        ("decide", {"decision": "upheld", "reason": " "}, "needs a reason"),
        ("decide", {"decision": "maybe", "reason": "so"}, "write one of upheld"),
        ("decide", {"decision": "upheld", "reason": "so", "again": "yes"}, "not decided yet"),
        ("word", {"term": "x", "category": "fraud", "level": "block", "expires": "soon"}, "date"),
        ("word", {"term": "x", "category": "Fraud!", "level": "block"}, "dotted names"),
        ("example", {"wanted": "allow", "text": ""}, "without the text"),
        ("tell", {"notice": ""}, "notice is empty"),
    ],
)
def test_a_step_that_cannot_be_taken_changes_nothing(
    officer: Browser, desk: Desk, path: str, form: dict[str, str], told: str
) -> None:
    one = office_of(desk).complaints.receive(SECRET)
    officer.see("/complaints")
    done = officer.submit(f"/complaints/{one.id}/{path}", form)
    assert done.status_code == 400
    assert told in done.text
    assert office_of(desk).complaints.get(one.id) == one


def fields(html: str, action: str) -> dict[str, str]:
    """Return what the fields of a form on a page hold, by their names."""
    [form] = re.findall(rf'<form method="post" action="{action}".*?</form>', html, re.DOTALL)
    inputs = re.findall(r'<input[^>]* name="([^"]+)"[^>]* value="([^"]*)"', form)
    areas = re.findall(r'<textarea[^>]* name="([^"]+)"[^>]*>\n(.*?)</textarea>', form, re.DOTALL)
    chosen = re.findall(
        r'<select[^>]* name="([^"]+)".*?<option value="([^"]+)" selected>', form, re.DOTALL
    )
    return {name: unescape(value) for name, value in [*inputs, *areas, *chosen] if name != "csrf"}


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("decide", {"decision": "partly", "reason": "<b>So</b>,\nafter all.", "again": "yes"}),
        ("word", {"term": '"x"', "category": "Fraud!", "level": "modify", "expires": "2027-01-02"}),
        ("example", {"wanted": "Not so", "text": "Better: <i>this</i>."}),
    ],
)
def test_what_was_written_for_a_step_is_still_there_where_it_cannot_be_taken(
    officer: Browser, desk: Desk, path: str, form: dict[str, str]
) -> None:
    one = office_of(desk).complaints.receive(SECRET)
    officer.see("/complaints")
    action = f"/complaints/{one.id}/{path}"
    done = officer.submit(action, form)
    assert done.status_code == 400, done.text[:3000]
    assert fields(done.text, action) == {k: v for k, v in form.items() if k != "again"}
    others = {"decide", "word", "example"} - {path}
    for other in others:
        held = fields(done.text, f"/complaints/{one.id}/{other}").values()
        assert not set(held) & set(form.values())
    assert ('<details class="card" open>' in done.text) == (path != "decide")


def test_what_is_due_first_is_first_and_says_how_long(
    as_role: Callable[[str], Browser], desk: Desk, clock: Clock
) -> None:
    work = office_of(desk).complaints
    late, told, soon = (work.receive(f"wrong {n}").id for n in range(3))
    work.decide(told, "rejected", "It was right.", actor="officer:1")
    clock.now += 16 * DAY
    fresh = work.receive("wrong as well").id
    officer = as_role("officer")
    html = officer.see("/complaints")
    assert _numbers(html) == [late, soon, fresh, told]
    assert html.count("days past: 1") == 2
    assert "days left: 15" in html
    assert "result to be told" in html
    assert len(_numbers(officer.see("/complaints?all=yes"))) == 4


def test_many_complaints_are_on_pages(
    officer: Browser, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chopmark_desk.pages._complaints.PAGE", 2)
    ids = sorted(office_of(desk).complaints.receive("wrong").id for _ in range(3))
    first = officer.see("/complaints?all=yes")
    assert _numbers(first) == [ids[2], ids[1]]
    assert ">Latest</a>" not in first
    [older] = re.findall(r'rel="next" href="([^"]+)"', first)
    last = officer.see(unescape(older))
    assert _numbers(last) == [ids[0]]
    assert 'rel="next"' not in last
    [newest] = re.findall(r'href="([^"]+)">Latest</a>', last)
    assert _numbers(officer.see(unescape(newest))) == [ids[2], ids[1]]
    assert "1 more wait" in officer.see("/complaints")


def _numbers(html: str) -> list[str]:
    return re.findall(r'href="/complaints/([0-9a-f-]{36})"', html)


# Incidents.


def test_an_incident_goes_through_its_steps(officer: Browser, desk: Desk) -> None:
    complaint = office_of(desk).complaints.receive(SECRET)
    html = officer.see(f"/incidents?about={complaint.id}")
    assert f'value="{complaint.id}"' in html
    opened = officer.submit(
        "/incidents", {"text": "It was found.", "ground": "illegal", "about": complaint.id}
    )
    assert opened.status_code == 303, opened.text[:3000]
    page = opened.headers["location"].partition("?")[0]
    early = officer.submit(f"{page}/close", {"note": "done"})
    assert early.status_code == 400
    assert "lacks stop, remove, rectify, report" in early.text
    for step in ("stop", "remove"):
        done = officer.submit(f"{page}/step", {"step": step, "note": f"{step} it", "to": "ignored"})
        assert done.status_code == 303, done.text[:3000]
    silent = officer.submit(f"{page}/step", {"step": "rectify", "note": " "})
    assert (silent.status_code, "Say what was done." in silent.text) == (400, True)
    silent = officer.submit(f"{page}/back", {"step": "remove", "why": ""})
    assert (silent.status_code, "Say why the step is taken back" in silent.text) == (400, True)
    back = officer.submit(f"{page}/back", {"step": "remove", "why": "It is still there."})
    assert back.status_code == 303, back.text[:3000]
    html = officer.see(page)
    assert "It is still there." in html
    assert "remove" not in office_of(desk).incidents.all()[0].steps
    officer.submit(f"{page}/step", {"step": "remove", "note": "Now it is gone.", "to": ""})
    unaddressed = officer.submit(f"{page}/step", {"step": "report", "note": "a letter"})
    assert (unaddressed.status_code, "to whom" in unaddressed.text) == (400, True)
    assert fields(unaddressed.text, f"{page}/step") == {
        "step": "report", "note": "a letter", "to": "", "reference": "",
    }  # fmt: skip
    officer.submit(f"{page}/step", {"step": "report", "to": "CAC", "reference": "2026-7"})
    silent = officer.submit(f"{page}/close", {"note": "", "without-rectify": "yes"})
    assert (silent.status_code, "Say why" in silent.text) == (400, True)
    assert re.search(r'name="without-rectify" value="yes" checked>', silent.text)
    closed = officer.submit(f"{page}/close", {"note": "A word list did.", "without-rectify": "yes"})
    assert closed.status_code == 303, closed.text[:3000]
    html = officer.see(page)
    for told in ("It was found.", "stop it", "CAC", "2026-7", "A word list did."):
        assert told in html
    [one] = office_of(desk).incidents.all()
    assert (one.about, one.without) == ((complaint.id,), ("rectify",))
    assert {event["actor"] for event in events(desk, "incident.opened", "incident.reported")} == {
        desk.users.get("officer").actor
    }
    assert one.id[-12:] in officer.see("/incidents")


def test_an_incident_about_nothing_that_is_known_is_not_opened(
    officer: Browser, desk: Desk
) -> None:
    officer.see("/incidents")
    for form, told in (
        ({"text": " ", "ground": "illegal"}, "Say what was found"),
        (
            {"text": "x", "ground": "illegal", "about": "nothing-like-it"},
            "no one complaint",
        ),
    ):
        done = officer.submit("/incidents", form)
        assert (done.status_code, told in done.text) == (400, True), done.text[:3000]
    assert office_of(desk).incidents.all() == []
