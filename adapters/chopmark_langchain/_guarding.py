"""Makes guarded classes: subclasses of a user's own, with the guard in front of some methods."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, TypeVar

from chopmark import Chopmark, OnBlock, Response
from chopmark.adapting import check_on_response

T = TypeVar("T")
Done = Callable[[Response], None]


def a_chopmark(chop: Chopmark) -> Chopmark:
    """Return `chop`; raise `TypeError` where it is something else, such as a policy's name."""
    if not isinstance(chop, Chopmark):
        raise TypeError(
            f'a Chopmark is needed, not {type(chop).__name__}; make one: Chopmark(policy="cn")'
        )
    return chop


class Guarding:
    """What a guarded object is guarded by. Two are equal where all three parts are."""

    __slots__ = ("chop", "on_block", "on_response")

    def __init__(self, chop: Chopmark, on_block: OnBlock, on_response: Done | None) -> None:
        if on_block not in ("raise", "refuse"):
            raise ValueError(f'on_block is {on_block!r}; give "raise" or "refuse"')
        self.chop = a_chopmark(chop)
        check_on_response(on_response)
        self.on_block: OnBlock = on_block
        self.on_response = on_response

    @property
    def idle(self) -> bool:
        """Whether the framework is to be called straight: nothing to do, or done around this."""
        return self.chop.inert or self.chop.inside()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Guarding) and (
            self.chop is other.chop
            and self.on_block == other.on_block
            and self.on_response == other.on_response
        )

    def __hash__(self) -> int:
        return hash((id(self.chop), self.on_block))


class Swapped:
    """What every guarded class is too: it knows its guarding, and the class that it came from."""

    _chopmark: ClassVar[Guarding]
    _chopmark_bare: ClassVar[type]

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        """Pickle as the bare object and what guards it: a class made here has no address."""
        guarding = self._chopmark
        parts = (guarding.chop, guarding.on_block, guarding.on_response)
        return _restore, (self._chopmark_again, swapped(self, self._chopmark_bare), parts)

    @staticmethod
    def _chopmark_again(bare: Any, guarding: Guarding) -> Any:
        raise NotImplementedError  # how this kind of object is guarded


def class_of(value: Any) -> Any:
    """Return the class of `value`; a class is a key of caches here, whatever mypy knows of it."""
    return type(value)


def subclass(
    cls: type, mixin: type[Swapped], guarding: Guarding, methods: Mapping[str, Any]
) -> type:
    """Return a subclass of `cls` that says of itself everything that `cls` says."""
    bases = (cls,) if issubclass(cls, mixin) else (mixin, cls)
    names = {"__module__": cls.__module__, "__qualname__": cls.__qualname__, "__doc__": cls.__doc__}
    # Validators are for making objects anew; most guarded objects are copies, so build them late.
    made: Any = type(cls)(cls.__name__, bases, {**names, **methods}, defer_build=True)
    made._chopmark = guarding
    made._chopmark_bare = cls
    return made  # type: ignore[no-any-return]


def swapped(value: Any, cls: type) -> Any:
    """Return a shallow copy of the pydantic object `value` that is of class `cls`."""
    copy = value.model_copy()
    object.__setattr__(copy, "__class__", cls)
    copy.__dict__.pop("_serialized", None)  # core's cache of what the old class says of itself
    return copy


def _restore(again: Callable[[Any, Guarding], Any], bare: Any, parts: tuple[Any, Any, Any]) -> Any:
    return again(bare, Guarding(*parts))
