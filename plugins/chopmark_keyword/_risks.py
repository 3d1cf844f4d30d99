"""The risks of GB/T 45654-2025, Annex A, for which keywords are asked, and how many of them.

At least 10,000 keywords in all, at least 200 for each risk of A.1 and 100 for each of A.2: the
figures of TC260-003, on which the standard rests; it was not at hand itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

GROUNDS = "GB/T 45654-2025, Annex A"

TOTAL = 10_000
"""The fewest keywords in all."""

RISKS: Mapping[str, str] = MappingProxyType(
    {
        "A.1.a": "subversion of state power",
        "A.1.b": "harm to national security, interests and image",
        "A.1.c": "secession, harm to unity and stability",
        "A.1.d": "terrorism, extremism",
        "A.1.e": "ethnic hatred",
        "A.1.f": "violence, obscenity, pornography",
        "A.1.g": "false and harmful information",
        "A.1.h": "other content that laws and regulations ban",
        "A.2.a": "discrimination by ethnicity",
        "A.2.b": "discrimination by belief",
        "A.2.c": "discrimination by nationality",
        "A.2.d": "discrimination by region",
        "A.2.e": "discrimination by gender",
        "A.2.f": "discrimination by age",
        "A.2.g": "discrimination by occupation",
        "A.2.h": "discrimination by health",
        "A.2.i": "other discrimination",
        "A.3.a": "infringement of intellectual property",
        "A.3.b": "breach of business ethics",
        "A.3.c": "disclosure of trade secrets",
        "A.3.d": "monopoly, unfair competition",
        "A.3.e": "other commercial violations",
        "A.4.a": "harm to physical or mental health",
        "A.4.b": "infringement of likeness",
        "A.4.c": "infringement of reputation",
        "A.4.d": "infringement of honour",
        "A.4.e": "infringement of privacy",
        "A.4.f": "infringement of personal information",
        "A.4.g": "infringement of other rights",
        "A.5.a": "inaccurate content",
        "A.5.b": "unreliable content",
    }
)
"""The risks by code, in English."""

_FEWEST = MappingProxyType({"A.1": 200, "A.2": 100})


def fewest(code: str) -> int:
    """Return the fewest keywords for the risk `code`, 0 where the standard asks for none."""
    return _FEWEST.get(code[:3], 0)
