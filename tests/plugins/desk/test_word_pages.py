"""Word lists are looked after at the desk: one proposes, another confirms, the log has it."""

from __future__ import annotations

import json
import re
import resource
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html import unescape
from pathlib import Path
from urllib.parse import quote

import pytest
from tests.plugins.desk.conftest import WORDS, Browser

from chopmark import Chopmark, Event, LogError, load_policy
from chopmark.reading import readable, takes_events
from chopmark_desk._desk import Desk
from chopmark_keyword import WordList, read_bytes

AsRole = Callable[[str], Browser]
Files = dict[str, tuple[str, bytes]]

SETTINGS = """
[settings.keyword]
bundled = ["en"]
lists = ["words.toml"]
reload_seconds = 0
"""
LIST = f"# Ours: <b>kept</b> by Li.\n{WORDS}# The end.\n"
TERM = "quiet brown otters"
FORM = {
    "term": TERM, "category": "fraud", "level": "block", "expires": "2030-01-01", "folding": "",
    "risks": "", "reason": "Two <i>complaints</i> name it.", "do": "propose",
}  # fmt: skip


@pytest.fixture
def policy_file(recorded: Path, tmp_path: Path) -> Path:
    """The policy of a service that has a list of its own, with a comment before and behind."""
    folder = tmp_path / "service"
    shutil.copytree(recorded, folder)
    policy = folder / "service.toml"
    policy.write_text(policy.read_text("utf-8") + SETTINGS, "utf-8")
    (folder / "words.toml").write_text(LIST, "utf-8")
    return policy


@pytest.fixture
def file(policy_file: Path) -> Path:
    return policy_file.parent / "words.toml"


def text_of(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html.split("<main")[1])).split())


def shown_in(html: str) -> str:
    found = re.search(r'name="shown" value="([0-9a-f]{64})"', html)
    return found[1] if found else ""


def read(file: Path) -> WordList:
    words = read_bytes(file.name, file.read_bytes()).words
    assert words is not None
    return words


def proposed(browser: Browser, path: str = "/words/1/propose", **more: str) -> str:
    """Propose a change, and return the address of the proposal."""
    html = browser.see(path)
    done = browser.submit("/words/1/propose", {**FORM, "shown": shown_in(html), **more})
    assert done.status_code == 303, text_of(done.text)
    return str(done.headers["location"].partition("?")[0])


def decided(browser: Browser, path: str, accepts: str = "yes", **more: str) -> tuple[int, str]:
    """Decide on a proposal as its page is now, and return the status, and what is said."""
    form = {"shown": shown_in(browser.see(path)), "accepts": accepts, **more}
    done = browser.submit(f"{path}/decide", form)
    if done.status_code != 303:
        return done.status_code, text_of(done.text)
    return done.status_code, text_of(browser.see(done.headers["location"]))


def events(desk: Desk) -> list[dict[str, object]]:
    desk.log.close()  # which takes in what is on its way
    return [dict(event) for event in readable(desk.log).read() if event["k"] == "event"]


def test_a_term_is_proposed_and_in_the_list_once_another_one_confirms(
    as_role: AsRole, desk: Desk, file: Path
) -> None:
    officer, reviewer = as_role("officer"), as_role("reviewer")
    path = proposed(officer)
    assert file.read_text("utf-8") == LIST
    assert "Proposals that wait: 1" in text_of(reviewer.see("/words"))
    html = reviewer.see(path)
    assert "Two &lt;i&gt;complaints&lt;/i&gt; name it." in html
    status, said = decided(reviewer, path, note="Seen.")
    assert (status, "The list is written" in said, "Seen." in said) == (303, True, True)
    entry = read(file).entries[-1]
    assert (entry.term, entry.level, entry.reviewer) == (TERM, "block", "reviewer")
    assert str(entry.expires) == "2030-01-01"
    assert file.read_text("utf-8").startswith(LIST.removesuffix("# The end.\n"))
    assert "# The end." in file.read_text("utf-8")
    assert "confirmed" in text_of(officer.see("/words/proposals"))
    found = events(desk)
    assert [event["kind"] for event in found] == ["desk.words.proposed", "desk.words.confirmed"]
    one, other = found
    assert (one["actor"], other["actor"]) == (
        desk.users.get("officer").actor, desk.users.get("reviewer").actor,
    )  # fmt: skip
    assert other["about"] == [path.rpartition("/")[2]] == [one["id"]]
    told = json.dumps(found)
    assert not any(text in told for text in (TERM, "complaints", "Seen", "otters"))


