"""The evidence on conversations has the settings in force, and what is done from the bound on."""

from __future__ import annotations

from pathlib import Path

from tests.plugins.evidence import rows, written

from chopmark import Policy, Rules

WARN = Rules(input={"conversation": "warn"})


def test_it_has_the_settings_in_force(tmp_path: Path) -> None:
    policy = Policy(
        name="t", plugins=("conversation",), rules=Rules(input={"conversation": "warn"})
    )
    policy = policy.with_options(
        "conversation", bound=0.6, weights={"violence": 0.9}, store="sqlite",
        path=str(tmp_path / "risk.db"),
    )  # fmt: skip
    said = rows(written(policy, "conversation")["risk.md"])
    assert said["bound"][0] == "0.6"
    assert said["weight of violence"][0] == "0.9"
    assert said["conversation.risk"][1:] == ["warn", "not judged"]
    assert not (tmp_path / "risk.db").exists(), "showing keeps nothing"


def test_calls_that_name_no_conversation_are_told_of() -> None:
    policy = Policy(name="t", plugins=("conversation",))
    said = written(policy, "conversation")["risk.md"]
    assert "is judged by itself" in said
    policy = policy.with_options("conversation", required=True)
    assert "is an error" in written(policy, "conversation")["risk.md"]
