"""The call that a complaint is about is found by its id, its receipt, its label or its text."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner

from chopmark import Chopmark, Policy, Response, load_policy
from chopmark._cli import cli
from chopmark.testing import plugin
from chopmark_complaints import ComplaintError, Office
from chopmark_jsonl import JsonlLog

Call = Callable[[str], Response]


def forms(response: Response) -> dict[str, str]:
    """Return what a complainant may have of an answer."""
    label = {"Label": "1", "ContentProducer": "Example-Co", "ProduceID": response.id}
    inspected = {"findings": [{"technique": "AIGC", "said": label}]}
    assert response.receipt
    return {
        "id": response.id,
        "upper": response.id.upper(),
        "receipt": json.dumps(asdict(response.receipt)),
        "metadata": json.dumps(response.to_metadata()),
        "carried": json.dumps({"aigc": label, "chopmark": response.to_metadata()}),
        "front matter": f"---\nAIGC:\n    Label: '1'\n    ProduceID: '{response.id}'\n---\ntext\n",
        "html": f"""<meta name="AIGC" content='{json.dumps({"AIGC": label})}'>""",
        "inspected": json.dumps(inspected, indent=2),
        "sentence": f"my number is {response.id}, thanks",
    }


@pytest.mark.parametrize(
    "form",
    ["id", "upper", "receipt", "metadata", "carried", "front matter", "html", "inspected",
     "sentence"],
)  # fmt: skip
def test_a_call_is_found_by_whatever_has_its_id(office: Office, call: Call, form: str) -> None:
    call("one before")
    response = call("the answer")
    call("one after")
    one = office.complaints.receive("it is wrong", about=forms(response)[form])
    labelled = form in ("carried", "front matter", "html", "inspected")
    assert (one.record, one.found) == (response.id, "label" if labelled else "record")


def test_a_labelled_file_leads_to_its_call(office: Office, call: Call, tmp_path: Path) -> None:
    response = call("the answer")
    file = tmp_path / "answer.md"
    file.write_text("# Answer\n\nIt is eleven metres deep.\n")
    label = ["label", str(file), "--producer", "Example-Co", "--id", response.id]
    assert CliRunner().invoke(cli, label).exit_code == 0
    inspected = CliRunner().invoke(cli, ["inspect", str(file), "--json"]).stdout
    for about in (inspected, file.read_text("utf-8")):
        one = office.complaints.receive("it is wrong", about=about)
        assert (one.record, one.found) == (response.id, "label")


def test_of_several_ids_the_one_of_a_call_counts(office: Office, call: Call) -> None:
    response = call("the answer")
    first = office.complaints.receive("it is wrong", about=response.id)
    about = f"about my complaint {first.id}, and {response.id}"
    assert office.complaints.receive("still wrong", about=about).record == response.id


def test_an_id_that_is_none_of_a_call_is_refused(office: Office, call: Call) -> None:
    response = call("the answer")
    one = office.complaints.receive("it is wrong", about=response.id)
    with pytest.raises(ComplaintError, match=f"has no call {one.id}"):
        office.complaints.receive("it is wrong", about=one.id)
    for about in ("the answer of yesterday", response.id[:-1], f"a{response.id}"):
        with pytest.raises(ComplaintError, match="has no id of a call"):
            office.complaints.receive("it is wrong", about=about)
    assert len(office.complaints.all()) == 1


@pytest.mark.parametrize(("text", "same"), [("the answer", True), ("another answer", False)])
def test_a_receipt_proves_whether_the_text_is_the_answer(
    office: Office, call: Call, text: str, same: bool
) -> None:
    receipt = json.dumps(asdict(call("the answer").receipt))  # type: ignore[arg-type]
    one = office.complaints.receive("it is wrong", about=receipt, answer=text)
    assert office.complaints.history(one.id)[0].data["same"] is same


def test_a_log_without_texts_takes_the_complaint_and_says_what_is_missing(office: Office) -> None:
    one = office.complaints.receive("it is wrong", answer="a text that somebody has")
    assert (one.record, one.found) == ("", "nothing")
    note = office.complaints.history(one.id)[0].data["note"]
    assert note == "log 'jsonl' keeps no texts to look in; a log that does is \"log\""


@dataclass(frozen=True)
class Match:
    record: str
    worth: str


@dataclass(frozen=True)
class Finding:
    matches: Sequence[Match]


class FindingLog(JsonlLog):
    """A log that also finds answers by their text."""

    def __init__(self, path: Path) -> None:
        super().__init__({"path": str(path)})
        self.texts: dict[str, Match] = {}

    def find(self, text: str) -> Finding:
        return Finding([self.texts[text]] if text in self.texts else [])


def test_an_answer_is_found_by_its_text_in_a_log_that_can(tmp_path: Path) -> None:
    log = FindingLog(tmp_path / "records.jsonl")
    responses: list[Response] = []
    chop = Chopmark(Policy(name="p"), log=log)
    chop.guard(on_response=responses.append)(lambda text: text)("a long answer")
    log.texts["a long answer"] = Match(responses[0].id, "enough")
    log.texts["long"] = Match(responses[0].id, "short")
    policy = Policy(name="p", plugins=("complaints",), folder=str(tmp_path))
    policy = policy.with_options("complaints", path="complaints.db")
    with Office(policy, [plugin(log=log)]) as office:
        one = office.complaints.receive("it is wrong", answer="a long answer")
        assert (one.record, one.found) == (responses[0].id, "text")
        for text in ("long", "another answer"):
            other = office.complaints.receive("it is wrong", answer=text)
            assert (other.record, other.found) == ("", "nothing")


def test_the_transparency_log_finds_an_answer_by_its_text(tmp_path: Path) -> None:
    path = tmp_path / "service.toml"
    path.write_text(
        'plugins = ["log", "complaints"]\n[settings.log]\npath = "log"\n'
        '[settings.complaints]\npath = "complaints.db"\n'
    )
    answer = "The west lake of Hangzhou is eleven metres deep and full of whales, they say."
    responses: list[Response] = []
    chop = Chopmark(load_policy(path))
    chop.guard(on_response=responses.append)(lambda text: text)(answer)
    chop.close()
    with Office(load_policy(path)) as office:
        one = office.complaints.receive("it is wrong", answer=answer)
        assert (one.record, one.found) == (responses[0].id, "text")
        office.complaints.decide(one.id, "upheld", "no whales", actor="Wang")
        assert office.verify().faults == ()
