"""A page of the desk, and the visit of somebody to it: what the modules in `pages/` are given."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import ParamSpec, TypeVar
from urllib.parse import quote

from anyio import to_thread
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from chopmark import ChopmarkError
from chopmark.wording import Wording

from ._audit import note_access
from ._desk import Desk
from ._errors import DeskError
from ._render import Renderer
from ._roles import may
from ._users import User

P = ParamSpec("P")
T = TypeVar("T")

_LOCAL = re.compile(r"/(?![/\\])[^\\\x00-\x20\x7f]*")


def local(path: str) -> str:
    """Return `path` where it is an address of this desk, else that of its first page.

    Browsers take a second slash for another host, a backslash for a slash, and leave out controls.
    """
    return path if _LOCAL.fullmatch(path) else "/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A request that may be answered: who asks, in which words, and what was sent.

    `user` is None for strangers, of the public variant and before the login. `form` is empty but
    for a POST, and was checked to come from a page of this desk.
    """

    desk: Desk
    request: Request
    renderer: Renderer
    words: Wording
    token: str
    area: str = ""
    user: User | None = None
    form: FormData = field(default_factory=FormData)

    @property
    def language(self) -> str:
        """The language in which to answer."""
        return self.words.language

    def may(self, area: str) -> bool:
        """Return whether this user opens `area`; see `_roles.py`."""
        return may(self.user.role if self.user else None, area)

    def asked(self, name: str, default: str = "") -> str:
        """Return a parameter of the address, "" where there is none."""
        return self.request.query_params.get(name, default)

    def sent(self, name: str, default: str = "") -> str:
        """Return a text of the form, "" where there is none, or a file."""
        value = self.form.get(name, default)
        return value if isinstance(value, str) else default

    def sends(self, form: str) -> bool:
        """Return whether this is what the form sent whose address ends in `form`."""
        return self.request.method == "POST" and self.request.url.path.endswith(f"/{form}")

    def kept(self, form: str, name: str, default: str = "") -> str:
        """Return what a form that is shown again has: what it sent, and before that `default`."""
        return self.sent(name) if self.sends(form) else default

    def say(self, key: str, /, **values: object) -> str:
        """Return a text of the catalogue in the language of the visit."""
        return self.words(key, **values)

    def told(self, error: ChopmarkError) -> str:
        """Return what went wrong in the language of the visit, where the catalogue has it."""
        if isinstance(error, DeskError) and error.key:
            return self.say(f"wrong.{error.key}", **error.values)
        return str(error)

    def render(self, template: str, /, status: int = 200, **names: object) -> Response:
        """Return the page that `template` makes of `names`."""
        html = self.renderer.render(template, self, names)
        return Response(html, status, media_type="text/html")

    def to(self, path: str, said: str = "") -> Response:
        """Send the browser to `path` of this desk, to be told the text `said.KEY` there.

        What is no path of this desk leads to its first page.
        """
        where = local(path)
        if said:
            where += f"{'&' if '?' in where else '?'}said={quote(said)}"
        return RedirectResponse(where, 303)

    async def work(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run what takes long, or waits, in a thread, and return what it returns."""
        return await to_thread.run_sync(lambda: call(*args, **kwargs))

    async def accessed(
        self,
        what: str,
        about: Iterable[str] = (),
        data: Mapping[str, str | int | bool] | None = None,
    ) -> None:
        """Take down in the log that content is looked at, before it is shown.

        Args:
            what: "opened", "searched" and the like; the event's kind is `desk.content.` and this.
            about: ids of the records whose content it is.
            data: what else belongs to it: never the content, nor what was searched for.

        Raises:
            UnseenError: the log does not take it; the content must not be shown.
        """
        actor = self.user.actor if self.user else "stranger"
        await self.work(note_access, self.desk.log, what, actor, tuple(about), dict(data or {}))


Endpoint = Callable[[Visit], Awaitable[Response]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page: where it is, what answers, and for whom.

    Args:
        path: as Starlette writes it ("/calls/{id}").
        endpoint: what answers.
        area: of `_roles.AREAS`, which says who opens it. "" is open to everybody: the login alone.
        methods: that it answers; GET includes HEAD.
        public: whether strangers open it in the public variant.
        needs: a plugin that the policy must enable, without which there is no such page.
        most: bytes that a form may have; a larger one is refused while it comes.
        takes_file: whether it may have a file as well, as large as the options say.
        in_navigation: whether the navigation leads to it.
    """

    path: str
    endpoint: Endpoint
    area: str
    methods: tuple[str, ...] = ("GET",)
    public: bool = False
    needs: str = ""
    most: int = 2**20
    takes_file: bool = False
    in_navigation: bool = False

    def __call__(self, visit: Visit) -> Awaitable[Response]:
        """Answer a visit."""
        return self.endpoint(visit)
