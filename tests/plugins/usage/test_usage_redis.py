"""Users kept in a Redis server: by several processes, behind a slow line, and without it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import anyio
import pytest
from click.testing import CliRunner
from tests.sdk.redis_server import Line, Server, line, serving

from chopmark import Chopmark, Context, Needs, OnError, Policy, PolicyBlocked, Verdict, calling
from chopmark._cli import cli
from chopmark.stores import RedisStore, Store, StoreError
from chopmark.testing import MemoryLog, WordDetector, plugin
from chopmark_usage import UsageLimits

BACKENDS = pytest.mark.parametrize("backend", ["asyncio", "trio"])


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serving() as made:
        yield made


@pytest.fixture
def slow(server: Server) -> Iterator[Line]:
    with line(server) as made:
        yield made


class Words(WordDetector):
    """Denies "bad"; calls `then` at its first text, which is behind the detector of `usage`."""

    def __init__(self, then: Callable[[], object]) -> None:
        super().__init__({"bad": "deny"}, needs=Needs.whole())  # judges in its turn, at the end
        self.then = then

    def judge(self, text: str, context: Context) -> Sequence[Verdict]:
        then, self.then = self.then, bool
        then()
        return super().judge(text, context)


def service(
    store: Store | str,
    log: MemoryLog | None = None,
    *,
    policy: Policy | None = None,
    then: Callable[[], object] = bool,
    **options: Any,
) -> Callable[[str], Awaitable[str]]:
    limits = UsageLimits(store, **options)
    words = plugin(detectors=[Words(then)], log=log)
    chop = Chopmark(policy or Policy(name="p"), plugins=[limits, words])

    @chop.guard
    async def answer(prompt: str) -> str:
        return "fine"

    return answer


async def test_who_is_suspended_by_one_process_is_so_for_all(server: Server) -> None:
    one, two = (service(server.url, prefix="all:") for _ in range(2))
    with calling(user="u"):
        for answer in (one, two, one):
            with pytest.raises(PolicyBlocked):
                await answer("bad")
        with pytest.raises(PolicyBlocked, match="suspended for you"):
            await two("hello")


def test_commands_see_what_the_service_keeps(server: Server, tmp_path: Path) -> None:
    policy = tmp_path / "service.toml"
    policy.write_text(
        f'plugins = ["usage"]\n[settings.usage]\nstore = "{server.url}"\nprefix = "commands:"\n'
    )
    words = ["usage", "suspend", "u-17", "--policy", str(policy), "--hours", "0"]
    assert CliRunner().invoke(cli, words).exit_code == 0
    answer = service(server.url, prefix="commands:")
    with pytest.raises(PolicyBlocked, match="suspended for you"), calling(user="u-17"):
        asyncio.run(answer("hello"))  # type: ignore[arg-type]
    checked = CliRunner().invoke(cli, ["policy", "check", str(policy)])
    assert checked.exit_code == 0, checked.output


async def held(slow: Line) -> None:
    """Wait until the server was asked, and does not reply."""
    while not slow.waiting:  # noqa: ASYNC110  another thread asks
        await anyio.sleep(0.001)


@BACKENDS
@pytest.mark.parametrize("role", ["detector", "wrapper"])
def test_a_slow_server_holds_up_no_other_call(slow: Line, backend: str, role: str) -> None:
    then = slow.hold if role == "wrapper" else bool
    waiting = service(RedisStore(slow.url, 5, prefix=f"{backend}-{role}:"), then=then)
    free = service("memory")
    done: list[str] = []

    async def wait() -> None:
        with calling(user="slow"):
            await waiting("hello")
        done.append("slow")

    async def main() -> None:
        if role == "detector":
            slow.hold()
        async with anyio.create_task_group() as group:
            group.start_soon(wait)
            await held(slow)
            with calling(user="free"):
                for _ in range(3):
                    await free("hello")
                    done.append("free")
            slow.let_go()

    anyio.run(main, backend=backend)
    assert done == ["free", "free", "free", "slow"]


@BACKENDS
def test_who_leaves_while_it_is_counted_is_counted(slow: Line, backend: str) -> None:
    log, store = MemoryLog(), RedisStore(slow.url, 5, prefix=f"leaving-{backend}:")

    async def leave(scope: anyio.CancelScope) -> None:
        await held(slow)
        scope.cancel()
        with anyio.CancelScope(shield=True):
            await anyio.sleep(0.01)
        slow.let_go()

    async def main() -> None:
        with calling(user="u"):
            for _ in range(3):
                async with anyio.create_task_group() as group:
                    with anyio.CancelScope() as scope:
                        group.start_soon(leave, scope)
                        answer = service(store, log, then=slow.hold)
                        with pytest.raises(PolicyBlocked):
                            await answer("bad")
            with pytest.raises(PolicyBlocked, match="suspended for you"):
                await service(store, log)("hello")

    anyio.run(main, backend=backend)
    assert [record.ending for record in log.records] == ["blocked"] * 4


def test_without_the_server_nothing_is_answered_unless_the_policy_says_so(
    slow: Line, caplog: pytest.LogCaptureFixture
) -> None:
    slow.close()
    closed, log = service(slow.url, kept := MemoryLog()), MemoryLog()
    lenient = Policy(name="p", on_error=OnError(detector="allow"))
    open_ = service(slow.url, log, policy=lenient)
    with calling(user="u"):
        with pytest.raises(StoreError, match=r'mend it, or set on_error.detector = "allow"'):
            asyncio.run(closed("hello"))  # type: ignore[arg-type]
        assert "could not read what it keeps: the server at redis://127.0.0.1" in caplog.text
        assert "this call is refused: on_error.detector" in caplog.text
        assert asyncio.run(open_("hello")) == "fine"  # type: ignore[arg-type]
        assert "this call goes on without 'usage'" in caplog.text
        assert "this call is not counted" in caplog.text
    (refused,), (told,) = kept.records, log.records
    assert (refused.action, refused.judged) == ("block", False)
    assert [(f.name, f.error, f.handled) for f in told.failures] == [
        ("usage", "StoreError", "allow")
    ]


def test_a_policy_whose_server_is_not_there_does_not_pass_the_check(
    slow: Line, tmp_path: Path
) -> None:
    slow.close()
    policy = tmp_path / "service.toml"
    policy.write_text(f'plugins = ["usage"]\n[settings.usage]\nstore = "{slow.url}"\n')
    checked = CliRunner().invoke(cli, ["policy", "check", str(policy)])
    assert checked.exit_code == 1
    assert f"the server at {slow.url}: Error" in checked.output