def test_nobody_confirms_what_they_proposed_also_not_an_admin(as_role: AsRole, file: Path) -> None:
    admin = as_role("admin")
    path = proposed(admin)
    html = admin.see(path)
    assert "somebody else must review it" in html
    assert "/decide" not in html
    shown = shown_in(admin.see("/words/1/propose"))
    done = admin.submit(f"{path}/decide", {"shown": shown, "accepts": "yes"})
    assert (done.status_code, "Who proposes a change does not review it" in done.text) == (
        409, True,
    )  # fmt: skip
    assert file.read_text("utf-8") == LIST
    assert decided(as_role("officer"), path)[0] == 303
    assert len(read(file).entries) == 2


def test_a_proposal_is_rejected_with_a_reason_or_taken_back_by_its_own(
    as_role: AsRole, desk: Desk, file: Path
) -> None:
    officer, admin = as_role("officer"), as_role("admin")
    path = proposed(officer)
    assert decided(admin, path, "no", note=" ") == (400, decided(admin, path, "no")[1])
    assert "Write why you reject it" in decided(admin, path, "no")[1]
    assert admin.submit(f"{path}/withdraw").status_code == 409
    assert "the list is as it was" in decided(admin, path, "no", note="Too <b>common</b>.")[1]
    status, said = decided(admin, path)
    assert (status, "decided already" in said) == (409, True)
    other = proposed(officer)
    done = officer.submit(f"{other}/withdraw")
    assert "taken back" in text_of(officer.see(done.headers["location"]))
    assert "Too &lt;b&gt;common&lt;/b&gt;." in officer.see(path)
    assert file.read_text("utf-8") == LIST
    assert [str(event["kind"]).rpartition(".")[2] for event in events(desk)] == [
        "proposed", "rejected", "proposed", "withdrawn",
    ]  # fmt: skip


def test_of_two_who_change_a_list_at_once_neither_loses_a_change(
    as_role: AsRole, file: Path
) -> None:
    officer, reviewer = as_role("officer"), as_role("reviewer")
    old = shown_in(officer.see("/words/1/propose"))
    path = proposed(officer)
    seen = shown_in(reviewer.see(path))
    assert seen == old
    file.write_text(LIST + "# Of somebody with an editor.\n", "utf-8")
    late = officer.submit("/words/1/propose", {**FORM, "term": "a second term", "shown": old})
    assert (late.status_code, "since you opened the page" in late.text) == (409, True)
    assert 'value="a second term"' in late.text
    assert "Two &lt;i&gt;complaints" in late.text
    done = reviewer.submit(f"{path}/decide", {"shown": seen, "accepts": "yes"})
    assert (done.status_code, "Nothing was written" in done.text) == (409, True)
    assert len(read(file).entries) == 1
    again = officer.submit(
        "/words/1/propose", {**FORM, "term": "a second term", "shown": shown_in(late.text)}
    )
    for one in (path, again.headers["location"].partition("?")[0]):
        assert decided(reviewer, one)[0] == 303
    assert [entry.term for entry in read(file).entries][1:] == [TERM, "a second term"]
    assert "# Of somebody with an editor." in file.read_text("utf-8")


