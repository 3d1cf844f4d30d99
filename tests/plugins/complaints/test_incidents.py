"""An incident keeps what was done: stop, remove, rectify, report; and says what is missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from chopmark_complaints import ComplaintError, Office

from .conftest import Clock
from .test_complaints import events

WHAT = "answers explain how to make 某物"


def test_every_step_is_an_event_about_the_incident(
    office: Office, policy_file: Path, clock: Clock
) -> None:
    complaint = office.complaints.receive("it is illegal", ground="illegal")
    work = office.incidents
    one = work.open(WHAT, about=[complaint.id], actor="Wang")
    for n, step in enumerate(("stop", "remove", "remove", "rectify")):
        clock.now += 1000
        one = work.step(one.id, step, f"note {n}", actor="Wang")
    one = work.step(one.id, "report", to="CAC Shanghai", reference="2026-17", actor="Zhao")
    assert one.missing == ()
    assert one.steps["remove"] - one.opened == 3000
    one = work.close(one.id, actor="Zhao")
    assert one.closed
    found = [entry for entry in events(policy_file) if entry["kind"].startswith("incident.")]
    assert [entry["kind"] for entry in found] == [
        "incident.opened", "incident.stopped", "incident.removed", "incident.removed",
        "incident.rectified", "incident.reported", "incident.closed",
    ]  # fmt: skip
    assert found[0]["about"] == [complaint.id]
    assert all(entry["about"] == [one.id] for entry in found[1:])
    reported = found[5]["data"]
    assert (reported["to"], reported["reference"]) == ("CAC Shanghai", "2026-17")
    kept = (policy_file.parent / "records.jsonl").read_text("utf-8")
    assert "某物" not in kept
    assert "note 1" not in kept


def test_an_incident_is_not_closed_while_a_step_is_missing(office: Office) -> None:
    work = office.incidents
    one = work.open(WHAT, actor="Wang")
    work.step(one.id, "stop", "model off", actor="Wang")
    work.step(one.id, "rectify", "a word", actor="Wang")
    with pytest.raises(ComplaintError, match="lacks remove, report"):
        work.close(one.id, actor="Wang")
    with pytest.raises(ComplaintError, match="lacks remove, report"):
        work.close(one.id, "it was not public", without=["report"], actor="Wang")
    with pytest.raises(ComplaintError, match="say why there was no remove and no report"):
        work.close(one.id, without=["remove", "report"], actor="Wang")
    done = work.close(one.id, "it was not public", without=["remove", "report"], actor="Wang")
    assert done.without == ("remove", "report")
    with pytest.raises(ComplaintError, match="is closed; open another"):
        work.step(one.id, "report", to="CAC", actor="Wang")


def test_a_report_says_to_whom_and_nothing_else_does(office: Office) -> None:
    one = office.incidents.open(WHAT, actor="Wang")
    with pytest.raises(ComplaintError, match="to whom"):
        office.incidents.step(one.id, "report", actor="Wang")
    with pytest.raises(ComplaintError, match="to whom"):
        office.incidents.step(one.id, "stop", to="CAC", actor="Wang")
    with pytest.raises(ComplaintError, match="say who acts"):
        office.incidents.step(one.id, "stop", "model off", actor="")
    with pytest.raises(ComplaintError, match="stop, remove, rectify, report"):
        office.incidents.step(one.id, "stopp", actor="Wang")
    assert office.incidents.get(one.id).steps == {}


@pytest.mark.parametrize("note", ["", "  \n"])
@pytest.mark.parametrize("step", ["stop", "remove", "rectify"])
def test_a_step_says_what_was_done(office: Office, step: str, note: str) -> None:
    one = office.incidents.open(WHAT, actor="Wang")
    with pytest.raises(ComplaintError, match="say what was done"):
        office.incidents.step(one.id, step, note, actor="Wang")
    assert office.incidents.get(one.id).steps == {}


def test_a_step_that_was_not_taken_is_taken_back_and_both_are_in_the_log(
    office: Office, policy_file: Path, clock: Clock
) -> None:
    work = office.incidents
    one = work.open(WHAT, actor="Wang")
    for n in range(2):
        clock.now += 1000
        one = work.step(one.id, "stop", f"model {n} off", actor="Wang")
    one = work.take_back(one.id, "stop", "it was 某物 else", actor="Zhao")
    assert one.steps["stop"] - one.opened == 1000, "the one before it stands again"
    one = work.take_back(one.id, "stop", "nothing was off", actor="Zhao")
    assert "stop" in one.missing
    with pytest.raises(ComplaintError, match="lacks stop"):
        work.close(one.id, actor="Wang")
    with pytest.raises(ComplaintError, match="has no stop to take back"):
        work.take_back(one.id, "stop", "again", actor="Zhao")
    assert "stop" in work.step(one.id, "stop", "now it is", actor="Wang").steps
    found = [e for e in events(policy_file) if e["kind"].startswith("incident.")]
    first, second = found[1:3]
    assert [e["data"]["taken"] for e in found if e["kind"] == "incident.taken_back"] == [
        second["id"], first["id"],
    ]  # fmt: skip
    assert "某物" not in (policy_file.parent / "records.jsonl").read_text("utf-8")
    assert office.verify().faults == ()


def test_what_is_taken_back_needs_a_reason_a_step_and_an_open_incident(office: Office) -> None:
    work = office.incidents
    one = work.open(WHAT, actor="Wang")
    work.step(one.id, "stop", "model off", actor="Wang")
    with pytest.raises(ComplaintError, match="say why the step is taken back"):
        work.take_back(one.id, "stop", " ", actor="Wang")
    with pytest.raises(ComplaintError, match="stop, remove, rectify, report"):
        work.take_back(one.id, "close", "why", actor="Wang")
    work.close(one.id, "no", without=["remove", "rectify", "report"], actor="Wang")
    with pytest.raises(ComplaintError, match="is closed; open another"):
        work.take_back(one.id, "stop", "too late", actor="Wang")


def test_an_incident_is_erased_when_it_is_closed(office: Office) -> None:
    work = office.incidents
    one = work.open(WHAT, actor="Wang")
    with pytest.raises(ComplaintError, match="close it first"):
        work.erase(one.id, "its time is over", actor="Wang")
    work.close(one.id, "a mistake", without=["stop", "remove", "rectify", "report"], actor="Wang")
    assert work.erase(one.id, "its time is over", actor="Wang").texts == 2
    assert work.texts(one.id) == {}
    assert work.get(one.id).erased
    with pytest.raises(ComplaintError, match="erased already"):
        work.erase(one.id, "its time is over", actor="Wang")


def test_a_complaint_is_no_incident(office: Office) -> None:
    one = office.complaints.receive("it is wrong")
    with pytest.raises(ComplaintError, match="no one incident"):
        office.incidents.get(one.id)
    assert office.incidents.all() == []


def test_an_incident_needs_words_and_somebody_who_opens_it(office: Office) -> None:
    with pytest.raises(ComplaintError, match="say what was found"):
        office.incidents.open(" ", actor="Wang")
    with pytest.raises(ComplaintError, match="say who acts"):
        office.incidents.open(WHAT, actor="")
    assert office.incidents.all() == []


def test_what_an_incident_is_about_is_an_id_and_no_text(office: Office) -> None:
    with pytest.raises(ComplaintError, match="no one complaint 'the user Li Hua'"):
        office.incidents.open(WHAT, about=["the user Li Hua"], actor="Wang")
    one = office.incidents.open(WHAT, actor="Wang")
    with pytest.raises(ComplaintError, match="200 characters at the most"):
        office.incidents.step(one.id, "report", to="x" * 201, actor="Wang")
