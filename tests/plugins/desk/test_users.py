"""Who may log in: from the terminal and on the page, kept for the owner alone."""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from chopmark import Chopmark, ChopmarkError, LogError, Policy, PolicyError, load_policy
from chopmark._cli import cli
from chopmark.reading import readable
from chopmark_desk._desk import Desk
from chopmark_desk._errors import DeskError
from chopmark_desk._options import read_options
from chopmark_desk._passwords import Cost, checked, kept, matches
from chopmark_desk._users import Users

from .conftest import PASSWORD, QUICK, SECRET, Browser, Clock


@pytest.fixture
def users(tmp_path: Path) -> Iterator[Users]:
    made = Users(tmp_path / "desk", Clock(), idle=1000, longest=5000, cost=QUICK)
    yield made
    made.close()


def test_the_file_is_for_its_owner_alone(users: Users, tmp_path: Path) -> None:
    file = tmp_path / "desk" / "desk.db"
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    file.chmod(0o640)
    with pytest.raises(DeskError, match="chmod 600"):
        Users(tmp_path / "desk", Clock(), idle=1, longest=1, cost=QUICK)


def test_neither_passwords_nor_sessions_are_in_the_file(users: Users, tmp_path: Path) -> None:
    user = users.add("li", "admin", PASSWORD)
    session = users.begin(user)
    users.close()
    data = b"".join(file.read_bytes() for file in (tmp_path / "desk").iterdir())
    assert PASSWORD.encode() not in data
    assert session.encode() not in data


def test_the_same_password_is_kept_in_another_way_each_time() -> None:
    assert kept(PASSWORD, QUICK) != kept(PASSWORD, QUICK)


def test_a_password_is_as_dear_to_guess_as_the_cheat_sheet_wants() -> None:
    cost = Cost()
    assert (128 * cost.r * 2**cost.n, cost.p) == (32 * 2**20, 3)
    assert kept(PASSWORD, cost).startswith("scrypt$15,8,3$")


def test_an_unknown_name_costs_as_much_as_a_wrong_password(
    users: Users, monkeypatch: pytest.MonkeyPatch
) -> None:
    users.add("li", "viewer", PASSWORD)
    costs, scrypt = [], hashlib.scrypt

    def counted(*args: Any, **kwargs: Any) -> bytes:
        costs.append((kwargs["n"], kwargs["r"], kwargs["p"]))
        return scrypt(*args, **kwargs)

    monkeypatch.setattr(hashlib, "scrypt", counted)
    for name in ("li", "nobody", "n" * 5000, ""):
        assert users.check(name, "wrong") is None
    assert costs == [(2**QUICK.n, QUICK.r, QUICK.p)] * 4


@given(st.text(min_size=1, max_size=40), st.text(max_size=40))
def test_a_password_matches_itself_alone(password: str, other: str) -> None:
    import unicodedata

    held = kept(password, Cost(1, 1, 1))
    assert matches(password, held)
    same = unicodedata.normalize("NFKC", password) == unicodedata.normalize("NFKC", other)
    assert matches(other, held) == same


@pytest.mark.parametrize(
    "password",
    ["", "short", "x" * 11, "x" * 257, "li-hua-li-hua", "aaaaaaaaaaaaaaa", "ababababab12"],
)
def test_a_password_that_is_easy_to_guess_is_not_taken(password: str) -> None:
    with pytest.raises(DeskError, match="choose another one"):
        checked(password, "li-hua")


@pytest.mark.parametrize("name", ["", " ", "-li", "a b", "<b>", "x" * 65, "../x", "a\nb", "_x"])
def test_a_name_is_of_letters_and_digits(name: str, users: Users) -> None:
    with pytest.raises(DeskError, match="name of a user"):
        users.add(name, "viewer", PASSWORD)


def test_there_is_always_an_admin_left(users: Users) -> None:
    users.add("li", "admin", PASSWORD)
    for change in (lambda: users.remove("li"), lambda: users.set_role("li", "viewer")):
        with pytest.raises(DeskError, match="only admin"):
            change()
    users.add("wang", "admin", PASSWORD)
    users.remove("li")
    assert [user.name for user in users.all()] == ["wang"]


def test_an_id_in_the_log_tells_a_name_to_nobody_without_the_secret(tmp_path: Path) -> None:
    ids = set()
    for number in range(2):
        found = Users(tmp_path / f"{number}", Clock(), idle=1, longest=1, cost=QUICK)
        ids.add(found.add("li", "viewer", PASSWORD).id)
        found.close()
    assert len(ids) == 2


