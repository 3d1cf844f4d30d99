"""Terms of ASCII words with signs, figures or Chinese behind them are found at any cut."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import combinations

import pytest

from chopmark import Chopmark, Policy, PolicyBlocked

TERMS = ("LSD 邮票", "foo-炸弹", "QQ 群号", "gang5", "lsd@", "bang bang7")


@pytest.fixture(scope="module", params=["keyword", "keyword pii"])
def chop(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Chopmark:
    file = tmp_path_factory.mktemp("words") / "words.json"
    defaults = {"reviewer": "Li", "level": "block", "expires": "2099-12-31"}
    entries = [{"term": term, "category": "drugs"} for term in TERMS]
    about = {"name": "mixed", "version": "1", "language": "zh", "defaults": defaults}
    file.write_text(json.dumps({**about, "entries": entries}), "utf-8")
    settings = {"keyword": {"lists": [str(file)], "bundled": False}}
    return Chopmark(Policy(name="m", plugins=tuple(request.param.split()), settings=settings))


@pytest.mark.parametrize(
    ("before", "found", "behind"),
    [
        ("", "LSD 邮票", ""),
        ("we sell ", "LSD 邮票", " here"),
        ("卖 ", "foo-炸弹", "啊"),
        ("my ", "QQ 群号", ": 1"),
        ("", "gang5", "x中"),
        ("the ", "gang5", "x"),
        ("an ", "lsd@", "x 中"),
        ("it went ", "bang bang7", "up"),
    ],
)
def test_a_mixed_term_goes_out_at_no_cut(
    chop: Chopmark, before: str, found: str, behind: str
) -> None:
    text = before + found + behind
    assert chop.screen(text, direction="input").action == "block"
    for one, two in combinations(range(len(text) + 1), 2):

        @chop.guard
        def answer(prompt: str, cuts: tuple[int, int] = (one, two)) -> Iterator[str]:
            first, second = cuts
            yield from (text[:first], text[first:second], text[second:])

        out: list[str] = []
        with pytest.raises(PolicyBlocked):
            out.extend(answer("hi"))
        assert before.startswith("".join(out)), (one, two)
