"""The evidence on injection says what is searched for, and nothing of what is not."""

from __future__ import annotations

from tests.plugins.evidence import rows, written

from chopmark import Chopmark, Policy, Rules
from chopmark.reading import gather_evidence

POLICY = Policy(name="t", plugins=("injection",), rules=Rules(both={"injection.alt_text": "block"}))


def test_what_is_not_searched_for_is_not_in_it() -> None:
    policy = POLICY.with_options("injection", search=["invisible"])
    page = written(policy, "injection")["found.md"]
    found = {name for name in rows(page) if name.startswith("injection.")}
    assert {name.split(".")[1] for name in found} == {"invisible"}
    assert "Hosts" not in page
    shows = {name for _, one in gather_evidence(policy) for name in one.shows}
    assert "measures.11" not in shows


def test_every_category_that_a_detector_gives_is_in_it() -> None:
    said = rows(written(POLICY, "injection")["found.md"])
    for detector in Chopmark(POLICY).detectors:
        for category in detector.categories:  # type: ignore[attr-defined]
            assert any(name == category or name.startswith(f"{category}.") for name in said)
    assert said["injection.alt_text"][1:] == ["block", "not judged"]
    assert said["injection.exfiltration.link"][1:] == ["not judged", "*modify*"]


def test_hosts_to_which_data_may_go_are_named() -> None:
    page = written(POLICY.with_options("injection", hosts=["shop.cn"]), "injection")["found.md"]
    assert "data may go: shop.cn." in page
