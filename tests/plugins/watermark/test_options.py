"""A wrong option is an error that names it and says how to mend it."""

from __future__ import annotations

import pytest

from chopmark import Chopmark, Policy, PolicyError

FILES = {"ring": "none.json", "tokenizer": "none.json"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"ring": ""}, "'ring' = '': name the file of `chopmark watermark keys new FILE`"),
        ({"tokenizer": 3}, "'tokenizer' = 3: name the tokenizer.json or the tiktoken file"),
        ({"scheme": "gumble"}, r"'scheme' = 'gumble': .*unigram.*did you mean 'gumbel'\?"),
        ({"alpha": 1}, "'alpha' = 1: write a probability, for example 1e-5"),
        ({"alpha": 0.0}, "'alpha' = 0.0: write a probability"),
        ({"words": 1}, "'words' = 1: write a whole number of at least"),
        ({"words": 200.0}, "'words' = 200.0: write a whole number"),
        ({"delta": 0}, "'delta' = 0: write a number over 0 and at most 10"),
        ({"tenant": 7}, "'tenant' = 7: write a text in quotes"),
        ({"tenants": "a"}, "'tenants' = 'a': write a list of texts"),
        ({"tenants": [1]}, r"'tenants' = \[1\]: write a list of texts"),
        (
            {"boilerplate": ""},
            "'boilerplate' = '': name the file of `chopmark watermark boilerplate",
        ),
        ({"alfa": 0.1}, r"'alfa' is not known \(did you mean 'alpha'\?\); there are alpha, "),
    ],
)
def test_a_wrong_option_is_named_with_its_cure(options: dict[str, object], message: str) -> None:
    policy = Policy(name="t", plugins=("watermark",))
    with pytest.raises(PolicyError, match=f"^plugin 'watermark', option {message}"):
        Chopmark(policy.with_options("watermark", **{**FILES, **options}))


def test_a_ring_that_is_not_there_is_named() -> None:
    policy = Policy(name="t", plugins=("watermark",)).with_options("watermark", **FILES)
    with pytest.raises(PolicyError, match=r"none\.json.*make one with `chopmark watermark keys"):
        Chopmark(policy)
