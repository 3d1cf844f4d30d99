"""The pages about the log: overview, calls, proofs, policies, word lists, verification."""

from __future__ import annotations

import json
import re
import sqlite3
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest
from tests.plugins.desk.conftest import CALLS, PASSWORD, QUICK, SECRET, Browser

from chopmark import LogError, load_policy
from chopmark.reading import new_event, paged, takes_events
from chopmark.testing import MemoryLog, sample_record
from chopmark_desk._app import make_app
from chopmark_desk._desk import Desk, open_desk
from chopmark_desk._format import machine_time, minute
from chopmark_desk._kept import Kept
from chopmark_desk._known import begin_reading, running_of
from chopmark_desk._verification import KIND
from chopmark_jsonl import encode
from chopmark_keyword._read import bundled_bytes
from chopmark_log.verify import Proof, VerifierKey

AsRole = Callable[[str], Browser]


@pytest.fixture
def ids(desk: Desk) -> list[str]:
    """The ids of the calls in the log, the first first."""
    running_of(desk).follow(20)
    return [entry.said["id"] for entry in paged(desk.log).forward()]


def text_of(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html.split("<main")[1])).split())


# --- overview


def test_the_overview_says_what_the_log_has(as_role: AsRole, ids: list[str]) -> None:
    text = text_of(as_role("viewer").see("/"))
    assert "4 Calls" in text
    assert "25.00 % of calls stopped 1 calls; 95 % interval 4.56 % to 69.94 %" in text
    assert re.search(r"pii[.a-z_]* 0 1 ", text)
    assert "label visible 3" in text
    assert "no verification yet" in text


def test_the_overview_counts_complaints_that_wait(as_role: AsRole, desk: Desk) -> None:
    log = takes_events(desk.log)
    first, last = (new_event("complaint.received", data={"deadline": 1}) for _ in range(2))
    for event in (first, last, new_event("complaint.decided", about=[first.id])):
        log.append_event(event)
    wait_for(desk, 7)
    assert "1 complaints open of 2; decided late, or late already: 2" in text_of(
        as_role("viewer").see("/")
    )


def test_a_viewer_is_led_to_no_page_that_is_closed_to_them(as_role: AsRole, ids: list[str]) -> None:
    assert 'href="/calls' not in as_role("viewer").see("/")
    assert 'href="/calls?category=' in as_role("reviewer").see("/")


def test_plots_are_pictures_with_colours_of_their_own_and_do_nothing(
    as_role: AsRole, ids: list[str]
) -> None:
    for name in ("days", "categories"):
        found = as_role("viewer").get(f"/pictures/{name}?lang=zh")
        assert found.status_code == 200
        assert found.headers["content-type"] == "image/svg+xml"
        assert "sandbox" in found.headers["content-security-policy"]
        assert "script" not in found.text
        assert "prefers-color-scheme" in found.text
    as_role("viewer").see("/pictures/other", 404)


def test_the_log_is_read_before_anybody_asks(desk: Desk) -> None:
    begin_reading(desk)
    deadline = time.monotonic() + 20
    while running_of(desk).ask(lambda tally: tally.calls is None) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert running_of(desk).ask(lambda tally: tally.calls and tally.calls.count) == 4


def test_a_log_that_cannot_be_paged_does_not_keep_the_desk_from_beginning(desk: Desk) -> None:
    other = replace(desk, log=MemoryLog(), kept=Kept())
    begin_reading(other)
    with pytest.raises(LogError, match="page by page"):
        running_of(other)


@pytest.mark.parametrize("time", [2**62, -(2**62)])
def test_a_time_that_is_none_is_written_as_it_is(time: int) -> None:
    assert minute(time) == machine_time(time) == str(time)


# --- calls


def test_calls_come_the_last_first_and_by_what_is_asked_for(
    as_role: AsRole, ids: list[str]
) -> None:
    browser = as_role("reviewer")
    listed = re.findall(r'href="/calls/([0-9a-f-]+)"', browser.see("/calls"))
    assert listed == ids[::-1]
    for query, expected in (
        ("action=block", ids[3:]),
        ("action=modify", ids[:1]),
        ("category=pii", ids[:1]),
        ("category=pii&action=block", []),
        ("ending=completed", ids[2::-1]),
        ("model=nobody", []),
        ("to=2001-01-01", []),
    ):
        found = re.findall(r'href="/calls/([0-9a-f-]+)"', browser.see(f"/calls?{query}"))
        assert found == expected, query


