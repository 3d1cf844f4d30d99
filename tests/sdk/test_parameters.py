"""The sampling parameters of a call are found wherever a framework puts them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from chopmark.adapting import parameters

NAMES = st.sampled_from(["temperature", "top_p", "top_k", "watermarking", "model", "stop"])
VALUES = st.one_of(st.none(), st.floats(0, 2), st.integers(0, 50), st.booleans())
SOURCES = st.dictionaries(NAMES, VALUES)


def test_what_stands_inside_wins_and_other_arguments_are_left_out() -> None:
    model = {"model": "m", "temperature": 0.1, "extra_body": {"top_k": 3, "temperature": 1.0}}
    assert parameters(model) == {"temperature": 1.0, "top_k": 3}
    assert parameters(model, {"temperature": 0.5}) == {"temperature": 0.5, "top_k": 3}
    assert parameters(model, {"temperature": None}) == {"top_k": 3}
    assert parameters({"options": "none", "model_kwargs": None, "top_p": 0.0}) == {"top_p": 0.0}


@given(st.lists(SOURCES, max_size=4))
def test_several_sources_are_as_one_that_was_merged(sources: list[dict[str, object]]) -> None:
    merged = {name: value for source in sources for name, value in source.items()}
    expected = {
        name: value
        for name, value in merged.items()
        if value is not None and name not in ("model", "stop")
    }
    assert parameters(*sources) == expected
