"""The text of a policy in a log: without secrets, read back, and beside the one before it."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chopmark import Event, Policy
from chopmark.reading import new_event
from chopmark.wording import Wording
from chopmark_report import Tally, count, difference, flat, named, packed, policy_event, unpacked
from chopmark_report._difference import HIDDEN, POLICY_TEXT
from chopmark_report._sections import Source, sections_of
from chopmark_report._tally import Span

SECRETS = {"api_key": "hush", "url": "https://me:pw@host/x", "monkey": "seen"}
OLD = Policy(name="p", settings={"x": SECRETS})
NEW = OLD.with_options("x", monkey="gone", api_key="other")


def test_a_difference_is_what_differs_and_shows_no_secret() -> None:
    left = Policy(name="a", settings={"x": {"api_key": "hush", "url": "https://me:pw@host/x"}})
    right = left.with_options("x", api_key="other", monkey="seen")
    found = difference(flat(left), flat(right))
    assert [one.key for one in found] == ["settings.x.monkey"]
    assert flat(left)["settings.x.api_key"] == HIDDEN
    assert flat(left)["settings.x.url"] == f"https://{HIDDEN}@host/x"
    assert difference(flat(left), flat(left)) == []
    assert flat(left)["name"] == "a"


def read(event: Event) -> dict[str, Any]:
    """Return `event` as a log gives it back."""
    return {"k": "event", **json.loads(json.dumps(asdict(event)))}


def seen_by(*policies: Policy, texts: tuple[Policy, ...]) -> Tally:
    """Return the counts of a log that keeps the texts of some policies; each was in use."""
    tally = count(read(policy_event(policy)) for policy in texts)
    tally.policies |= {
        named(policy): Span(number, number, 1) for number, policy in enumerate(policies, 1)
    }
    return tally


def changes(tally: Tally) -> list[tuple[str, ...]]:
    source = Source(policy="p", log="memory", since=0, until=None, now=0)
    found = sections_of(tally, source, Wording.of("chopmark_report", "en"))
    return [row for one in found if one.key == "changes" for row in one.rows]


def test_the_report_shows_what_changed_between_policies_whose_texts_are_kept() -> None:
    tally = seen_by(OLD, NEW, texts=(NEW, OLD))
    assert changes(tally) == [(named(NEW), named(OLD), "settings.x.monkey", "seen", "gone")]
    assert changes(seen_by(OLD, NEW, texts=(NEW,))) == []
    assert "hush" not in str(tally.texts)
    assert "pw@" not in str(tally.texts)


def test_counts_that_are_kept_and_taken_up_again_have_the_texts() -> None:
    tally = seen_by(OLD, texts=(OLD, NEW))
    assert tally.texts == {named(OLD): flat(OLD), named(NEW): flat(NEW)}
    assert unpacked(packed(tally)).texts == tally.texts


@pytest.mark.parametrize("text", ["", "[]", "no", "[" * 5000, 5])
def test_a_text_that_cannot_be_read_is_passed_over(text: Any) -> None:
    event = new_event(POLICY_TEXT, data={"policy": "p@1", "text": text})
    assert count([read(event)]).texts == {}


TEXT = st.text(st.characters(exclude_categories=["Cs"]))


@given(st.dictionaries(st.text("abkey_s ", min_size=1), TEXT | st.integers() | st.lists(TEXT)))
def test_any_settings_are_read_back_as_they_are_shown(options: dict[str, Any]) -> None:
    policy = Policy(name="p", settings={"x": options})
    assert count([read(policy_event(policy))]).texts == {named(policy): flat(policy)}