def test_events_are_among_all_entries(as_role: AsRole, desk: Desk, ids: list[str]) -> None:
    takes_events(desk.log).append_event(new_event("complaint.received"))
    wait_for(desk, 5)
    browser = as_role("reviewer")
    assert "complaint.received" not in browser.see("/calls")
    assert "complaint.received" in browser.see("/calls?all=yes")


def test_a_place_that_is_none_shows_what_there_is(as_role: AsRole, ids: list[str]) -> None:
    browser = as_role("reviewer")
    for before in ("-1", "nonsense", "9" * 30, "1e3", "٣"):
        assert f'href="/calls/{ids[3]}"' in browser.see(f"/calls?before={before}")
    assert "Nothing of that kind" in browser.see("/calls?before=0")


def test_what_users_and_models_wrote_is_no_html(as_role: AsRole, ids: list[str]) -> None:
    browser = as_role("reviewer")
    browser.see(f"/calls/{ids[2]}")
    html = browser.submit(f"/calls/{ids[2]}/texts").text
    assert "<script>alert" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    evil = browser.see("/calls?model=%22%3E%3Cscript%3Ealert(2)%3C/script%3E")
    assert "<script>alert" not in evil


def test_texts_are_shown_once_the_log_knows_and_with_what_was_found(
    as_role: AsRole, desk: Desk, ids: list[str]
) -> None:
    browser = as_role("reviewer")
    closed = browser.see(f"/calls/{ids[0]}")
    assert CALLS[0][0] not in unescape(closed)
    html = browser.submit(f"/calls/{ids[0]}/texts").text
    assert CALLS[0][0] in text_of(html)
    wait_for(desk, 5)
    [event] = [e.said for e in paged(desk.log).forward() if e.said["k"] == "event"]
    assert (event["kind"], event["about"]) == ("desk.content.opened", [ids[0]])
    assert event["actor"].startswith("reviewer")
    assert CALLS[0][0] not in json.dumps(event)


def test_what_was_found_in_a_message_is_marked_in_it(as_role: AsRole, ids: list[str]) -> None:
    browser = as_role("reviewer")
    browser.see(f"/calls/{ids[3]}")
    html = browser.submit(f"/calls/{ids[3]}/texts").text
    assert re.search(r'<mark class="bad">[^<]*pipe bomb', html), text_of(html)
    assert "No text of the answer went out." in text_of(html)
    assert '<div class="text"></div>' not in html


def test_an_answer_is_shown_with_its_marks_where_they_cannot_be_taken_off_and_says_so(
    desk: Desk, ids: list[str]
) -> None:
    broken = desk.policy.with_options("keyword", lists=["/no/such/list.toml"])
    other = replace(desk, policy=broken, kept=Kept())
    with Browser(make_app(other), base_url="http://desk.test") as browser:
        browser.log_in("reviewer").see(f"/calls/{ids[0]}")
        html = browser.submit(f"/calls/{ids[0]}/texts").text
    assert "AI-generated" in html
    assert "could not be taken off here" in html
    assert "Without the label" not in html
    other.kept.close()


