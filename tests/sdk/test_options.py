"""A plugin's options are read as their type, or refused by an error that says how to mend them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tests.depth import scaled

from chopmark import Policy, PolicyError, load_policy
from chopmark.options import Table, did_you_mean

LEVELS = ("low", "medium", "high")
NAMES = st.text("abcdefgh_", min_size=1, max_size=8)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(LEVELS),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
)
READERS: dict[str, Callable[[Table, str], object]] = {
    "text": lambda t, key: t.text(key),
    "path": lambda t, key: t.path(key),
    "names": lambda t, key: t.names(key),
    "one_of": lambda t, key: t.one_of(key, LEVELS),
    "some_of": lambda t, key: t.some_of(key, LEVELS),
    "switch": lambda t, key: t.switch(key, False),
    "whole": lambda t, key: t.whole(key, 1, least=-5, most=5),
    "number": lambda t, key: t.number(key, 1, over=-5, under=5),
    "table": lambda t, key: t.table(key),
}
FITS: dict[str, Callable[[Any], bool]] = {
    "text": lambda v: isinstance(v, str) and v.strip() != "",
    "path": lambda v: isinstance(v, Path),
    "names": lambda v: isinstance(v, tuple) and all(name.strip() for name in v),
    "one_of": lambda v: v in LEVELS,
    "some_of": lambda v: isinstance(v, tuple) and set(v) <= set(LEVELS),
    "switch": lambda v: isinstance(v, bool),
    "whole": lambda v: type(v) is int and -5 <= v <= 5,
    "number": lambda v: type(v) is float and -5 < v < 5,
    "table": lambda v: isinstance(v, Table),
}


def table(**options: object) -> Table:
    return Table("mine", options, Path("folder"))


@pytest.mark.parametrize("reader", READERS)
@settings(max_examples=scaled(50))
@given(value=VALUES)
def test_a_value_is_read_as_promised_or_refused_by_name(reader: str, value: object) -> None:
    told = f"plugin 'mine', option 'level' = {value!r}: write "
    try:
        fits = FITS[reader](READERS[reader](table(level=value), "level"))
    except PolicyError as error:
        fits = str(error).startswith(told) and str(error) != told
    assert fits


@given(st.integers(-(10**300), 10**300) | st.floats(), st.integers(-9, 9), st.integers(0, 9))
def test_a_number_is_taken_where_it_is_in_the_range_and_nowhere_else(
    value: float, least: int, wide: int
) -> None:
    most = least + wide
    fits = {
        "closed": (least <= value <= most, {"least": least, "most": most}),
        "open": (least < value < most, {"over": least, "under": most}),
        "from": (value >= least, {"least": least}),
    }
    for inside, bounds in fits.values():
        if inside:
            assert table(a=value).number("a", **bounds) == float(value)
        else:
            with pytest.raises(PolicyError, match=f"number .*{least}"):
                table(a=value).number("a", **bounds)


@pytest.mark.parametrize(
    ("bounds", "told"),
    [
        ({"least": 0.01, "most": 1_000_000}, "from 0.01 to 1000000"),
        ({"least": 0}, "of at least 0"),
        ({"over": 0}, "over 0"),
        ({"over": 0, "most": 10}, "over 0 and at most 10"),
        ({"over": 0, "under": 1}, "over 0 and under 1"),
        ({"over": 0, "under": math.inf}, "over 0"),
    ],
)
def test_a_range_is_said_as_it_is_written(bounds: dict[str, float], told: str) -> None:
    with pytest.raises(PolicyError, match=rf"= -1: write a number {told}$"):
        table(a=-1).number("a", **bounds)


def test_no_number_is_too_large_to_be_refused() -> None:
    assert table(a=math.inf).number("a", least=0) == math.inf
    assert table(a=10**400).whole("a", 1, least=1) == 10**400
    for wrong in (10**400, math.nan, True):
        with pytest.raises(PolicyError, match="of at least 0"):
            table(a=wrong).number("a", least=0)
    with pytest.raises(PolicyError, match="over 0"):
        table(a=math.inf).number("a", over=0, under=math.inf)


def test_what_is_left_out_is_its_default() -> None:
    empty = table()
    assert empty.text("a", "") == ""
    assert empty.names("a", ("x",)) == ("x",)
    assert empty.one_of("a", LEVELS, "low") == "low"
    assert empty.some_of("a", LEVELS, LEVELS) == LEVELS
    assert empty.whole("a", 3, least=1) == empty.number("a", 3) == 3
    assert empty.switch("a", True)
    assert empty.table("a").data == {}


@pytest.mark.parametrize("reader", ["text", "path", "one_of"])
def test_what_has_no_default_and_is_left_out_is_said_to_be_missing(reader: str) -> None:
    with pytest.raises(PolicyError, match=r"^plugin 'mine', option 'a' is missing: write "):
        READERS[reader](table(), "a")


def test_a_text_is_blank_only_where_its_default_is() -> None:
    assert table(a="").text("a", "") == ""
    for default in (None, "x"):
        with pytest.raises(PolicyError, match="= '': write a text in quotes"):
            table(a="").text("a", default)
    with pytest.raises(PolicyError, match="write a list of names"):
        table(a=["x", " "]).names("a")


def test_a_cure_of_the_plugins_own_stands_in_for_the_readers_words() -> None:
    for read in (
        lambda: table(a=1).text("a", cure="write your name"),
        lambda: table(a=1).path("a", cure="write your name"),
        lambda: table(a=1).names("a", cure="write your name"),
        lambda: table(a="").number("a", cure="write your name"),
        lambda: table(a=1).table("a", cure="write your name"),
    ):
        with pytest.raises(PolicyError, match=r"^plugin 'mine', option 'a' = .*: write your name$"):
            read()


@pytest.mark.parametrize("options", [{"a": "hihg"}, {"a": ["low", "hihg"]}])
def test_a_choice_that_is_almost_one_is_hinted_at(options: dict[str, object]) -> None:
    reader = "some_of" if isinstance(options["a"], list) else "one_of"
    with pytest.raises(PolicyError, match=r"low, medium, high.* \(did you mean 'high'\?\)"):
        READERS[reader](table(**options), "a")


def test_an_unknown_option_is_refused_with_those_that_there_are_and_without_its_value() -> None:
    policy = Policy(name="p").with_options("mine", weight=1, api_kye="s3cret")
    with pytest.raises(PolicyError) as refused:
        Table.of(policy, "mine", ("weight", "api_key"))
    assert str(refused.value) == (
        "plugin 'mine', option 'api_kye' is not known (did you mean 'api_key'?); there are "
        "api_key, weight"
    )
    assert Table.of(policy, "mine", ("weight", "api_kye")).whole("weight", 0, least=0) == 1
    assert Table.of(policy, "other", ()).data == {}


def test_an_option_in_a_table_is_named_with_the_table() -> None:
    outer = Table.of(Policy(name="p").with_options("mine", a={"b": {"c": 2}}), "mine", ("a",))
    with pytest.raises(PolicyError, match=r"option 'a\.b\.c' = 2: write a number from 0 to 1"):
        outer.table("a").table("b").number("c", least=0, most=1)
    with pytest.raises(PolicyError, match=r"option 'a\.b' is not known; there are x"):
        outer.table("a").only("x")


def test_paths_start_from_the_folder_of_the_policy(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    absolute = tmp_path / "there"
    file.write_text(f"[settings.mine]\na = 'here'\nb = {str(absolute)!r}\nc = {{ d = 'in' }}\n")
    options = Table.of(load_policy(file), "mine", ("a", "b", "c"))
    assert options.path("a") == tmp_path.resolve() / "here"
    assert options.path("b") == absolute
    assert options.table("c").path("d") == tmp_path.resolve() / "in"


TREES = st.recursive(
    st.integers(), lambda inner: st.dictionaries(NAMES, inner, max_size=3), max_leaves=8
)


@given(st.dictionaries(NAMES, TREES, max_size=3))
def test_a_flat_table_has_every_leaf_under_its_dotted_name(tree: dict[str, Any]) -> None:
    flat = table(**tree).flat()
    for name, leaf in flat.data.items():
        value: Any = tree
        for part in name.split("."):
            value = value[part]
        assert value == leaf
    assert len(flat.data) == leaves(tree)


def leaves(tree: object) -> int:
    return sum(map(leaves, tree.values())) if isinstance(tree, Mapping) else 1


def test_what_is_wrong_in_a_flat_table_is_named_whole() -> None:
    flat = table(kinds={"cn": {"plate": "hide"}}).table("kinds").flat()
    told = "plugin 'mine', option 'kinds.cn.plate' = 'hide': write true"
    assert str(flat.wrong("cn.plate", "write true")) == told


@given(NAMES, st.sets(NAMES), st.data())
def test_a_name_with_one_letter_more_is_found_unless_another_is_nearer(
    name: str, others: set[str], data: st.DataObject
) -> None:
    assume(len(name) > 1)
    at = data.draw(st.integers(0, len(name)))
    hint = did_you_mean(f"{name[:at]}x{name[at:]}", {name, *others})
    assert hint == f" (did you mean {name!r}?)" or any(repr(other) in hint for other in others)
    assert did_you_mean(name, {name, *others}) == f" (did you mean {name!r}?)"


def test_what_is_like_nothing_gets_no_hint() -> None:
    assert did_you_mean("xyz", ["abc"]) == did_you_mean("xyz", []) == ""
    assert did_you_mean("half", ["halt"], least=0.8) == ""
