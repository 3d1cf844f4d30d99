"""The complaints and incidents of the desk's policy, and the receipts of those who complain."""

from __future__ import annotations

import hmac

from chopmark_complaints import Office

from ._desk import Desk

NEEDS = "complaints"
"""The plugin without which there are none."""
_LENGTH = 20  # hexadecimal digits: 80 bits, which nobody guesses


def office_of(desk: Desk) -> Office:
    """Return the office, which is opened the first time.

    Raises:
        PolicyError: an option of plugin `complaints` is wrong.
        LogError: the log takes no events.
        ComplaintError: the file of complaints cannot be used.
    """
    return desk.kept.get("office", lambda: Office(desk.policy, clock=desk.clock, log=desk.log))


def receipt_of(desk: Desk, number: str) -> str:
    """Return what a complainant is given: the number, which the log has, and what only we can add.

    A number alone is no secret: whoever may read the log sees it.
    """
    return f"{number}.{_code(desk, number)}"


def number_of(desk: Desk, receipt: str) -> str | None:
    """Return the number of the complaint that `receipt` is of, None where it is none of ours."""
    number, dot, code = "".join(receipt.lower().split()).partition(".")
    given, right = code.encode("utf-8", "surrogatepass"), _code(desk, number).encode()
    return number if dot and hmac.compare_digest(given, right) else None


def _code(desk: Desk, number: str) -> str:
    return desk.users.signed("receipt of a complaint", number)[:_LENGTH]
