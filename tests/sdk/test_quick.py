"""Values that are made quickly are dataclasses like any other."""

from __future__ import annotations

import inspect
import pickle
from dataclasses import FrozenInstanceError, dataclass, field, fields, replace
from typing import Any

import pytest

from chopmark import _kept, _values
from chopmark._quick import maker, quick, replaced


@dataclass(frozen=True, slots=True, kw_only=True)
class Slow:
    name: str
    size: int = 1
    parts: list[str] = field(default_factory=list)
    secret: str = field(default="", repr=False, compare=False)


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Quick:
    name: str
    size: int = 1
    parts: list[str] = field(default_factory=list)
    secret: str = field(default="", repr=False, compare=False)


GIVEN: list[dict[str, Any]] = [
    {"name": "a"},
    {"name": "a", "size": 0, "parts": ["x"], "secret": "s"},
    {"name": None, "parts": None},
]


@pytest.mark.parametrize("given", GIVEN)
def test_it_holds_what_a_dataclass_would(given: dict[str, Any]) -> None:
    slow, quick = Slow(**given), Quick(**given)
    assert [getattr(quick, f.name) for f in fields(Slow)] == [
        getattr(slow, f.name) for f in fields(Slow)
    ]
    assert repr(quick) == repr(slow).replace("Slow", "Quick")
    assert quick == Quick(**given) == pickle.loads(pickle.dumps(quick))
    assert replace(quick, size=7) == Quick(**{**given, "size": 7})


@pytest.mark.parametrize("given", GIVEN)
def test_its_maker_makes_the_same(given: dict[str, Any]) -> None:
    make = maker(Quick)
    assert make(**given) == Quick(**given)
    assert type(make(**given)) is Quick
    with pytest.raises(FrozenInstanceError):
        make(**given).size = 2  # type: ignore[misc]


def test_what_is_made_by_default_is_nobody_elses() -> None:
    assert Quick(name="a").parts is not Quick(name="a").parts


@pytest.mark.parametrize("given", [{}, {"name": "a", "colour": 1}])
def test_wrong_fields_are_refused_in_the_same_words(given: dict[str, Any]) -> None:
    with pytest.raises(TypeError) as slow:
        Slow(**given)
    with pytest.raises(TypeError) as quick:
        Quick(**given)
    assert str(quick.value).replace("Quick", "Slow") == str(slow.value)
    with pytest.raises(TypeError, match="positional"):
        Quick("a")  # type: ignore[call-arg, misc]


@pytest.mark.parametrize("given", GIVEN)
def test_a_changed_one_is_what_a_dataclass_would_make_of_it(given: dict[str, Any]) -> None:
    first = Quick(**given)
    assert replaced(first, size=7, parts=[]) == replace(first, size=7, parts=[])
    assert first == Quick(**given)
    assert replaced(first, secret="t").secret == "t"
    with pytest.raises(AttributeError, match="colour"):
        replaced(first, colour=1)


def test_it_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        Quick(name="a").size = 2  # type: ignore[misc]


def test_a_class_of_it_may_have_more_fields() -> None:
    @dataclass(frozen=True, slots=True, kw_only=True)
    class More(Quick):
        colour: str = ""

    more = More(name="a", colour="red")
    assert replaced(more, name="b") == More(name="b", colour="red")

    class Other(Quick):
        pass

    other = Other(name="a", parts=["x"])
    assert (type(other), other.name, other.size, other.parts) == (Other, "a", 1, ["x"])


def test_editors_see_its_fields() -> None:
    assert str(inspect.signature(Quick)) == str(inspect.signature(Slow))


def test_the_values_of_a_call_are_made_so() -> None:
    found = {**vars(_values), **vars(_kept)}.values()
    values = [value for value in found if hasattr(value, "__dataclass_fields__")]
    assert len(values) > 10
    assert [v.__name__ for v in values if not hasattr(v.__init__, "__wrapped__")] == []
