"""A wrong option is an error that names it and says how to mend it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from chopmark import Chopmark, Policy, PolicyError
from chopmark_conversation import Conversation


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"bounds": 1}, "did you mean 'bound'"),
        ({"bound": 0}, "from 0.01 to 1"),
        ({"bound": "high"}, "bound"),
        ({"share": 1.5}, "share"),
        ({"floor": 1}, "floor"),
        ({"half_life_turns": 0}, "half_life_turns"),
        ({"half_life_seconds": float("inf")}, "half_life_seconds"),
        ({"half_life_seconds": float("nan")}, "half_life_seconds"),
        ({"weights": 1}, "weights"),
        ({"weights": {"pii": 2}}, r"weights\.pii"),
        ({"key": ""}, "key"),
        ({"required": 1}, "true or false"),
        ({"store": "redis"}, "memory, sqlite"),
        ({"store": "memory", "path": "x.db"}, "sqlite"),
        ({"store": "sqlite"}, 'path = "kept.db"'),
        ({"store": "sqlite", "path": "no/such/folder/risk.db"}, "folder does not exist; make it: "),
        ({"most": 0}, "most"),
        ({"timeout": -1}, "timeout"),
    ],
)
def test_a_wrong_option_is_named_with_its_cure(
    tmp_path: Path, options: dict[str, Any], message: str
) -> None:
    policy = Policy(name="t", plugins=("conversation",), folder=str(tmp_path))
    with pytest.raises(PolicyError, match=message) as raised:
        Chopmark(policy.with_options("conversation", **options))
    assert "plugin 'conversation'" in str(raised.value)
    with pytest.raises(PolicyError, match=message):
        Conversation(**options)


def test_the_version_follows_what_a_verdict_depends_on() -> None:
    policy = Policy(name="t")
    made = [{}, {"bound": 0.8}, {"share": 0.4}, {"weights": {"hate": 0.5}}, {"key": "thread"}]
    versions = {Chopmark(policy, plugins=[Conversation(**o)]).detectors[0].version for o in made}
    assert len(versions) == len(made)
