"""Options are checked when the policy is loaded, and an error says what to write."""

from __future__ import annotations

import pytest

from chopmark import Chopmark, Policy, PolicyError


def make(**options: object) -> Chopmark:
    policy = Policy(name="mine", plugins=("injection",)).with_options("injection", **options)
    return Chopmark(policy)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"host": []}, r"'host' is not known \(did you mean 'hosts'\?\)"),
        ({"hosts": "shop.cn"}, "write a list of names"),
        ({"hosts": ["https://shop.cn/"]}, "is no host; write a name such as"),
        ({"search": ["invisibles"]}, r"did you mean 'invisible'\?"),
        ({"search": "invisible"}, "write a list of names"),
        ({"image_characters": 0}, "at least 1"),
        ({"link_characters": True}, "at least 1"),
        ({"least": "highest"}, "low, medium, high"),
        ({"language": "fr"}, "zh, en"),
        ({"manifests": 1}, "write true or false"),
        ({"spotlight": "on"}, "off, delimit, datamark, encode"),
        ({"surfaces": ["user"]}, "write a table of roles"),
        ({"surfaces": {"user": "answer"}}, "request, tool_result, document, alt_text"),
    ],
)
def test_a_wrong_option_names_itself_and_the_cure(options: dict[str, object], message: str) -> None:
    with pytest.raises(PolicyError, match=message):
        make(**options)


def test_only_what_is_searched_for_is_brought() -> None:
    assert [d.name for d in make().detectors] == [
        "injection.invisible",
        "injection.exfiltration",
        "injection.instructions",
    ]
    assert [d.name for d in make(search=["exfiltration"]).detectors] == ["injection.exfiltration"]
    assert not make(search=[]).detectors
    assert make(search=[]).inert
    assert not make(search=[], spotlight="delimit").inert


def test_only_datamarking_brings_a_marker() -> None:
    forms = ("off", "delimit", "datamark", "encode")
    assert [len(make(spotlight=form).markers) for form in forms] == [0, 0, 1, 0]


def test_the_detectors_fit_the_hold_back_of_a_policy_by_default() -> None:
    with pytest.raises(PolicyError, match="holdback"):
        Chopmark(Policy(name="mine", plugins=("injection",), holdback=100))
