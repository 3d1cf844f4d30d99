"""The code of a service provider, 27 positions (TC260-PG-20252A): checked, never made up.

A code declares a subject that exists, with the subject's own check character; an invented one
names somebody else, or nobody. The operator brings it, and this only says what it says, or why
it is wrong. The provider is who offers the service, also by API, not who made the model.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from chopmark import MarkError

from ._block import BlockError

Subject = Literal["organisation", "individual"]
Service = Literal["generation", "propagation", "unused"]

LENGTH = 27
_SUBJECTS: dict[str, Subject] = {"1": "organisation", "2": "individual"}
_SERVICES: dict[str, Service] = {"1": "generation", "2": "propagation"}
_NOT_A_POSITION = re.compile(r"[^0-9A-Z]")
_NOT_OF_USCC = re.compile(r"[^0-9A-HJ-NPQRTUWXY]")
_REGION = re.compile(r"[0-9]{6}")
_RESIDENT = re.compile(r"[0-9]{17}[0-9X]")
_LOOKS_LIKE_ONE = re.compile(r"00[0-9A-Za-z]{25}")
_CURE = "copy it from the operator's registration, and never make one up"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderCode:
    """A code that is right in form and in its check character, in parts.

    Whether the subject exists and uses this model code only the registry knows. The `subject` of
    an individual is a resident identity number: personal data, so its `repr` leaves it out.

    Example:
        >>> code = ProviderCode.parse("001191110102MAD55U9H0F10002")
        >>> code.subject, code.service, code.model
        ('91110102MAD55U9H0F', 'generation', '0002')
    """

    text: str
    subject_type: Subject
    """Position 3."""
    subject: str
    """Positions 5 to 22: unified social credit code (GB 32100) or resident number (GB 11643)."""
    service: Service
    """Position 23; `unused` where the extension is 00000."""
    model: str
    """Positions 24 to 27: of the model or application, chosen by the provider."""

    @property
    def subject_code(self) -> str:
        """Positions 3 to 22, the subject identification code."""
        return self.text[2:22]

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"ProviderCode({_masked(self.text)!r})"

    @classmethod
    def parse(cls, text: str, key: str = "ContentProducer") -> ProviderCode:
        """Return what `text` says; `key` is how an error names it.

        Raises:
            BlockError: it is not a code, or its check character is wrong.
            MarkError: python-stdnum is not installed.
        """
        if not isinstance(text, str):
            raise BlockError(key, text, f"a code is a string, not {type(text).__name__}", _CURE)
        if fault := code_fault(text):
            raise BlockError(key, _masked(text), f"TC260-PG-20252A: {fault}", _CURE)
        return cls(
            text=text,
            subject_type=_SUBJECTS[text[2]],
            subject=text[4:22],
            service=_SERVICES.get(text[22], "unused"),
            model=text[23:],
        )


def looks_like_code(value: str) -> bool:
    """Return whether `value` claims to be a code: by its length and its first two positions."""
    return _LOOKS_LIKE_ONE.fullmatch(value) is not None


def code_fault(text: str) -> str:
    """Return why `text` is not a right code, naming the positions; nothing where it is one.

    Raises:
        MarkError: python-stdnum is not installed.
    """
    if len(text) != LENGTH:
        return f"it has {len(text)} positions, a code has {LENGTH}"
    if bad := _NOT_A_POSITION.search(text):
        return (
            f"position {bad.start() + 1} is {bad[0]!r}; a code has digits and uppercase letters "
            "of ASCII"
        )
    if not text.startswith("00"):
        return f"positions 1-2 are {text[:2]!r}; the format of this guide is 00"
    if text[2] not in _SUBJECTS:
        return f"position 3 is {text[2]!r}; 1 is an organisation, 2 an individual"
    if text[3] != "1":
        return f"position 4 is {text[3]!r}; the only way of binding is 1"
    fault = _organisation_fault(text[4:22]) if text[2] == "1" else _individual_fault(text[4:22])
    return fault or _extension_fault(text[22:])


def _organisation_fault(subject: str) -> str:
    if bad := _NOT_OF_USCC.search(subject):
        return (
            f"position {bad.start() + 5} is {bad[0]!r}; a unified social credit code has no "
            "I, O, S, V or Z"
        )
    if not _REGION.fullmatch(subject[2:8]):
        return f"positions 7-12 are {subject[2:8]!r}; the region has six digits"
    try:
        from stdnum.cn import uscc
    except ImportError as error:
        raise _missing() from error
    # Not uscc.validate: it wants digits at the first two places, where GB 32100 has letters too.
    right = uscc.calc_check_digit(subject[:-1])
    if subject[-1] != right:
        return (
            f"positions 5-22 are {subject!r}, and the check character of GB 32100 does not fit "
            "them: a position is mistyped or the code is invented"
        )
    return ""


def _individual_fault(subject: str) -> str:
    if not _RESIDENT.fullmatch(subject):
        return "positions 5-22 are no resident identity number: 17 digits and a digit or X"
    try:
        from stdnum.cn import ric
        from stdnum.exceptions import InvalidChecksum, ValidationError
    except ImportError as error:
        raise _missing() from error
    try:
        ric.validate(subject)
    except InvalidChecksum:
        return (
            "the check character of GB 11643 (position 22) does not fit the resident identity "
            "number before it: a position is mistyped or the number is invented"
        )
    except ValidationError:
        return "positions 5-18 are no region and date of birth that a resident number can have"
    return ""


def _extension_fault(extension: str) -> str:
    if extension == "00000" or extension[0] in _SERVICES:
        return ""
    return (
        f"positions 23-27 are {extension!r}; they begin with 1 (generation) or 2 (propagation), "
        "or are 00000 where the extension is not used"
    )


def _masked(text: str) -> str:
    """Return a code without the birth date and number of a person."""
    if text.startswith("0021") and len(text) > 10:
        return text[:10] + "*" * (min(len(text), 22) - 10) + text[22:]
    return text


def _missing() -> MarkError:
    return MarkError(
        "the check character of a provider code needs the package python-stdnum, which is not "
        "there; pip install 'chopmark[screen]'"
    )
