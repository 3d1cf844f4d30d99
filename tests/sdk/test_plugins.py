"""What pluggy would accept and never call is refused here, by plugin, hook and cure."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from chopmark import Chopmark, Needs, PluginError, Policy, PolicyError, hookimpl
from chopmark._cli import _Group
from chopmark._plugins import installed
from chopmark.testing import WordDetector, plugin

EMPTY = Policy(name="empty")


class Unmarked:
    def chopmark_detectors(self, policy: Policy) -> Iterable[Any]:
        return []


class Misspelt:
    @hookimpl
    def chopmark_detecters(self, policy: Policy) -> Iterable[Any]:
        return []


class Async:
    @hookimpl
    async def chopmark_detectors(self, policy: Policy) -> Iterable[Any]:
        return []


class Default:
    @hookimpl
    def chopmark_detectors(self, policy: Policy, extra: int = 3) -> Iterable[Any]:
        return []


class WrongArgument:
    @hookimpl
    def chopmark_detectors(self, polcy: Policy) -> Iterable[Any]:
        return []


class Nothing:
    pass


class NotAList:
    @hookimpl
    def chopmark_detectors(self, policy: Policy) -> Any:
        return 3


class NotADetector:
    @hookimpl
    def chopmark_detectors(self, policy: Policy) -> Any:
        return [object()]


class NotAWrapper:
    @hookimpl
    def chopmark_wrappers(self, policy: Policy) -> Any:
        return [3]


class NotALog:
    @hookimpl
    def chopmark_log(self, policy: Policy) -> Any:
        return 3


class Raises:
    @hookimpl
    def chopmark_detectors(self, policy: Policy) -> Iterable[Any]:
        return [1 // len(policy.plugins)]


class RaisesLater:
    @hookimpl
    def chopmark_markers(self, policy: Policy) -> Iterable[Any]:
        yield policy.settings["key"]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (Unmarked(), r"chopmark_detectors\(\) has no @hookimpl"),
        (Misspelt(), r"chopmark_detecters\(\) is not a hook of chopmark; the hooks are"),
        (Async(), r"chopmark_detectors\(\) is async; hooks are plain functions"),
        (Default(), r"chopmark_detectors\(\) gives extra a default"),
        (WrongArgument(), r"polcy"),
        (Nothing(), r"plugin 'Nothing' has no chopmark_... function"),
        (NotAList(), r"plugin 'NotAList': chopmark_detectors\(\) returned 3; return a list"),
        (
            NotADetector(),
            r"plugin 'NotADetector': chopmark_detectors\(\): 'object' is no detector: it has no",
        ),
        (NotAWrapper(), r"plugin 'NotAWrapper': chopmark_wrappers\(\): 'int' is no wrapper"),
        (NotALog(), r"plugin 'NotALog': chopmark_log\(\): 'int' is no log: it has no name"),
        (
            Raises(),
            r"plugin 'Raises': chopmark_detectors\(\) broke: ZeroDivisionError: integer",
        ),
        (RaisesLater(), r"plugin 'RaisesLater': chopmark_markers\(\) broke: KeyError: 'key'"),
    ],
)
def test_a_wrong_plugin_is_refused(wrong: object, message: str) -> None:
    with pytest.raises(PluginError, match=message):
        Chopmark(EMPTY, plugins=[wrong])


def test_a_plugin_that_is_not_installed_is_told() -> None:
    with pytest.raises(PluginError, match=r"plugin 'nope' is not installed \(installed: "):
        Chopmark(Policy(name="p", plugins=("nope",)))


def test_the_plugin_that_is_wrong_is_named_among_others() -> None:
    good = [plugin(detectors=[WordDetector({}, name=name)]) for name in ("one", "two")]
    for wrong in (NotADetector(), Raises()):
        with pytest.raises(PluginError, match=f"^plugin '{type(wrong).__name__}': "):
            Chopmark(EMPTY, plugins=[good[0], wrong, good[1]])


@pytest.mark.parametrize("plugins", ["pii", ["pii"]])
def test_a_name_in_the_place_of_a_plugin_is_told(plugins: Any) -> None:
    with pytest.raises(
        PluginError, match=r"objects that hold hooks, not the name 'pii'; enable it"
    ):
        Chopmark(EMPTY, plugins=plugins)


def test_one_plugin_in_the_place_of_a_list_is_told() -> None:
    alone: Any = Nothing()
    with pytest.raises(PluginError, match=r"is no list; write plugins=\[\.\.\.\]"):
        Chopmark(EMPTY, plugins=alone)


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("def (", "SyntaxError: invalid syntax"),
        ("1 / 0", "ZeroDivisionError: division by zero"),
    ],
)
def test_a_plugin_whose_module_breaks_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str, message: str
) -> None:
    module = "breaks_" + message.partition(":")[0].lower()
    (tmp_path / f"{module}.py").write_text(code)
    info = tmp_path / f"{module}-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1\n")
    (info / "entry_points.txt").write_text(f"[chopmark]\n{module} = {module}\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(PluginError, match=rf"plugin '{module}' .* cannot be imported: {message}"):
        Chopmark(Policy(name="p", plugins=(module,)))


def test_a_plugin_that_is_installed_meanwhile_is_found_and_one_that_is_removed_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def found() -> bool:
        return "arrives" in {one.name for one in installed()}

    os.utime(tmp_path, (0, 0))  # so that its time changes, however coarse the clock is
    monkeypatch.syspath_prepend(tmp_path)
    before = found()
    info = tmp_path / "arrives-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: arrives\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[chopmark]\narrives = arrives\n")
    meanwhile = found()
    os.utime(tmp_path, (0, 0))
    shutil.rmtree(info)
    assert (before, meanwhile, found()) == (False, True, False)


def test_a_plugin_whose_command_breaks_leaves_the_others_usable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "breaks_command.py").write_text(
        "from chopmark import hookimpl\n@hookimpl\ndef chopmark_commands(cli):\n    1 / 0\n"
    )
    info = tmp_path / "breaks_command-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: breaks_command\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[chopmark]\nbreaks = breaks_command\n")
    monkeypatch.syspath_prepend(tmp_path)
    cli = _Group("chopmark")
    listed = CliRunner().invoke(cli, ["--help"])
    assert listed.exit_code == 0
    assert "note: plugin 'breaks': chopmark_commands() broke: ZeroDivisionError" in listed.output
    assert "models" in listed.output


def test_settings_of_a_plugin_that_is_not_enabled_are_told() -> None:
    policy = Policy(name="p", settings={"label": {"position": "end"}})
    with pytest.raises(PluginError, match=r"settings for plugin 'label', which it does not"):
        Chopmark(policy)


def test_two_detectors_of_one_name_are_told() -> None:
    twins = plugin(detectors=[WordDetector({}), WordDetector({})])
    with pytest.raises(PluginError, match="two detectors are named 'word'"):
        Chopmark(EMPTY, plugins=[twins])


def test_a_detector_that_needs_more_than_the_cap_is_told() -> None:
    greedy = plugin(detectors=[WordDetector({}, needs=Needs.window(500))])
    with pytest.raises(PolicyError, match=r"needs to hold back 500 .* policy's `holdback` is 400"):
        Chopmark(EMPTY, plugins=[greedy])


def test_plugins_judge_in_the_order_of_the_policy() -> None:
    plugins = [plugin(detectors=[WordDetector({}, name=n)]) for n in ("one", "two", "three")]
    assert [d.name for d in Chopmark(EMPTY, plugins=plugins).detectors] == ["one", "two", "three"]


def test_a_policy_may_come_from_a_plugin() -> None:
    class Ships:
        @hookimpl
        def chopmark_policies(self) -> Iterable[Policy]:
            return [Policy(name="shipped", holdback=7)]

    assert Chopmark("shipped", plugins=[Ships()]).policy.holdback == 7


def test_the_list_of_plugins_imports_none_of_them() -> None:
    code = (
        "import sys; from chopmark._plugins import installed\n"
        "names = [p.name for p in installed()]\n"
        "assert 'keyword' in names, names\n"
        "loaded = [m for m in sys.modules if m.startswith('chopmark_')]\n"
        "assert not loaded, loaded"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    assert {"keyword", "pii", "onnx", "label", "jsonl"} <= {p.name for p in installed()}


@pytest.mark.parametrize(("command", "plugin"), [("desk", "desk"), ("incidents", "complaints")])
def test_a_command_imports_the_plugin_of_its_name_or_those_until_one_has_it(
    command: str, plugin: str
) -> None:
    code = (
        "import sys; from chopmark._cli import cli\n"
        "cli([sys.argv[1], '--help'], standalone_mode=False)\n"
        "print(*{m.partition('.')[0] for m in sys.modules if m.startswith('chopmark_')})"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, command], capture_output=True, text=True, check=True
    )
    usage, *_, loaded = run.stdout.splitlines()
    assert f" {command} " in usage
    assert f"chopmark_{plugin}" in loaded.split()
    assert "chopmark_onnx" not in loaded.split()


def test_a_plugin_is_named_once() -> None:
    policy = Policy(name="p", plugins=("keyword", "pii", "keyword"))
    with pytest.raises(PluginError, match="plugin 'keyword' is twice in the policy's `plugins`"):
        Chopmark(policy)


@pytest.mark.parametrize(
    ("plugin", "lacks", "cure"),
    [
        ("watermark", "numpy", "needs numpy; install with: pip install 'chopmark[watermark]'"),
        ("pii", "stdnum", "stdnum is missing; install with: pip install 'chopmark[screen]'"),
    ],
)
def test_a_package_that_a_plugin_lacks_is_told_with_its_extra(
    plugin: str, lacks: str, cure: str
) -> None:
    code = (
        "import sys; from chopmark import Chopmark, PluginError, Policy\n"
        "sys.modules[sys.argv[2]] = None\n"
        "try: Chopmark(Policy(name='p', plugins=(sys.argv[1],)))\n"
        "except PluginError as error: print(error)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, plugin, lacks], capture_output=True, text=True, check=True
    )
    assert run.stdout.strip().endswith(cure)


def test_trace_prints_hook_calls() -> None:
    code = (
        "from chopmark import Chopmark, Policy; from chopmark.testing import plugin\n"
        "Chopmark(Policy(name='p'), plugins=[plugin()])"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        env={"CHOPMARK_TRACE": "1", "PATH": ""}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "chopmark_detectors" in run.stderr
