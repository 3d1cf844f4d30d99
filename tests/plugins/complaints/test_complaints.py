"""A complaint is received, decided, corrected, told and erased; each step is in the log."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from chopmark import Chopmark, Policy, PolicyError, Response, load_policy
from chopmark.reading import open_log, readable
from chopmark_complaints import ComplaintError, Office
from chopmark_keyword._read import load_file
from chopmark_report._figures import complaint_days
from chopmark_report._tally import count

from .conftest import DAY, Clock

SECRET = "Li Hua, 13812345678: 你们的回答是错的"


def events(policy_file: Path) -> list[dict[str, Any]]:
    log = readable(open_log(load_policy(policy_file)))
    return [dict(entry) for entry in log.read() if entry["k"] == "event"]


def test_every_step_is_an_event_about_the_complaint(
    office: Office, policy_file: Path, call: Callable[[str], Response]
) -> None:
    call_id = call("a wrong answer").id
    work = office.complaints
    one = work.receive(SECRET, about=call_id, ground="inaccurate", contact="li@example.com")
    work.told(one.id, work.notice(one.id), actor="Wang")
    work.decide(one.id, "upheld", "It was wrong.", actor="Wang")
    work.correct_words(one.id, "wrong words", category="false", level="block", actor="Wang")
    work.correct_example(one.id, "inaccurate", actor="Wang", text="a wrong answer")
    work.told(one.id, work.notice(one.id), actor="Wang")
    work.erase([one.id], "PIPL Art. 47", actor="Zhao")
    found = events(policy_file)
    assert [entry["kind"] for entry in found] == [
        "complaint.received", "complaint.notified", "complaint.decided", "complaint.corrected",
        "complaint.corrected", "complaint.notified", "complaint.erased",
    ]  # fmt: skip
    assert found[0]["about"] == [call_id]
    assert all(entry["about"] == [one.id] for entry in found[1:])
    assert [entry["actor"] for entry in found] == ["", *["Wang"] * 5, "Zhao"]
    assert found[2]["data"]["decision"] == "upheld"
    assert found[3]["data"]["list"] == "desk"
    assert found[3]["data"]["entry"] == 2


def test_the_log_has_no_content(
    office: Office, policy_file: Path, call: Callable[[str], Response]
) -> None:
    work = office.complaints
    one = work.receive(SECRET, answer="a wrong answer", contact="li@example.com")
    work.decide(one.id, "partly", "the reason we gave", actor="Wang")
    work.correct_words(one.id, "a secret term", category="false", level="block", actor="Wang")
    work.correct_example(one.id, "allow", actor="Wang")
    work.told(one.id, work.notice(one.id), actor="Wang")
    kept = (policy_file.parent / "records.jsonl").read_text("utf-8")
    for text in (SECRET, "Li Hua", "li@example.com", "a wrong answer", "the reason", "secret term"):
        assert text not in kept


def test_a_text_that_is_kept_is_the_one_that_was_committed_to(office: Office) -> None:
    one = office.complaints.receive(SECRET)
    assert office.complaints.text(one.id, "complaint") == SECRET
    found = office.verify()
    assert (found.steps, found.texts, found.faults, found.only_in_log) == (1, 1, (), 0)


def test_the_report_counts_complaints_and_those_that_are_late(
    office: Office, policy_file: Path, clock: Clock
) -> None:
    work = office.complaints
    for decision, days in (("upheld", 3), ("rejected", 20)):
        one = work.receive("it is wrong")
        clock.now += days * DAY
        work.decide(one.id, decision, "so", actor="Wang")
    work.receive("it is wrong, too")
    log = readable(open_log(load_policy(policy_file)))
    found = complaint_days(count(log.read()), clock.now + 16 * DAY)
    assert (found["received"], found["decided"], found["late"]) == (3, 2, 2)
    assert found["decisions"] == {"upheld": 1, "rejected": 1}


def test_a_complaint_is_overdue_after_the_days_that_the_operator_promised(
    office: Office, clock: Clock
) -> None:
    one = office.complaints.receive("it is wrong")
    assert one.deadline - one.received == 15 * DAY
    clock.now = one.deadline
    assert one.state(clock.now) == "open"
    clock.now += 1
    assert one.state(clock.now) == "overdue"
    late = office.complaints.decide(one.id, "rejected", "it is right", actor="Wang")
    assert late.late
    assert late.state(clock.now) == "to tell"


def test_a_complaint_is_done_when_its_result_was_told(office: Office, clock: Clock) -> None:
    work = office.complaints
    one = work.receive("it is wrong")
    work.told(one.id, work.notice(one.id), actor="Wang")
    work.decide(one.id, "upheld", "it is", actor="Wang")
    assert work.get(one.id).state(clock.now) == "to tell"
    work.told(one.id, work.notice(one.id), actor="Wang")
    assert work.get(one.id).state(clock.now) == "done"
    changed = work.decide(one.id, "partly", "half of it", actor="Wang", again=True)
    assert (changed.decision, changed.state(clock.now)) == ("partly", "to tell")


def test_what_waits_is_what_is_not_done(office: Office, clock: Clock) -> None:
    work = office.complaints
    ways = ("", "n", "w", "nd", "ndn", "dnc", "dc", "dnd", "de")
    ids = {}
    for way in ways:
        one = work.receive(way or "nothing")
        ids[one.id] = way
        for n, step in enumerate(way):
            if step == "n":
                work.told(one.id, "a text", actor="Wang")
            elif step == "c":
                work.correct_example(one.id, "allow", actor="Wang", text="x")
            elif step == "e":
                work.erase([one.id], "asked for", actor="Wang")
            else:
                decision = "withdrawn" if step == "w" else "upheld"
                again = "d" in way[:n]
                work.decide(one.id, decision, "so", actor="Wang", again=again)
    expected = [one.id for one in work.all() if one.state(clock.now) != "done"]
    assert [one.id for one in work.waiting()] == expected
    assert [ids[id] for id in expected] == ["", "n", "nd", "dc", "dnd"]


def test_a_decision_is_made_once_unless_it_is_changed_on_purpose(office: Office) -> None:
    work = office.complaints
    one = work.receive("it is wrong")
    with pytest.raises(ComplaintError, match="not decided yet"):
        work.decide(one.id, "upheld", "it is", actor="Wang", again=True)
    work.decide(one.id, "upheld", "it is", actor="Wang")
    with pytest.raises(ComplaintError, match=r"decided already, upheld; .*: again=True$"):
        work.decide(one.id, "rejected", "it is not", actor="Zhao")
    assert work.get(one.id).decision == "upheld"


def test_a_notice_is_in_the_language_of_the_complaint_or_the_one_asked_for(
    office: Office,
) -> None:
    work = office.complaints
    one = work.receive("你们的回答是错的")
    received = work.notice(one.id)
    assert one.id in received
    assert "2026-10-06 之前处理" in received  # 15 days after 2026-09-21 in Beijing
    work.decide(one.id, "upheld", "确有错误。", actor="Wang")
    work.correct_example(one.id, "inaccurate", actor="Wang", text="x")
    decided = work.notice(one.id)
    assert "投诉成立" in decided
    assert "理由：确有错误。" in decided
    assert "更正" in decided
    english = work.notice(one.id, "en")
    assert "Result: the complaint is upheld." in english
    with pytest.raises(ComplaintError, match="write one of zh, en"):
        work.notice(one.id, "fr")


def test_notices_may_be_the_operators_own(policy_file: Path) -> None:
    own = {"fr": {"received": "Plainte {number}", "decided": "{decision}: {reason}"}}
    policy = load_policy(policy_file).with_options("complaints", texts=own)
    with Office(policy) as office:
        one = office.complaints.receive("C'est faux", language="fr")
        assert office.complaints.notice(one.id) == f"Plainte {one.id}"


def test_a_keyword_correction_is_what_plugin_keyword_reads(office: Office, tmp_path: Path) -> None:
    one = office.complaints.receive("it sells drugs")
    after = office.complaints.correct_words(
        one.id, '货到付款 "here"', category="drugs", level="block", actor="Wang",
        expires=date(2027, 6, 30),
    )  # fmt: skip
    words = load_file(tmp_path / "words.toml")
    assert after.corrections == 1
    assert [entry.term for entry in words.entries] == ["a first term", '货到付款 "here"']
    last = words.entries[-1]
    assert (last.category, last.level, last.reviewer) == ("keyword.drugs", "block", "Wang")
    assert last.expires == date(2027, 6, 30)
    assert (tmp_path / "words.toml").read_text("utf-8").startswith("# kept by the desk\n")


def test_examples_are_exported_without_who_complained(office: Office, tmp_path: Path) -> None:
    work = office.complaints
    one = work.receive(SECRET, answer="a bad answer", contact="li@example.com")
    work.correct_example(one.id, "toxicity", actor="Wang")
    work.correct_example(one.id, "allow", actor="Wang", text="a good \ud800 answer,\n真的")
    made = office.export(tmp_path / "examples.jsonl", actor="Wang")
    lines = (tmp_path / "examples.jsonl").read_text("utf-8").splitlines()
    assert [json.loads(line) for line in lines] == [
        {"text": "a bad answer", "label": "toxicity", "complaint": one.id},
        {"text": "a good \ud800 answer,\n真的", "label": "allow", "complaint": one.id},
    ]
    assert (made.examples, made.complaints) == (2, 1)
    assert made.path.stat().st_mode & 0o077 == 0
    with pytest.raises(ComplaintError, match="cannot be written"):
        office.export(tmp_path / "examples.jsonl", actor="Wang")
    with pytest.raises(ComplaintError, match="say who acts"):
        office.export(tmp_path / "other.jsonl", actor=" ")
    assert not (tmp_path / "other.jsonl").exists()


def test_a_model_does_not_learn_our_labels_from_an_export(
    policy_file: Path, tmp_path: Path
) -> None:
    policy_file.write_text(policy_file.read_text().replace('["jsonl",', '["jsonl", "label",'))
    responses: list[Response] = []
    chop = Chopmark(load_policy(policy_file))
    chop.guard(on_response=responses.append)(lambda text: text)("西湖里有鲸鱼。")
    chop.close()
    with Office(load_policy(policy_file)) as office:
        one = office.complaints.receive("错了", answer=responses[0].text)
        office.complaints.correct_example(one.id, "inaccurate", actor="Wang")
        office.export(tmp_path / "examples.jsonl", actor="Wang")
    assert "AI" in responses[0].text
    exported = json.loads((tmp_path / "examples.jsonl").read_text("utf-8"))
    assert exported["text"] == "西湖里有鲸鱼。"


def test_what_is_erased_is_in_no_file_any_more_and_exports_that_have_it_are_named(
    office: Office, tmp_path: Path
) -> None:
    work = office.complaints
    one = work.receive(SECRET, answer="an answer that is kept", contact="li@example.com")
    other = work.receive("another complaint, which stays")
    work.correct_example(one.id, "allow", actor="Wang")
    made = office.export(tmp_path / "examples.jsonl", actor="Wang")
    with pytest.raises(ComplaintError, match="not decided"):
        work.erase([other.id, one.id], "asked for", actor="Wang")
    work.decide(one.id, "withdrawn", "taken back", actor="Wang")
    [erased] = work.erase([one.id], "asked for", actor="Wang")
    assert (erased.texts, erased.exports) == (5, (made.sha256,))
    office.close()
    (tmp_path / "examples.jsonl").unlink()
    for file in tmp_path.iterdir():
        kept = file.read_bytes()
        for text in (SECRET, "an answer that is kept", "li@example.com", "taken back"):
            assert text.encode() not in kept, file
            assert json.dumps(text).encode() not in kept, file
    with Office(load_policy(tmp_path / "service.toml")) as again:
        assert again.complaints.texts(one.id) == {}
        assert again.complaints.text(other.id, "complaint") == "another complaint, which stays"
        with pytest.raises(ComplaintError, match="there is no example"):
            again.export(tmp_path / "examples.jsonl", actor="Wang")


def test_nothing_is_added_to_what_is_erased(office: Office) -> None:
    work = office.complaints
    one = work.receive(SECRET, contact="li@example.com")
    work.decide(one.id, "withdrawn", "taken back", actor="Wang")
    assert work.of_contact("li@example.com") == [one.id]
    work.erase(work.of_contact("li@example.com"), "asked for", actor="Wang")
    with pytest.raises(ComplaintError, match="no complaint is kept of"):
        work.of_contact("li@example.com")
    for step in (
        lambda: work.decide(one.id, "upheld", "again", actor="Wang", again=True),
        lambda: work.told(one.id, "a text", actor="Wang"),
        lambda: work.correct_example(one.id, "allow", actor="Wang", text="a text"),
        lambda: work.erase([one.id], "asked for", actor="Wang"),
    ):
        with pytest.raises(ComplaintError, match="erased"):
            step()
    assert work.texts(one.id) == {}


def test_any_text_is_kept_as_it_is(office: Office) -> None:
    for text in ("a\0b", "\ud800 alone", "  spaces \r\n", "😀‮"):
        one = office.complaints.receive(text)
        assert office.complaints.text(one.id, "complaint") == text


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"text": "  "}, "the complaint is empty"),
        ({"text": "x" * 1_000_001}, "1,000,000 at the most"),
        ({"ground": "ilegal"}, r"did you mean 'illegal'\?"),
        ({"language": "fr"}, "write one of zh, en"),
    ],
)
def test_a_wrong_complaint_is_refused_with_the_cure(
    office: Office, policy_file: Path, wrong: dict[str, str], message: str
) -> None:
    with pytest.raises(ComplaintError, match=message):
        office.complaints.receive(**{"text": "it is wrong", **wrong})
    assert office.complaints.all() == []
    assert events(policy_file) == []


def test_a_complaint_is_known_by_the_end_of_its_number(office: Office) -> None:
    one = office.complaints.receive("it is wrong")
    assert office.complaints.get(one.id[-6:].upper()).id == one.id
    for unknown in (one.id[-5:], "", "01900000-0000-7000-8000-000000000000"):
        with pytest.raises(ComplaintError, match="complaints list --all"):
            office.complaints.get(unknown)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"days": 0}, "'days' = 0: write a number over 0"),
        ({"dayz": 3}, r"did you mean 'days'\?"),
        ({"texts": {"en": {"received": "{nubmer}"}}}, r"texts\.en\.received.*no places but"),
        ({"texts": {"en": {"decided": "{number.x.y}"}}}, "no places but"),
        ({"texts": {"en": {"told": "x"}}}, r"texts\.en\.told"),
        ({"words": 3}, "words"),
    ],
)
def test_a_wrong_option_is_named_before_anybody_complains(
    options: dict[str, Any], message: str
) -> None:
    policy = Policy(name="t", plugins=("complaints",))
    with pytest.raises(PolicyError, match=message):
        Chopmark(policy.with_options("complaints", path="c.db", **options))


def test_a_policy_without_a_file_of_complaints_is_refused() -> None:
    with pytest.raises(PolicyError, match=r'path = "complaints.db"'):
        Office(Policy(name="t", plugins=("complaints",)))


def test_the_latest_come_first_and_go_on_where_they_stopped(office: Office) -> None:
    work = office.complaints
    ids = sorted(work.receive(f"wrong {n}").id for n in range(5))
    work.decide(ids[0], "rejected", "It was right.", actor="Wang")
    first = [one.id for one in work.latest(2)]
    assert first == [ids[4], ids[3]]
    rest = work.latest(9, first[-1])
    assert [one.id for one in rest] == [ids[2], ids[1], ids[0]]
    assert rest[-1].decision == "rejected"
    opened = sorted(office.incidents.open(f"found {n}", actor="Wang").id for n in range(3))
    assert [one.id for one in office.incidents.latest(9, opened[2])] == [opened[1], opened[0]]


def test_those_of_one_millisecond_are_each_in_one_part(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "time_ns", lambda: 1_800_000_000_000_000_000)
    work = office.complaints
    ids = {work.receive(f"wrong {n}").id for n in range(12)}
    seen: list[str] = []
    while part := work.latest(3, seen[-1] if seen else ""):
        seen += [one.id for one in part]
    assert sorted(seen) == sorted(ids)


class Shared:
    """A log that others use, too."""

    def __init__(self, log: Any) -> None:
        self.log, self.name = log, log.name

    def __getattr__(self, name: str) -> Any:
        return getattr(self.log, name)

    def close(self) -> None:
        pytest.fail("others use it")


def test_a_log_that_was_given_stays_open(policy_file: Path) -> None:
    policy = load_policy(policy_file)
    log = open_log(policy)
    shared: Any = Shared(log)
    with Office(policy, log=shared) as office:
        office.complaints.receive("wrong")
    log.close()
    assert len(events(policy_file)) == 1
