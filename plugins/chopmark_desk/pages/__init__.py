"""The pages, a module each; `PAGES` are all of them, in the order in which paths are tried."""

from __future__ import annotations

from .._page import Page
from . import (
    _account,
    _calls,
    _complain,
    _complaints,
    _incidents,
    _login,
    _ours,
    _overview,
    _policies,
    _proposals,
    _review,
    _tests,
    _users,
    _verify,
    _words,
)

PAGES: tuple[Page, ...] = (
    *_login.ROUTES,
    *_overview.ROUTES,
    *_ours.ROUTES,
    *_calls.ROUTES,
    *_tests.ROUTES,
    *_review.ROUTES,
    *_complain.ROUTES,
    *_complaints.ROUTES,
    *_incidents.ROUTES,
    *_policies.ROUTES,
    *_words.ROUTES,
    *_proposals.ROUTES,
    *_verify.ROUTES,
    *_users.ROUTES,
    *_account.ROUTES,
)

__all__ = ["PAGES"]
