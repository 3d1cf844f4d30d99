"""What must hold before a page answers: the host, the origin, the user, the role, the form."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable
from dataclasses import replace
from urllib.parse import quote, urlsplit

from anyio import to_thread
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from chopmark.wording import Wording

from ._bounds import arriving
from ._cookies import session_of, set_language, set_visitor, visitor_of
from ._desk import Desk
from ._language import LANGUAGES, PACKAGE, language_of
from ._limits import STRANGER, address_of
from ._page import Page, Visit
from ._render import Renderer

_READS = ("GET", "HEAD")


def guarded(desk: Desk, renderer: Renderer, page: Page) -> Callable[[Request], Awaitable[Response]]:
    """Return the endpoint of `page` that lets nobody through who must not open it."""

    async def endpoint(request: Request) -> Response:
        if request.method in _READS:
            visit = await admitted(request)
            return _with_cookies(visit, _elsewhere(page, visit) or await page(visit))
        async with arriving(request) as body:
            visit = await admitted(request)
            _check_user(page, visit)
            _check_origin(request)
            _check_room(visit)
            upload = desk.options.upload if page.takes_file else 0
            async with body.form(page.most, upload) as form:
                if not _same(form.get("csrf"), visit.token):
                    raise HTTPException(403, "stale")
                return _with_cookies(visit, await page(replace(visit, form=form)))

    async def admitted(request: Request) -> Visit:
        visit = replace(await visit_of(desk, renderer, request), area=page.area)
        if visit.user is not None and page.area and not visit.may(page.area):
            raise HTTPException(403, "role")
        return visit

    return endpoint


async def visit_of(desk: Desk, renderer: Renderer, request: Request) -> Visit:
    """Return who asks, and in which language.

    Raises:
        HTTPException: the request is for another host.
    """
    check_host(desk, request)
    session = "" if desk.public else session_of(desk, request)
    user = await to_thread.run_sync(desk.users.of_session, session) if session else None
    bearer = session if user else visitor_of(desk, request)
    request.state.bearer = bearer
    return Visit(
        desk=desk,
        request=request,
        renderer=renderer,
        words=Wording.of(PACKAGE, language_of(request)),
        token=desk.users.signed("form of a session" if user else "form of a visitor", bearer),
        user=user,
    )


def check_host(desk: Desk, request: Request) -> None:
    """Raise HTTPException where the browser took this for another host (DNS rebinding)."""
    try:
        host = urlsplit(f"//{request.headers.get('host', '')}").hostname
    except ValueError:
        host = None
    if host not in desk.hosts:
        raise HTTPException(421, "host")


def _elsewhere(page: Page, visit: Visit) -> Response | None:
    """Return where a stranger is sent first, None where the page may be opened."""
    if visit.user is not None or _open(page, visit):
        return None
    url = visit.request.url
    where = url.path + (f"?{url.query}" if url.query else "")
    return RedirectResponse(
        "/login" if where == "/" else f"/login?next={quote(where, safe='')}", 303
    )


def _check_user(page: Page, visit: Visit) -> None:
    """Raise HTTPException where a session ended; what was written is still in the browser."""
    if visit.user is None and not _open(page, visit):
        raise HTTPException(401, "ended")


def _open(page: Page, visit: Visit) -> bool:
    """Return whether strangers open a page: the login, and what the public variant has."""
    return not page.area or (visit.desk.public and page.public)


def _check_origin(request: Request) -> None:
    """Raise HTTPException where the browser says that another site sends this."""
    site = request.headers.get("sec-fetch-site", "same-origin")
    host = request.headers.get("host", "")
    origin = request.headers.get("origin", f"://{host}")
    if site != "same-origin" or origin.partition("://")[2] != host:
        raise HTTPException(403, "origin")


def _check_room(visit: Visit) -> None:
    """Raise HTTPException where a stranger's address sends too many forms."""
    address = address_of(visit.request)
    stranger = visit.user is None and visit.area
    if stranger and not visit.desk.limits.take(STRANGER, "form", address):
        raise HTTPException(429, "often")


def _same(given: object, token: str) -> bool:
    return isinstance(given, str) and hmac.compare_digest(
        given.encode("utf-8", "surrogatepass"), token.encode()
    )


def _with_cookies(visit: Visit, response: Response) -> Response:
    if visit.user is None:
        set_visitor(visit.desk, response, visit.request.state.bearer)
    if visit.asked("lang") in LANGUAGES:
        set_language(visit.desk, response, visit.language)
    return response