def test_an_entry_is_let_expire_and_finds_nothing_from_then_on(
    as_role: AsRole, policy_file: Path, file: Path
) -> None:
    officer, reviewer = as_role("officer"), as_role("reviewer")
    assert 'href="/words/1/propose?entry=1&amp;expire=yes"' in officer.see("/words/1")
    html = officer.see("/words/1/propose?entry=1&expire=yes")
    day = re.search(r'name="expires" type="date" value="([0-9-]+)"', html)
    form = {"entry": "1", "term": "a first term", "level": "warn", "shown": shown_in(html)}
    tried = officer.submit(
        "/words/1/propose",
        {**FORM, **form, "expires": day[1] if day else "", "do": "try", "text": "A first term."},
    )
    assert "no longer found" in text_of(tried.text)
    path = proposed(
        officer, "/words/1/propose?entry=1&expire=yes", **form, expires=day[1] if day else ""
    )
    assert decided(reviewer, path)[0] == 303
    (entry,) = read(file).entries
    assert (str(entry.expires), entry.reviewer) == (day[1] if day else "", "reviewer")
    assert "1 of 1 entries" in text_of(officer.see("/words/1?standing=expired"))
    assert "let expire" not in officer.see("/words/1?standing=expired")


def test_a_change_that_another_one_overtook_can_only_be_rejected(
    as_role: AsRole, file: Path
) -> None:
    officer, reviewer = as_role("officer"), as_role("reviewer")
    new = [proposed(officer) for _ in range(2)]
    change = {"entry": "1", "term": "a first term"}
    other = [proposed(officer, **change, level=level) for level in ("block", "escalate")]
    for one in (new[0], other[0]):
        assert decided(reviewer, one)[0] == 303
    for one, said in ((new[1], "has this term already"), (other[1], "as it was")):
        html = reviewer.see(one)
        assert said in text_of(html)
        assert 'value="yes"' not in html
        status, told = decided(reviewer, one)
        assert (status, said in told) == (409, True)
        assert decided(reviewer, one, "no", note="Overtaken.")[0] == 303
    assert len(read(file).entries) == 2


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"reason": " "}, "Write the reason"),
        ({"term": " "}, "`term` is"),
        ({"term": "A FIRST\u200b term"}, "has this term already"),
        ({"category": "Not One"}, "`category`"),
        ({"level": "shout"}, "`level`"),
        ({"expires": "2030-02-31"}, "`expires`"),
        ({"risks": "B.1"}, "`risks`"),
        ({"term": "y" * 900}, "holdback"),
        ({"entry": "1", "term": "a first term", "level": "warn", "expires": ""}, "changes nothing"),
    ],
)
def test_what_no_list_can_take_is_told_and_nothing_that_was_written_is_lost(
    more: dict[str, str], said: str, as_role: AsRole, desk: Desk
) -> None:
    officer = as_role("officer")
    form = {**FORM, "shown": shown_in(officer.see("/words/1/propose")), **more}
    done = officer.submit("/words/1/propose", form)
    assert (done.status_code, said in text_of(done.text)) == (400, True), text_of(done.text)
    assert unescape(done.text).count(form["reason"].strip()) >= 1
    assert events(desk) == []


def test_an_entry_that_is_not_there_cannot_be_changed(as_role: AsRole, file: Path) -> None:
    officer = as_role("officer")
    for entry in ("2", "0", "x", "-1", "1" * 30):
        officer.see(f"/words/1/propose?entry={entry}", 404)
    form = {**FORM, "entry": "1", "term": "another", "shown": "0" * 64}
    done = officer.submit("/words/1/propose", form)
    assert (done.status_code, "not in the list any more" in done.text) == (409, True)
    for id in ("7", "..", "%00"):
        assert officer.get(f"/words/proposals/{id}").status_code in (404, 200)