def test_a_file_of_something_else_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "desk").mkdir()
    file = tmp_path / "desk" / "desk.db"
    with sqlite3.connect(file) as base:
        base.execute("CREATE TABLE mine (x)")
    base.close()
    file.chmod(0o600)
    with pytest.raises(DeskError, match="no file of a desk"):
        Users(tmp_path / "desk", Clock(), idle=1, longest=1, cost=QUICK)


@pytest.mark.parametrize(
    ("line", "cure"),
    [
        ("idle_minutes = 0", "over 0"),
        ('session_hours = "x"', "write a number"),
        ("folders = 1", "did you mean 'folder'"),
    ],
)
def test_a_wrong_option_is_told(line: str, cure: str, tmp_path: Path) -> None:
    path = tmp_path / "p.toml"
    path.write_text(f'plugins = ["desk"]\n[settings.desk]\n{line}\n')
    with pytest.raises(PolicyError, match=cure):
        read_options(load_policy(path))


def test_options_of_a_desk_that_the_policy_does_not_enable_are_told_before_a_call_is() -> None:
    policy = Policy(name="p", settings={"desk": {"name": "desk.test"}})
    with pytest.raises(ChopmarkError, match="desk"):
        Chopmark(policy)
    with pytest.raises(PolicyError, match='add "desk" to `plugins`'):
        read_options(policy)
    Chopmark(replace(policy, plugins=("desk",)))


def run(policy: Path, *arguments: str, **more: str) -> Result:
    given = ["desk", "users", *arguments, "--policy", str(policy)]
    return CliRunner(env={"CHOPMARK_DESK_SECRET": SECRET.decode(), **more}).invoke(cli, given)


def test_users_are_added_listed_changed_and_removed_from_a_terminal(tmp_path: Path) -> None:
    policy = tmp_path / "p.toml"
    policy.write_text("plugins = []\n")
    secret = {"CHOPMARK_DESK_PASSWORD": PASSWORD}
    added = run(policy, "add", "Li", "--role", "admin", **secret)
    assert added.output.startswith("li is admin; the log calls this user ")
    id = added.output.split()[-1]
    assert run(policy, "add", "wang", "--role", "viewer", **secret).exit_code == 0
    for name, said in (("WANG", "there is a user 'wang' already"), ("@x", "is no name of a user")):
        refused = run(policy, "add", name, "--role", "viewer")
        assert said in refused.stderr
        assert "Password" not in refused.output, "nobody is asked for one in vain"
    assert run(policy, "role", "wang", "--role", "officer").output == "wang is officer\n"
    assert run(policy, "password", "wang", **secret).exit_code == 0
    listed = [line.split() for line in run(policy, "list").output.splitlines()]
    assert listed[1] == ["li", "admin", id]
    assert listed[2][:2] == ["wang", "officer"]
    assert run(policy, "remove", "wang").output == "wang is removed\n"
    for name in ("wang", "w\udcffng"):  # the second is what a terminal in GBK may send
        wrong = run(policy, "remove", name)
        assert isinstance(wrong.exception, SystemExit), wrong.exception
        assert (wrong.exit_code, "there is no user 'w" in wrong.output) == (1, True)


def test_a_password_is_asked_for_twice_and_not_shown(tmp_path: Path) -> None:
    policy = tmp_path / "p.toml"
    policy.write_text("plugins = []\n")
    given = ["desk", "--policy", str(policy), "users", "add", "li", "--role", "admin"]
    asked = CliRunner().invoke(cli, given, input=f"{PASSWORD}\n{PASSWORD}\n")
    assert asked.exit_code == 0, asked.output
    assert PASSWORD not in asked.output


def test_a_secret_that_is_short_is_not_taken(tmp_path: Path) -> None:
    policy = tmp_path / "p.toml"
    policy.write_text("plugins = []\n")
    found = run(policy, "list", CHOPMARK_DESK_SECRET="short")
    assert (found.exit_code, "32 random ones" in found.output) == (1, True)


