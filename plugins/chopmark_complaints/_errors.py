"""What can go wrong with a complaint or an incident.

ChopmarkError
└── ComplaintError       a step cannot be taken as it was asked
    ├── UnsaidError      something that it needs was not said
    └── UnloggedError    a step was taken and kept, and the log could not take it yet
"""

from __future__ import annotations

from chopmark import ChopmarkError, Event


class ComplaintError(ChopmarkError):
    """A step cannot be taken; the message names what is wrong and the cure. Nothing was changed."""


class UnsaidError(ComplaintError):
    """Something that a step needs was not said; `argument` says it here, `option` at the command.

    The message ends in the argument, `at_command` in the option: each reader is told the own one.
    """

    def __init__(self, what: str, argument: str, option: str) -> None:
        self.what, self.argument, self.option = what, argument, option
        super().__init__(f"{what}: {argument}")

    @property
    def at_command(self) -> str:
        return f"{self.what}: {self.option}"

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.what, self.argument, self.option)


class UnloggedError(ComplaintError):
    """The step `event` is kept, and goes into the log with the next one; do not repeat it."""

    def __init__(self, message: str, event: Event) -> None:
        self.event = event
        super().__init__(message)

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (str(self), self.event)
