"""The evidence on personal data says what is done, kind by kind, and what is not looked for."""

from __future__ import annotations

from tests.plugins.evidence import rows, written

from chopmark import Chopmark, Policy, Rules
from chopmark_pii import KINDS

RULES = Rules(both={"pii": "modify"}, output={"pii.email": "block"})
POLICY = Policy(name="t", plugins=("pii",), rules=RULES).with_options(
    "pii", kinds={"name": "pseudonym", "ip": False}
)


def test_every_kind_is_in_the_table_or_among_those_not_looked_for() -> None:
    page = written(POLICY, "pii")["found.md"]
    off = page.split("Not looked for:")[1].split("\n")[0]
    for kind in KINDS.values():
        assert (kind.category in rows(page)) != (f"`{kind.category}`" in off), kind.name
    assert "pii.ip" in off
    assert "pseudonym" in rows(page)["pii.name"][0]


def test_what_the_table_says_is_what_happens() -> None:
    said = rows(written(POLICY, "pii")["found.md"])["pii.email"]
    assert said[1:] == ["modify", "block"]
    chop = Chopmark(POLICY)
    assert chop.screen("mail anna@corp.cn", direction="input").action == "modify"
    assert chop.screen("mail anna@corp.cn", direction="output").action == "block"


def test_that_originals_are_kept_is_said_where_they_are() -> None:
    vault = POLICY.with_options("pii", action="vault", vault_seconds=60)
    assert "in memory for 60 seconds" in written(vault, "pii")["found.md"]
    assert "No original is kept" in written(POLICY, "pii")["found.md"]
