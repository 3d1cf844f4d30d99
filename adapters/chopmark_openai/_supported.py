"""Refuses, at import, an openai that this adapter was not made for."""

from __future__ import annotations

from chopmark.adapting import Framework

SUPPORTED = Framework(
    adapter="chopmark_openai",
    package="openai",
    least=(2, 50),
    before=(4,),
    extra="openai",
)
SUPPORTED.check_installed()
