"""Keeps whom an unlabelled answer was for (Labelling Measures, Art. 9) out of the leaf, in clear.

A marker says it in the `data` of its mark, as `recipient`. Where contents are kept, it is sealed
with them, and the leaf commits to it as to the other texts: it can be shown, and goes with them.
"""

from __future__ import annotations

from dataclasses import replace

from chopmark import Record

RECIPIENT = "recipient"


def apart(record: Record) -> tuple[Record, str]:
    """Return `record` without the recipients that its marks name, and these, a line each."""
    found = dict.fromkeys(mark.data[RECIPIENT] for mark in record.marks if RECIPIENT in mark.data)
    if not found:
        return record, ""
    marks = tuple(
        replace(mark, data={name: text for name, text in mark.data.items() if name != RECIPIENT})
        for mark in record.marks
    )
    return replace(record, marks=marks), "\n".join(found)
