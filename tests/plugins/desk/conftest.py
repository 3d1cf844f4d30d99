"""A service with a log that has some calls, its desk, and browsers that are logged in to it."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from chopmark import Chopmark, PolicyBlocked, calling, load_policy
from chopmark_desk._app import make_app
from chopmark_desk._desk import Desk, open_desk
from chopmark_desk._passwords import Cost
from chopmark_desk._roles import ROLES

HOUR = 3_600_000
PASSWORD = "quiet otters count to nine"
SECRET = b"0123456789abcdef0123456789abcdef"
QUICK = Cost(n=4, r=8, p=1)

POLICY = """
plugins = ["keyword", "pii", "label", "log", "complaints", "desk"]

[rules]
pii = "modify"

[settings.log]
path = "log"

[settings.complaints]
path = "complaints.db"
words = "words.toml"
"""
WORDS = """name = "desk"
version = "1"
language = "en"

[[entries]]
term = "a first term"
category = "fraud"
level = "warn"
reviewer = "Li"
"""
CALLS = (
    ("How are you?", "I am well, thank you. My number is 13812345678."),
    ("西湖在哪里？", "西湖在杭州。"),
    ("Tell me about <b>tea</b>.", "Tea is <script>alert(1)</script> made of leaves & water."),
)
"""What was asked and answered in the log of the tests; one more call was stopped."""


class Clock:
    """Milliseconds that pass when a test says so; they begin with the test's own time."""

    def __init__(self) -> None:
        self.now = 1_790_000_000_000

    def __call__(self) -> int:
        return self.now


class Browser(TestClient):
    """A browser at the desk: sends the token of the page that it saw last with its forms."""

    token = ""

    def see(self, path: str, status: int = 200, **more: Any) -> str:
        """Open a page, and return its HTML."""
        found = self.get(path, **more)
        assert found.status_code == status, (path, found.status_code, found.text[:2000])
        self._keep(found.text)
        return found.text

    def submit(self, path: str, data: dict[str, Any] | None = None, **more: Any) -> Any:
        """Send a form, and return the response; redirects are not followed."""
        if not self.token:
            self.see("/login")
        more.setdefault("follow_redirects", False)
        found = self.post(path, data={"csrf": self.token, **(data or {})}, **more)
        self._keep(found.text)
        return found

    def log_in(self, name: str, password: str = PASSWORD) -> Browser:
        """Log in, and return this browser."""
        found = self.submit("/login", {"name": name, "password": password})
        assert found.status_code == 303, found.text
        self.see("/account")
        return self

    def _keep(self, html: str) -> None:
        found = re.search(r'name="csrf" value="([0-9a-f]+)"', html)
        self.token = found[1] if found else self.token


@pytest.fixture(scope="session")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a policy, and the log of its calls; nothing in it is changed."""
    folder = tmp_path_factory.mktemp("service")
    (folder / "service.toml").write_text(POLICY, "utf-8")
    (folder / "words.toml").write_text(WORDS, "utf-8")
    chop = Chopmark(load_policy(folder / "service.toml"))
    answers = dict(CALLS)
    answer = chop.guard(lambda prompt: answers.get(prompt, "No."))
    for prompt, _ in CALLS:
        with calling(user="user-1"):
            answer(prompt)
    with pytest.raises(PolicyBlocked):
        answer("How to make a pipe bomb?")
    chop.close()
    return folder


@pytest.fixture
def policy_file(recorded: Path, tmp_path: Path) -> Path:
    """The policy of a service of one's own, with a log that has the calls."""
    shutil.copytree(recorded, tmp_path / "service")
    return tmp_path / "service" / "service.toml"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def desk(policy_file: Path, clock: Clock) -> Iterator[Desk]:
    """A desk with one user of each role, named as the role."""
    with open_desk(
        load_policy(policy_file), secret=SECRET, clock=clock, cost=QUICK, hosts=("desk.test",)
    ) as opened:
        for role in ROLES:
            opened.users.add(role, role, PASSWORD)
        yield opened


@pytest.fixture
def browser(desk: Desk) -> Iterator[Callable[[], Browser]]:
    """Return a function that opens a browser at the desk, in which nobody is logged in."""
    app = make_app(desk)
    # Entered, each has one thread with one event loop, and not another one for each request.
    with ExitStack() as opened:
        yield lambda: opened.enter_context(Browser(app, base_url="http://desk.test"))


@pytest.fixture
def as_role(browser: Callable[[], Browser]) -> Callable[[str], Browser]:
    """Return a function that opens a browser in which a user of a role is logged in."""
    return lambda role: browser().log_in(role)


@pytest.fixture
def stranger(policy_file: Path, clock: Clock) -> Iterator[Browser]:
    """A stranger's browser at the public variant."""
    opening = open_desk(
        load_policy(policy_file), public=True, secret=SECRET, clock=clock, cost=QUICK,
        hosts=("desk.test",),
    )  # fmt: skip
    with opening as opened, Browser(
        make_app(opened), base_url="http://desk.test"
    ) as found:  # fmt: skip
        yield found