def test_texts_stay_closed_where_the_log_takes_no_note(
    as_role: AsRole, desk: Desk, ids: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = as_role("reviewer")
    browser.see(f"/calls/{ids[0]}")

    def refuse(event: object) -> None:
        raise LogError("the disk is full")

    monkeypatch.setattr(desk.log, "append_event", refuse)
    found = browser.submit(f"/calls/{ids[0]}/texts")
    assert found.status_code == 503
    assert CALLS[0][0] not in unescape(found.text)


def test_texts_that_were_erased_are_said_to_be(
    as_role: AsRole, desk: Desk, ids: list[str], policy_file: Path
) -> None:
    from click.testing import CliRunner

    from chopmark._cli import cli

    path = str(policy_file.parent / "log")
    words = ["log", "erase", "--subject", "user-1", "--basis", "a wish", "--path", path]
    assert CliRunner().invoke(cli, words).exit_code == 0
    browser = as_role("reviewer")
    browser.see(f"/calls/{ids[0]}")
    assert "erased" in browser.submit(f"/calls/{ids[0]}/texts").text
    assert "It holds" in browser.see(f"/calls/{ids[0]}")


def test_a_call_that_is_not_there_is_missing(as_role: AsRole) -> None:
    browser = as_role("reviewer")
    for id in ("01234567-89ab-7def-8123-456789abcdef", "nothing", "0"):
        browser.see(f"/calls/{id}", 404)


# --- proofs


def test_the_proof_is_checked_in_front_of_you_and_by_the_files_elsewhere(
    as_role: AsRole, desk: Desk, ids: list[str], policy_file: Path
) -> None:
    browser = as_role("reviewer")
    text = text_of(browser.see(f"/calls/{ids[1]}"))
    assert "It holds: checked just now. This is entry 1 of" in text
    proof = browser.get(f"/calls/{ids[1]}/proof")
    leaf = browser.get(f"/calls/{ids[1]}/leaf")
    assert f'filename="{ids[1]}.tlog-proof"' in proof.headers["content-disposition"]
    key = VerifierKey.parse((policy_file.parent / "log" / "log.pub").read_text())
    assert Proof.parse(proof.text).check(leaf.content, [key]).checkpoint.size == 4
    assert json.loads(leaf.content)["id"] == ids[1]
    assert b"def main" in browser.get("/calls/verify.py").content


def test_a_record_that_was_changed_fails_in_front_of_you(
    as_role: AsRole, desk: Desk, ids: list[str], policy_file: Path
) -> None:
    change(policy_file, 1, b'"sdk":"', b'"sdk":"9')
    text = text_of(as_role("reviewer").see(f"/calls/{ids[1]}"))
    assert "It does not hold: entry 1 is not under the root that was signed" in text


# --- verification


def test_a_verification_runs_and_its_result_stays_also_for_the_next_desk(
    as_role: AsRole, desk: Desk, ids: list[str]
) -> None:
    browser = as_role("viewer")
    browser.see("/verify")
    assert browser.submit("/verify").status_code == 303
    text = result_of(browser)
    assert "The log holds: 4 entries" in text
    wait_for(desk, 5)
    [event] = [e.said for e in paged(desk.log).forward() if e.said["k"] == "event"]
    assert (event["kind"], event["data"]["holds"], event["data"]["entries"]) == (KIND, True, 4)
    desk.kept.close()  # as of a desk that is started anew
    assert "The log holds: 4 entries" in result_of(browser)
    assert "holds the log, as last verified" in text_of(browser.see("/"))


def test_a_log_that_does_not_hold_is_said_to_be_so_plainly_and_every_page_still_opens(
    as_role: AsRole, desk: Desk, ids: list[str], policy_file: Path
) -> None:
    change(policy_file, 2, b'"duration"', b'"noitarud"')
    browser = as_role("officer")
    browser.see("/verify")
    browser.submit("/verify")
    text = result_of(browser)
    assert "The log does not hold:" in text
    assert "entry 2" in text
    for path in ("/", "/calls", "/policies", f"/calls/{ids[0]}"):
        browser.see(path)
    browser.see(f"/calls/{ids[2]}", 404)
    assert "has not the form of one" in browser.see("/calls?all=yes")


def test_a_verification_that_cannot_be_ended_says_why(
    as_role: AsRole, desk: Desk, ids: list[str], policy_file: Path
) -> None:
    (policy_file.parent / "log" / "log.pub").unlink()
    browser = as_role("viewer")
    browser.see("/verify")
    browser.submit("/verify")
    text = result_of(browser)
    assert "It could not be verified to the end:" in text
    assert "log.pub" in text


# --- policies


def test_policies_say_when_the_log_saw_them_and_how_two_differ(
    as_role: AsRole, desk: Desk, ids: list[str]
) -> None:
    text = text_of(as_role("viewer").see("/policies?left=cn&right=in-use"))
    assert f"service in use {desk.policy.digest}" in text
    assert "in no call of the log" in text
    assert "rules.both.pii" in text
    assert "They decide the same" in text_of(as_role("viewer").see("/policies?left=in-use"))
    as_role("viewer").see("/policies?left=nonsense&right=../../etc/passwd")


# --- word lists


def test_word_lists_are_shown_with_what_is_wrong_with_them(as_role: AsRole) -> None:
    browser = as_role("officer")
    text = text_of(browser.see("/words"))
    assert "bundled:en" in text
    assert "Those that come with chopmark are not changed" in text
    page = browser.see("/words/1")
    assert 'rel="next"' in page
    assert 'rel="prev"' in browser.see("/words/1?from=101")
    browser.see("/words/99", 404)


def test_a_proposed_list_is_looked_over_and_compared_and_nothing_is_kept(
    as_role: AsRole, desk: Desk, policy_file: Path
) -> None:
    browser = as_role("officer")
    browser.see("/words/1")
    lines = bundled_bytes("en").decode().splitlines(keepends=True)
    first = next(n for n, line in enumerate(lines) if "{ term =" in line)
    lines[first] = (
        '{ term = "<b>brand new</b>", category = "fraud", level = "warn", expires = 2020-01-01 },'
    )
    files = {"file": ("../../words.toml", "".join(lines).encode())}
    before = sorted(policy_file.parent.rglob("*"))
    html = browser.submit("/words/1", files=files).text
    assert "&lt;b&gt;brand new&lt;/b&gt;" in html
    assert "added" in html
    assert "removed" in html
    assert "expired" in html
    assert sorted(policy_file.parent.rglob("*")) == before


def test_a_broken_proposal_is_refused_with_the_reason(as_role: AsRole) -> None:
    browser = as_role("officer")
    browser.see("/words/1")
    for name, data, said in (
        ("words.toml", b"entries = [", "It is refused"),
        ("words.toml", b"\xff\xfe", "not UTF-8"),
        ("words.exe", b"x", "suffix"),
        ("words.csv", b"", "It is refused"),
    ):
        found = browser.submit("/words/1", files={"file": (name, data)})
        assert found.status_code == 200
        assert said in unescape(found.text), (name, data)


def test_a_proposal_without_a_file_is_no_form(as_role: AsRole) -> None:
    browser = as_role("officer")
    browser.see("/words/1")
    assert browser.submit("/words/1").status_code == 400


# --- other logs


@pytest.fixture
def plain(tmp_path: Path) -> Iterator[Browser]:
    """A reviewer at the desk of a service whose log is a file of JSON Lines."""
    (tmp_path / "plain.toml").write_text(
        'plugins = ["jsonl"]\n[settings.jsonl]\npath = "l.jsonl"\n'
    )
    policy = load_policy(tmp_path / "plain.toml")
    with open_desk(policy, secret=SECRET, cost=QUICK, hosts=("desk.test",)) as desk:
        desk.users.add("reviewer", "reviewer", PASSWORD)
        with Browser(make_app(desk), base_url="http://desk.test") as browser:
            yield browser.log_in("reviewer")


def test_a_log_without_proofs_shows_its_calls_and_says_what_it_cannot(
    plain: Browser, tmp_path: Path
) -> None:
    for path in ("/", "/calls", "/policies", "/verify"):
        plain.see(path)  # nothing is in it yet
    record = sample_record()
    (tmp_path / "l.jsonl").write_bytes(encode(record) + b"{torn\n")
    assert "1 Calls" in text_of(plain.see("/"))
    assert "cannot be read" in text_of(plain.see("/calls?all=yes"))
    text = text_of(plain.see(f"/calls/{record.id}"))
    assert "This log cannot prove what is in it" in text
    assert "The log keeps no texts of this call" in text
    assert "pii.email" in text
    plain.see(f"/calls/{record.id}/proof", 404)
    plain.see("/calls/verify.py", 404)
    assert "This log cannot be verified" in text_of(plain.see("/verify"))


# --- what tests do


def wait_for(desk: Desk, entries: int) -> None:
    """Wait until the log has as many entries, and the desk has counted them."""
    deadline = time.monotonic() + 20
    while paged(desk.log).end() < entries and time.monotonic() < deadline:
        time.sleep(0.02)
    assert running_of(desk).follow(20).is_whole


def result_of(browser: Browser) -> str:
    """Return the page of a verification that has ended."""
    deadline = time.monotonic() + 20
    while True:
        found = browser.get("/verify")
        if "refresh" not in found.headers or time.monotonic() > deadline:
            return text_of(found.text)
        time.sleep(0.02)


def change(policy_file: Path, index: int, old: bytes, new: bytes) -> None:
    """Write over an entry, as whoever has the disk may."""
    base = sqlite3.connect(policy_file.parent / "log" / "log.db")
    [(leaf,)] = base.execute("SELECT leaf FROM entries WHERE at = ?", (index,)).fetchall()
    changed = leaf.replace(old, new)
    assert changed != leaf
    base.execute("UPDATE entries SET leaf = ? WHERE at = ?", (changed, index))
    base.commit()
    base.close()