def test_what_an_admin_changes_stands_in_the_log_without_a_name(
    as_role: Callable[[str], Browser], desk: Desk
) -> None:
    one = as_role("admin")
    page = one.see("/users")
    assert page.count("Change ") >= 4
    added = one.submit("/users/add", {"name": "wang", "role": "viewer", "password": PASSWORD})
    assert added.headers["location"] == "/users?said=user_added"
    assert "The user is added." in one.see("/users?said=user_added")
    wang, admin = desk.users.get("wang"), desk.users.get("admin")
    one.submit("/users/role", {"name": "wang", "role": "reviewer"})
    one.submit("/users/password", {"name": "wang", "password": PASSWORD + "!"})
    one.submit("/users/remove", {"name": "wang"})
    desk.log.close()  # which takes in what is on its way
    found = [event for event in readable(desk.log).read() if event["k"] == "event"]
    assert [event["kind"] for event in found] == [
        "desk.user.added", "desk.user.role", "desk.user.password", "desk.user.removed",
    ]  # fmt: skip
    assert {event["actor"] for event in found} == {admin.actor}
    assert {event["data"]["user"] for event in found} == {wang.id}
    assert "wang" not in json.dumps(found)


def test_nobody_is_changed_where_the_log_cannot_take_it_down(
    as_role: Callable[[str], Browser], desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(event: object) -> None:
        raise LogError("the disk is full")

    one, before = as_role("admin"), desk.users.all()
    monkeypatch.setattr(desk.log, "append_event", refuse)
    new = {"name": "wang", "role": "viewer", "password": PASSWORD}
    for path, form in (("add", new), ("role", {"name": "viewer", "role": "admin"}),
                       ("remove", {"name": "viewer"}),
                       ("password", {"name": "viewer", "password": PASSWORD + "!"})):  # fmt: skip
        found = one.submit(f"/users/{path}", form)
        assert (found.status_code, "the disk is full" in found.text) == (409, True)
    assert desk.users.all() == before
    assert desk.users.check("viewer", PASSWORD) is not None


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ({"name": "<i>", "role": "viewer", "password": PASSWORD}, "&#39;&lt;i&gt;&#39; is no name"),
        ({"name": "viewer", "role": "viewer", "password": PASSWORD}, "already"),
        ({"name": "new", "role": "king", "password": PASSWORD}, "is no role"),
        ({"name": "new", "role": "viewer", "password": "short"}, "12 to 256 characters"),
        ({}, "is no name"),
    ],
)
def test_a_user_who_cannot_be_added_is_told_why(
    form: dict[str, str], told: str, as_role: Callable[[str], Browser]
) -> None:
    found = as_role("admin").submit("/users/add", form)
    assert (found.status_code, told in found.text) == (400, True)


def test_the_form_of_a_user_who_cannot_be_added_keeps_all_but_the_password(
    as_role: Callable[[str], Browser],
) -> None:
    form = {"name": "new", "role": "officer", "password": "a short one"}
    html = as_role("admin").submit("/users/add", form).text
    assert re.search(r'<input id="name" [^>]*value="new">', html)
    assert html.count('value="officer" selected') == 2  # that of the officer, and this one
    assert form["password"] not in html


def test_why_is_told_in_chinese_as_well(as_role: Callable[[str], Browser]) -> None:
    found = as_role("admin").submit("/users/remove?lang=zh", {"name": "admin"})
    assert (found.status_code, "是唯一的管理员" in found.text) == (400, True)


def test_a_note_in_an_address_is_one_of_the_desks_own(as_role: Callable[[str], Browser]) -> None:
    for said in ("<b>x</b>", "../error.broken", "logged_out.x", "%00"):
        assert 'class="said"' not in as_role("viewer").see(f"/account?said={said}")


def test_without_the_extra_the_command_says_what_to_install(tmp_path: Path) -> None:
    policy = tmp_path / "p.toml"
    policy.write_text("plugins = []\n")
    bare = (
        "import sys\nfor name in ('starlette', 'limits', 'uvicorn', 'jinja2'):\n"
        "    sys.modules[name] = None\n"
        "from chopmark._cli import cli\nfrom click.testing import CliRunner\n"
        "for words in (['desk'], ['desk', 'users', 'list']):\n"
        "    print(CliRunner().invoke(cli, [*words, '--policy', sys.argv[1]]).output)"
    )
    command = [sys.executable, "-c", bare, str(policy)]
    told = subprocess.run(command, capture_output=True, text=True).stdout
    assert "needs starlette, uvicorn, jinja2, limits; run: pip install 'chopmark[desk]'" in told
    assert "NAME  ROLE  IN THE LOG" in told


def test_the_document_names_every_option() -> None:
    page = (Path(__file__).parents[3] / "docs" / "desk.md").read_text("utf-8")
    options = page.partition("## Who opens what")[0]
    named = re.findall(r"^\| `([a-z_]+)` \|", options, re.M)
    with pytest.raises(PolicyError) as wrong:
        read_options(Policy(name="p", plugins=("desk",), settings={"desk": {"x": 1}}))
    assert ", ".join(sorted(named)) in str(wrong.value)
