"""Makes frozen values quickly: a call makes some twenty of them, with more than a hundred fields.

A frozen dataclass sets each of its fields by `object.__setattr__`, which looks the name up again.
Here a value is filled while it is a draft: of a class that has the same slots, and is not frozen.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, fields, replace
from functools import update_wrapper
from typing import Any, ParamSpec, TypeVar, cast

P = ParamSpec("P")
V = TypeVar("V")


def quick(cls: type[V]) -> type[V]:
    """Have a frozen dataclass with slots, whose fields are given by name, be filled as a draft."""
    ours = fields(cls)  # type: ignore[arg-type]
    names: dict[str, Any] = {
        "MISSING": MISSING, "cls": cls, "frozen": cls.__init__, "new": object.__new__,
        "set_class": object.__dict__["__class__"].__set__,
        "Draft": type(f"{cls.__name__}Draft", (), {"__slots__": [one.name for one in ours]}),
    }  # fmt: skip
    parameters, made, whole, filled, copied = [], [], [], [], []
    for one in ours:
        name, default = one.name, one.default
        if one.default_factory is not MISSING:
            names[f"make_{name}"] = one.default_factory
            made.append(f"    if {name} is MISSING: {name} = make_{name}()")
        names[f"default_{name}"] = default
        needed = default is MISSING and one.default_factory is MISSING
        parameters.append(name if needed else f"{name}=default_{name}")
        whole.append(f"{name}={name}")
        filled.append(f"    draft.{name} = {name}")
        copied.append(f"    draft.{name} = self.{name}")
    source = "\n".join([
        f"def __init__(draft, *, {', '.join(parameters)}):", *made,
        "    if type(draft) is not cls:",  # a class of it, whose slots are others
        f"        return frozen(draft, {', '.join(whole)})",
        "    set_class(draft, Draft)", *filled, "    draft.__class__ = cls",
        f"def make(*, {', '.join(parameters)}):", *made,
        "    draft = new(Draft)", *filled, "    draft.__class__ = cls", "    return draft",
        "def changed(self, changes):", "    draft = new(Draft)", *copied,
        "    for name, value in changes.items(): setattr(draft, name, value)",
        "    draft.__class__ = cls", "    return draft",
    ])  # fmt: skip
    exec(source, names)  # as dataclasses makes its own
    cls.__init__ = update_wrapper(names["__init__"], cls.__init__)  # type: ignore[method-assign]
    cls._make, cls._changed = names["make"], names["changed"]  # type: ignore[attr-defined]
    return cls


def maker(cls: Callable[P, V]) -> Callable[P, V]:
    """Return what makes a value as its class does, in half of the time: for those of each call."""
    return cast("Callable[P, V]", cls._make)  # type: ignore[attr-defined]


def replaced(value: V, **changes: Any) -> V:
    """Return `value` with some fields changed: what `dataclasses.replace` does, in a sixth of it.

    Raises:
        AttributeError: there is no such field.
    """
    of_class = type(value).__dict__.get("_changed")  # a class of it may have more fields
    if of_class is None:
        return replace(value, **changes)  # type: ignore[type-var]
    return of_class(value, changes)  # type: ignore[no-any-return]
