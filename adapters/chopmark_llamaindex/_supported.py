"""Refuses, at import, a llama-index-core that this adapter was not made for."""

from __future__ import annotations

from chopmark.adapting import Framework

SUPPORTED = Framework(
    adapter="chopmark_llamaindex",
    package="llama-index-core",
    least=(0, 14, 20),
    before=(0, 15, 0),
    extra="llamaindex",
)
SUPPORTED.check_installed()
