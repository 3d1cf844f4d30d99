"""The implicit label beside an answer: the block, seven keys, found again by the call's record."""

import json
import shutil
import subprocess

import pytest

from chopmark import Chopmark, MarkError, Policy, PolicyError, Request
from chopmark.sse import events
from chopmark.testing import MarkerContract, MemoryLog
from chopmark_label import Implicit
from chopmark_label._block import KEYS, from_fields
from chopmark_label._security import check_integrity

CODE = "001191110102MAD55U9H0F10002"
BLOCKS = '{"AIGC":{"Label":"1","ContentProducer":"A"}}'


class TestImplicit(MarkerContract):
    def make(self):
        return Implicit("Example-Co")


def guarded(log=None, folder="", **settings):
    policy = Policy(name="p", plugins=("label",), settings={"label": settings}, folder=str(folder))
    return Chopmark(policy, log=log)


def answered(chop):
    told = []
    chop.guard(on_response=told.append)(lambda prompt: "fine")("q")
    return told[0]


@pytest.mark.parametrize("producer", [CODE, "Example-Co"])
def test_a_producer_puts_the_block_beside_every_answer(producer):
    log = MemoryLog()
    response = answered(guarded(log, producer=producer))
    block = response.labels["aigc"]
    assert tuple(block) == KEYS
    assert from_fields(block).content_producer == producer
    assert (block["Label"], block["ProduceID"]) == ("1", log.records[0].id)
    assert [m.data for m in log.records[0].marks if m.marker == "aigc"] == [block]


def test_without_a_producer_there_is_no_block():
    response = answered(guarded())
    assert response.labels == {}
    assert [m.marker for m in response.marks] == ["label"]


@pytest.mark.parametrize(
    ("settings", "match"),
    [
        ({"producer": CODE[:-1]}, "26 positions"),
        ({"producer": "001191110102MAD55U9H1F10002"}, "check character"),
        ({"producer": CODE[:22] + "20002"}, "propagates"),
        ({"producer": "某公司"}, "ASCII"),
        ({"producer": ""}, "empty"),
        ({"producer": 7}, "string"),
        ({"producer": "A", "seal": "sm3"}, "sm2"),
        ({"producer": "A", "seal": "sm2"}, "openssl"),
        ({"producer": "A", "seal": "sm2", "key": "none.pem"}, "none.pem"),
        ({"producer": "A", "key": "k.pem"}, "belongs to seal"),
        ({"seal": "hash"}, "producer"),
        ({"producers": "A"}, "producer"),
    ],
)
def test_what_cannot_be_a_block_is_refused_with_a_cure(settings, match, tmp_path):
    with pytest.raises(PolicyError, match=match):
        guarded(folder=tmp_path, **settings)


def test_a_call_without_an_id_has_no_block():
    with pytest.raises(MarkError, match="no id"):
        Implicit("A").open(Request())


def test_the_hash_form_fits_the_block():
    block = from_fields(answered(guarded(producer="A", seal="hash")).labels["aigc"])
    assert check_integrity(block, {}).verdict == "intact"


@pytest.mark.skipif(shutil.which("openssl") is None, reason="makes a key with openssl")
def test_a_signature_fits_the_block_and_its_key(tmp_path):
    pytest.importorskip("gmssl_pyx")
    pytest.importorskip("ecdsa")
    make = ["openssl", "genpkey", "-algorithm", "SM2", "-out", str(tmp_path / "sm2.pem")]
    subprocess.run(make, check=True, capture_output=True)
    chop = guarded(folder=tmp_path, producer="A", seal="sm2", key="sm2.pem")
    blocks = [from_fields(answered(chop).labels["aigc"]) for _ in range(2)]
    found = [check_integrity(block, {}) for block in blocks]
    assert [one.verdict for one in found] == ["unknown key"] * 2
    pinned = {found[0].key: "us"}
    assert [check_integrity(block, pinned).signer for block in blocks] == ["us", "us"]
    (tmp_path / "sm2.pem").write_text("no key")
    with pytest.raises(PolicyError, match="key"):
        guarded(folder=tmp_path, producer="A", seal="sm2", key="sm2.pem")


def test_the_events_of_an_answer_give_the_block_back():
    chop = guarded(producer=CODE)

    @chop.guard
    def answer(prompt):
        yield from "one two"

    stream = "".join(events(answer("q")))
    (mark,) = Implicit(CODE).detect(stream)
    assert mark.placed
    assert mark.where == "event 1: aigc, event 8: aigc"
    assert from_fields(mark.data).content_producer == CODE


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("It speaks of aigc.", []),
        ('{"aigc": 1}', []),
        ('{"aigc": ', []),
        ('data: {"aigc": {}', []),
        ("[" * 100_000 + '"aigc"', []),
        ('{"a": [{"aigc": {"Label": "1"}}]}', [("a[0].aigc", False)]),
        (json.dumps({"response": {"AIGC": BLOCKS}}), [("response.AIGC", False)]),
        (BLOCKS, [("AIGC", False)]),
    ],
)
def test_what_others_wrote_is_read_and_its_defects_are_named(text, found):
    marks = Implicit("A").detect(text)
    assert [(m.where, m.placed) for m in marks] == found
    assert all(m.reason for m in marks)