def test_where_the_log_cannot_take_it_down_nothing_is_kept_or_written(
    as_role: AsRole, desk: Desk, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(event: object) -> None:
        raise LogError("the disk is full")

    officer, reviewer = as_role("officer"), as_role("reviewer")
    path = proposed(officer)
    monkeypatch.setattr(desk.log, "append_event", refuse)
    shown = shown_in(reviewer.see(path))
    for browser, to, form in (
        (officer, "/words/1/propose", {**FORM, "term": "another", "shown": shown}),
        (reviewer, f"{path}/decide", {"shown": shown, "accepts": "yes"}),
        (reviewer, f"{path}/decide", {"shown": shown, "accepts": "no", "note": "No."}),
        (officer, f"{path}/withdraw", {}),
    ):
        found = browser.submit(to, form)
        assert (found.status_code, "the disk is full" in found.text) == (409, True)
    assert file.read_text("utf-8") == LIST
    assert "Proposals that wait: 1" in text_of(officer.see("/words"))
    assert sorted(one.name for one in file.parent.glob(".chopmark*")) == []


def test_where_another_change_comes_when_the_log_has_it_already_the_log_has_that_too(
    as_role: AsRole, desk: Desk, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = proposed(as_role("officer"))
    append, late = takes_events(desk.log).append_event, LIST + "# of another\n"

    def append_late(event: Event) -> object:
        if event.kind == "desk.words.confirmed":
            file.write_text(late, "utf-8")
        return append(event)

    monkeypatch.setattr(desk.log, "append_event", append_late)
    reviewer = as_role("reviewer")
    status, said = decided(reviewer, path)
    assert (status, "Nothing was written" in said, file.read_text("utf-8")) == (409, True, late)
    assert decided(reviewer, path, "no", note="Later.")[0] == 303
    assert [str(event["kind"]).rpartition(".")[2] for event in events(desk)] == [
        "proposed", "confirmed", "unwritten", "rejected",
    ]  # fmt: skip


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """Let no file of this process grow over `size` bytes, as on a disk that is full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_file_that_cannot_be_written_is_told_with_the_cure_and_waits(
    as_role: AsRole, desk: Desk, file: Path
) -> None:
    whole = LIST + f"# {'x' * 150_000}\n"
    file.write_text(whole, "utf-8")
    officer, reviewer = as_role("officer"), as_role("reviewer")
    path = proposed(officer)
    with files_of_at_most(100_000):
        status, said = decided(reviewer, path)
    assert (status, "cannot be written (File too large)" in said) == (409, True), said
    assert "Let the user that runs the desk write the file" in said
    assert file.read_text("utf-8") == whole
    assert sorted(one.name for one in file.parent.glob(".chopmark*")) == []
    assert decided(reviewer, path)[0] == 303
    assert [str(event["kind"]).rpartition(".")[2] for event in events(desk)] == [
        "proposed", "confirmed",
    ]  # fmt: skip


def test_a_list_of_chopmark_is_not_changed_and_a_copy_of_it_can_be_ones_own(
    as_role: AsRole, policy_file: Path
) -> None:
    officer = as_role("officer")
    html = officer.see("/words/2")
    assert "comes with chopmark, so it is not changed here" in text_of(html)
    assert "/propose" not in html
    assert "cannot be changed here" in officer.see("/words/2/propose", 409)
    done = officer.submit("/words/2/propose", {**FORM, "shown": ""})
    assert (done.status_code, "cannot be changed here" in done.text) == (409, True)
    for like, least in (("", 0), ("bundled:en", 100)):
        made = officer.get(f"/words/own?name=ours&language=en&like={quote(like)}")
        assert made.headers["content-disposition"] == 'attachment; filename="ours.toml"'
        words = read_bytes("ours.toml", made.content).words
        assert words is not None
        assert (words.name, len(words.entries) >= least) == ("ours", True)
    wrong = officer.get("/words/own", params={"name": 'x"\r\ny: z', "language": "en"})
    assert (wrong.status_code, "`name`" in unescape(wrong.text)) == (400, True)
    assert officer.get("/words/own?name=a&language=en&like=/etc/passwd").status_code == 404


def test_a_list_is_searched_and_pages_keep_what_was_asked(as_role: AsRole) -> None:
    viewer = as_role("viewer")
    text = text_of(viewer.see("/words/1?q=ＦＩＲＳＴ"))
    assert "1 of 1 entries" in text
    assert "a first term" in text
    assert "0 of 1 entries" in text_of(viewer.see("/words/1?q=%3Cb%3E"))
    html = viewer.see("/words/2?q=fraud&from=x")
    found = re.search(r"(\d+) of (\d+) entries", text_of(html))
    assert found
    assert 0 < int(found[1]) < int(found[2])
    every = viewer.see("/words/2?standing=active")
    assert 'href="/words/2?standing=active&amp;from=101"' in every


def test_a_text_is_tried_as_the_lists_are_and_as_they_would_be(as_role: AsRole) -> None:
    viewer, officer, reviewer = as_role("viewer"), as_role("officer"), as_role("reviewer")
    viewer.see("/words/try")
    sample = {"sample": ("s.txt", f"{TERM}\n<b>ok</b>\n\na first term {TERM}\n".encode())}
    text = f"It is a first term, <i>and</i> {TERM}."
    html = viewer.submit("/words/try", {"text": text}, files=sample).text
    assert "1 entries" not in html
    assert "Of 3 texts, something is found in 1." in text_of(html)
    assert '<mark class="">a first term</mark><sup>1</sup>' in html
    assert "&lt;i&gt;and&lt;/i&gt;" in html
    shown = shown_in(officer.see("/words/1/propose"))
    form = {**FORM, "do": "try", "text": text, "shown": shown, "reason": ""}
    done = officer.submit("/words/1/propose", form, files=sample)
    path = proposed(officer)
    for html in (done.text, reviewer_tries(reviewer, path, text, sample)):
        assert f'<mark class="bad">{TERM}</mark><sup>2</sup>' in html
        said = text_of(html)
        assert "something is found in 1 now, and in 2 with the change" in said
        assert "The change finds what is not found now in 2." in said
        assert "found only then" in said
    assert 'value="quiet brown otters"' in done.text
    for files, told in (({"sample": ("s", b"\xff")}, "not UTF-8"), (None, "Write a text")):
        found = viewer.submit("/words/try", {"text": ""}, files=files)
        assert (found.status_code, told in found.text) == (400, True)


def reviewer_tries(browser: Browser, path: str, text: str, sample: Files) -> str:
    browser.see(path)
    return str(browser.submit(f"{path}/try", {"text": text}, files=sample).text)


def test_what_the_change_adds_to_the_findings_is_said_before_it_is_confirmed(
    as_role: AsRole,
) -> None:
    officer = as_role("officer")
    path = proposed(officer, term="x", expires="")
    said = text_of(as_role("reviewer").see(path))
    assert "single character" in said
    assert "no `expires`" in said


def test_a_running_service_reads_the_change_and_answers_every_call_meanwhile(
    as_role: AsRole, policy_file: Path
) -> None:
    officer, reviewer = as_role("officer"), as_role("reviewer")
    chop = Chopmark(load_policy(policy_file).with_options("log", path=str(policy_file) + ".log"))
    answers: list[int] = []
    broken: list[BaseException] = []
    going = threading.Event()

    def ask() -> None:
        try:
            while not going.wait(0.005) or len(answers) < 20:
                answers.append(len(chop.screen(f"some {TERM} here").verdicts))
        except BaseException as error:
            broken.append(error)

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        path = proposed(officer)
        assert decided(reviewer, path)[0] == 303
    finally:
        going.set()
        asking.join()
    assert broken == []
    assert set(answers) <= {0, 1}
    assert answers == sorted(answers)
    assert len(chop.screen(f"some {TERM} here").verdicts) == 1
    chop.close()


def test_a_viewer_sees_lists_and_proposals_and_is_offered_no_change(as_role: AsRole) -> None:
    path = proposed(as_role("officer"))
    viewer = as_role("viewer")
    pages = [viewer.see(one) for one in ("/words", "/words/1", "/words/proposals", path)]
    for html in pages:
        assert "/propose?" not in html
        assert "/decide" not in html
        assert "/withdraw" not in html
    assert "A reviewer decides on this." in pages[-1]


def test_it_is_all_in_chinese_too(as_role: AsRole, file: Path) -> None:
    officer, reviewer = as_role("officer"), as_role("reviewer")
    path = proposed(officer, "/words/1/propose?lang=zh")
    assert "您提议的，须由另一人审核" in officer.see(path)
    reviewer.see("/words?lang=zh")
    shown = shown_in(reviewer.see(path))
    file.write_text(LIST + "#\n", "utf-8")
    done = reviewer.submit(f"{path}/decide", {"shown": shown, "accepts": "yes"})
    assert (done.status_code, "有人修改了此词表" in done.text) == (409, True)
    assert "词表已写入" in decided(reviewer, path)[1]
