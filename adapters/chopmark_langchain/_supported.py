"""Refuses, at import, a langchain-core that this adapter was not made for."""

from __future__ import annotations

from chopmark.adapting import Framework

SUPPORTED = Framework(
    adapter="chopmark_langchain",
    package="langchain-core",
    least=(1, 8),
    before=(2,),
    extra="langchain",
)
SUPPORTED.check_installed()
