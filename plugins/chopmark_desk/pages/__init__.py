"""The pages, a module each; `PAGES` are all of them, in the order in which paths are tried."""

from __future__ import annotations

from .._page import Page
from . import _account, _login, _overview, _users

PAGES: tuple[Page, ...] = (
    *_login.ROUTES,
    *_overview.ROUTES,
    *_users.ROUTES,
    *_account.ROUTES,
)

__all__ = ["PAGES"]
