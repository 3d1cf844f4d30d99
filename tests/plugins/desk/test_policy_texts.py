"""A desk keeps the text of a policy that the log has not seen, and shows how two differ."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from html import unescape
from pathlib import Path

import pytest
from tests.plugins.desk.conftest import PASSWORD, QUICK, SECRET, Browser, Clock

from chopmark import Chopmark, Event, LogError, Policy, Receipt, load_policy
from chopmark.reading import open_log, readable, takes_events
from chopmark_desk._app import make_app
from chopmark_desk._desk import Desk, open_desk
from chopmark_desk._known import running_of
from chopmark_desk._noting import begin_noting
from chopmark_report import named


@contextmanager
def begun(policy_file: Path, clock: Clock) -> Iterator[Desk]:
    """Yield a desk that has begun, with all that it appends appended."""
    policy = load_policy(policy_file)
    with open_desk(policy, secret=SECRET, clock=clock, cost=QUICK, hosts=("desk.test",)) as desk:
        noting = begin_noting(desk)
        assert noting is not None
        noting.join()
        yield desk


def texts(policy_file: Path) -> list[str]:
    """Return the names of the policies whose texts the log has, each as often as it has it."""
    with closing(open_log(load_policy(policy_file))) as log:
        events = [one for one in readable(log).read() if one["k"] == "event"]
    return [one["data"]["policy"] for one in events if one["kind"] == "policy.text"]


def test_each_policy_is_kept_once_and_the_former_one_can_be_compared(
    policy_file: Path, clock: Clock
) -> None:
    with begun(policy_file, clock) as desk:
        first = named(desk.policy)
    assert texts(policy_file) == [first]
    with begun(policy_file, clock):
        pass
    assert texts(policy_file) == [first], "the log had it already"
    text = policy_file.read_text().replace('pii = "modify"', 'pii = "block"')
    policy_file.write_text(text + '\n[settings.desk]\nname = "desk.test"\n')
    with begun(policy_file, clock) as desk:
        second = named(desk.policy)
        desk.users.add("viewer", "viewer", PASSWORD)
        running_of(desk).follow(20)
        with Browser(make_app(desk), base_url="http://desk.test") as browser:
            browser.log_in("viewer")
            html = browser.see(f"/policies?left={first}&right=in-use")
            said = " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())
    assert texts(policy_file) == [first, second]
    assert f"service text kept {first.partition('@')[2]}" in said
    assert "rules.both.pii modify block" in said
    assert "settings.desk.name – desk.test" in said


def change(policy_file: Path) -> Policy:
    """Have the service's policy say something else."""
    policy_file.write_text(policy_file.read_text().replace('pii = "modify"', 'pii = "block"'))
    return load_policy(policy_file)


def call(policy: Policy) -> None:
    """Guard a call by it, as the service does."""
    chop = Chopmark(policy)
    chop.guard(lambda prompt: "Fine.")("How are you?")
    chop.close()


def wait_for(policy_file: Path, policy: Policy) -> None:
    """Wait until the log has the text of a policy, or for a minute."""
    until = time.monotonic() + 60
    while named(policy) not in texts(policy_file) and time.monotonic() < until:
        time.sleep(0.2)


def test_a_policy_that_the_service_changed_meanwhile_is_kept_too_and_once(
    policy_file: Path, clock: Clock
) -> None:
    policy = load_policy(policy_file)
    with open_desk(policy, clock=clock, cost=QUICK, source=str(policy_file)) as desk:
        noting = begin_noting(desk, every=0.05)
        assert noting is not None
        noting.join()
        changed = change(policy_file)
        assert named(changed) not in texts(policy_file), "no call was guarded by it yet"
        call(changed)
        wait_for(policy_file, changed)
        time.sleep(0.5)
    assert texts(policy_file) == [named(policy), named(changed)]


def test_a_policy_that_the_log_did_not_take_is_offered_again(
    policy_file: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy = load_policy(policy_file)
    with open_desk(policy, clock=clock, cost=QUICK, source=str(policy_file)) as desk:
        noting = begin_noting(desk, every=0.05)
        assert noting is not None
        noting.join()
        changed = change(policy_file)
        take = takes_events(desk.log).append_event
        refused: list[Event] = []

        def refuse_once(event: Event) -> Receipt:
            if not refused:
                refused.append(event)
                raise LogError("the database is away")
            return take(event)

        monkeypatch.setattr(desk.log, "append_event", refuse_once)
        call(changed)
        wait_for(policy_file, changed)
    assert len(refused) == 1
    assert texts(policy_file) == [named(policy), named(changed)]


def test_a_log_that_takes_nothing_does_not_keep_the_desk_from_beginning(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(event: object) -> None:
        raise LogError("the disk is full")

    monkeypatch.setattr(desk.log, "append_event", refuse)
    noting = begin_noting(desk)
    assert noting is not None
    noting.join()
    assert "the policy's text is not in the log: the disk is full" in caplog.text
