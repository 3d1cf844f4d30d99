"""A policy says what holds, and a mistake in one is told with its file, key and cure."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from chopmark import Chopmark, OnError, Policy, PolicyError, RequestError, Rules, Verdict
from chopmark._policy_file import builtin_names, load_policy, parse_policy
from chopmark.deciding import Decider, act


def write(folder: Path, text: str, name: str = "mine.toml") -> Path:
    path = folder / name
    path.write_text(text, "utf-8")
    return path


def outcome(policy: Policy, category: str, score: float = 1.0, **more: str) -> str:
    verdict = Verdict(
        category=category, start=0, end=1, score=score,
        direction=more.get("direction", "output"),  # type: ignore[arg-type]
    )  # fmt: skip
    return Decider(policy).outcome(verdict, more.get("audience", ""))


def test_the_built_in_policies_are_there() -> None:
    assert builtin_names() == ["cn", "eu", "inspect", "off", "record-only"]
    for name in builtin_names():
        assert load_policy(name).name == name


def test_a_rule_by_score_takes_the_strictest_that_holds() -> None:
    policy = Policy(name="p", rules=Rules(both={"toxic": {"warn": 0.5, "block": 0.9}}))
    assert [outcome(policy, "toxic", s) for s in (0.95, 0.9, 0.6, 0.1)] == [
        "deny", "deny", "warn", "allow",
    ]  # fmt: skip


def test_a_category_falls_back_to_the_broader_one_and_then_to_all() -> None:
    rules = Rules(both={"pii": "modify", "pii.email": "warn", "*": "block"})
    policy = Policy(name="p", rules=rules)
    assert outcome(policy, "pii.email") == "warn"
    assert outcome(policy, "pii.cn.mobile") == "modify"
    assert outcome(policy, "other") == "deny"


def test_no_rule_for_everything_softens_what_is_sexual_and_of_minors() -> None:
    found = Verdict(category="sexual_minors", start=0, end=1, outcome="deny")
    mild = Policy(name="p", rules=Rules(both={"*": "allow", "sexual": "warn"}))
    assert Decider(mild).outcome(found) == "deny"
    named = Policy(name="p", rules=Rules(both={"*": "allow", "sexual_minors": "warn"}))
    assert Decider(named).outcome(found) == "warn"
    assert Decider(load_policy("record-only")).outcome(found) == "warn"  # it changes nothing
    for name in ("cn", "eu"):
        assert Decider(load_policy(name)).outcome(found) == "deny"
        assert Decider(load_policy(name)).outcome(found, "minor") == "deny"


def test_a_rule_for_one_direction_goes_before_the_one_for_both() -> None:
    policy = Policy(name="p", rules=Rules(both={"x": "block"}, input={"x": "allow"}))
    assert outcome(policy, "x", direction="input") == "allow"
    assert outcome(policy, "x", direction="output") == "deny"


def test_an_audience_is_judged_by_its_own_rules_first() -> None:
    policy = load_policy("cn")
    noted = Verdict(category="toxic", start=0, end=1, score=0.4, outcome="warn")
    assert Decider(policy).outcome(noted) == "warn"
    assert Decider(policy).outcome(noted, "minor") == "deny"
    assert outcome(policy, "pii.email", audience="minor") == "modify"


def test_without_a_rule_the_detectors_advice_holds() -> None:
    verdict = Verdict(category="new", start=0, end=1, outcome="escalate")
    assert Decider(Policy(name="p")).outcome(verdict) == "escalate"
    assert act([verdict]) == "escalate"


def test_a_file_extends_a_built_in_policy(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        """
        extends = "cn"
        holdback = 200
        [rules]
        pii.email = "allow"
        toxic = "warn"
        [audiences.minor.rules]
        toxic = "block"
        [refusals]
        en = "No."
        [settings.label]
        language = "zh"
        """,
    )
    policy = load_policy(path)
    assert policy.name == "mine"
    assert policy.plugins == load_policy("cn").plugins
    assert outcome(policy, "pii.email") == "allow"
    assert outcome(policy, "pii.iban") == "modify"
    assert outcome(policy, "toxic", audience="minor") == "deny"
    assert policy.refusal("en-GB") == "No."
    assert policy.refusal("zh") == load_policy("cn").refusal("zh")
    assert policy.options("label")["position"] == "start"
    assert policy.folder == str(tmp_path)


def test_a_file_that_enables_fewer_plugins_has_no_settings_of_the_others(tmp_path: Path) -> None:
    path = write(
        tmp_path, 'extends = "cn"\nplugins = ["label"]\n[settings.label]\nposition = "end"'
    )
    policy = load_policy(path)
    assert set(policy.settings) == {"label"}
    assert policy.options("label")["style"] == load_policy("cn").options("label")["style"]
    Chopmark(policy).close()


def test_policies_that_extend_each_other_are_told_once(tmp_path: Path) -> None:
    write(tmp_path, 'extends = "b.toml"', "a.toml")
    write(tmp_path, 'extends = "a.toml"', "b.toml")
    write(tmp_path, 'extends = "./own.toml"', "own.toml")
    write(tmp_path, 'extends = "own.toml"', "above.toml")
    for name, cycle in (
        ("a.toml", "a.toml extends b.toml extends a.toml;"),
        ("own.toml", "own.toml extends own.toml;"),
        ("above.toml", "own.toml extends own.toml;"),
    ):
        with pytest.raises(PolicyError) as told:
            load_policy(tmp_path / name)
        assert f"key 'extends': {cycle}" in str(told.value)
        assert str(told.value).count("key 'extends'") == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("holdbak = 3", r"mine.toml: key 'holdbak' is not known \(did you mean 'holdback'\?\)"),
        ("holdback = 0", r"key 'holdback': 0 cannot be used; give a number of characters"),
        ("holdback = true", r"key 'holdback': True cannot be used; give a whole number"),
        ("plugins = 'pii'", r"key 'plugins': 'pii' cannot be used; give a list of names"),
        ("[rules]\nx = 'blok'", r"key 'rules.x': action 'blok' is not one of allow, warn, modify"),
        ("[rules]\nx = {block = 2}", r"key 'rules.x': score 2 of action 'block' is not in 0..1"),
        ("[rules]\nx = 3", r"key 'rules.x': 3 cannot be used; give one of allow"),
        ("[rules.a]\nb = 3", r"key 'rules.a.b': 3 cannot be used"),
        ("[on_error]\nlog = 'maybe'", r"key 'on_error.log': 'maybe' cannot be used; give one of"),
        ("[on_error]\nlogs = 'block'", r"key 'on_error.logs' is not known \(did you mean 'log'"),
        ("[audiences.minor]\nrule = 1", r"key 'audiences.minor.rule' is not known"),
        ("audiences = 1", r"key 'audiences': 1 cannot be used; write it as a table"),
        ("[refusals]\nen = 1", r"key 'refusals.en': 1 cannot be used; give a string"),
        ("extends = 'nope'", r"key 'extends': policy 'nope' is not known"),
        ("name = ''", r"mine.toml: key 'name': '' cannot be used; give a name"),
        ("a = ", r"mine.toml: not valid TOML"),
        ("a = " + "[" * 9_999, r"mine.toml: the tables are nested too deep"),
    ],
)
def test_a_mistake_names_the_file_the_key_and_the_cure(
    tmp_path: Path, text: str, message: str
) -> None:
    with pytest.raises(PolicyError, match=message):
        load_policy(write(tmp_path, text))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"name": ""}, "name: '' cannot be used; give a name"),
        ({"name": 3}, "name: 3 cannot be used"),
        ({"plugins": "pii"}, r"plugins: 'pii' cannot be used; give a list of names"),
        ({"plugins": [3]}, r"plugins: \[3\] cannot be used"),
        ({"roles": "user"}, "roles: 'user' cannot be used; give a list of names"),
        ({"rules": {"toxic": "block"}}, r"rules: .* cannot be used; give Rules\(both="),
        ({"audiences": "minor"}, "audiences: 'minor' cannot be used"),
        ({"audiences": {"minor": {"toxic": "block"}}}, r"audiences\['minor'\]: .* give {\"minor\""),
        ({"on_error": None}, r"on_error: None cannot be used; give OnError\(detector="),
        ({"on_error": "block"}, "on_error: 'block' cannot be used"),
        ({"holdback": "x"}, "holdback: 'x' cannot be used; give a number of characters"),
        ({"holdback": 0}, "holdback: 0 cannot be used"),
        ({"holdback": True}, "holdback: True cannot be used"),
        ({"refusals": "No."}, "refusals: 'No.' cannot be used"),
        ({"refusals": {"zh": 3}}, r"refusals\['zh'\]: 3 cannot be used; give {\"en\""),
        ({"settings": {"pii": 3}}, r"settings\['pii'\]: 3 cannot be used; give {\"pii\""),
        ({"settings": []}, r"settings: \[\] cannot be used"),
        ({"folder": 3}, "folder: 3 cannot be used; give a path as a string"),
        ({"active": "no"}, "active: 'no' cannot be used; give True or False"),
    ],
)
def test_a_mistake_in_a_policy_made_in_python_is_told_where_it_is_made(
    given: dict[str, Any], message: str
) -> None:
    with pytest.raises(PolicyError, match=message):
        Policy(**{"name": "p", **given})


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ({"both": "block"}, r"rules.both: 'block' cannot be used; give {\"toxic\": \"block\"}"),
        ({"both": {"toxic": "blok"}}, r"rules.both\['toxic'\]: action 'blok' is not one of allow"),
        ({"input": {"toxic": {"block": 7}}}, r"rules.input\['toxic'\]: score 7 of action 'block'"),
        ({"output": {"toxic": 3}}, r"rules.output\['toxic'\]: 3 cannot be used; give one of"),
        ({"both": {"toxic": {}}}, r"rules.both\['toxic'\]: a rule without an action"),
        ({"both": {3: "block"}}, r"rules.both: 3 cannot be used; give a name"),
    ],
)
def test_a_mistake_in_rules_made_in_python_is_told_where_they_are_made(
    rules: dict[str, Any], message: str
) -> None:
    with pytest.raises(PolicyError, match=message):
        Rules(**rules)


def test_a_failure_is_blocked_or_allowed_and_nothing_else() -> None:
    handling: Any = "ignore"
    with pytest.raises(PolicyError, match=r"on_error.log: 'ignore' cannot be used; give one of"):
        OnError(log=handling)


def test_what_is_no_policy_at_all_is_told() -> None:
    policy: Any = 3
    with pytest.raises(PolicyError, match="policy 3 cannot be used; give a name, the path"):
        Chopmark(policy)


def test_a_name_that_is_too_long_for_a_file_is_told_as_unknown() -> None:
    for name in ("x" * 5000, 'plugins = ["pii"]\n' * 40):
        with pytest.raises(PolicyError, match="is not known; it is one of cn"):
            load_policy(name)


def test_an_unknown_name_and_a_missing_file_are_told() -> None:
    with pytest.raises(PolicyError, match=r"policy 'cm' is not known \(did you mean 'cn'\?\)"):
        Chopmark("cm")
    with pytest.raises(PolicyError, match="cannot be read"):
        Chopmark("nowhere/at-all.toml")


def test_an_unknown_audience_is_told() -> None:
    chop = Chopmark(Policy(name="p"))
    with pytest.raises(RequestError, match="audience 'minor' is not in policy 'p'"):
        chop.screen("x", audience="minor")


def test_the_digest_changes_with_whatever_decides_and_with_nothing_else() -> None:
    one = parse_policy("[rules]\nx = 'block'", "a.toml")
    assert one.digest == parse_policy("[rules]\nx = 'block'", "/elsewhere/a.toml").digest
    assert one.digest != parse_policy("[rules]\nx = 'warn'", "a.toml").digest
    assert one.digest != parse_policy("holdback = 9\n[rules]\nx = 'block'", "a.toml").digest
    assert one.digest != one.with_options("label", position="end").digest
