"""Finds, checks and orders plugins; pluggy's manager, strict where pluggy is silent.

Nothing is imported because it happens to be installed: a policy enables plugins by name.
"""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points
from types import ModuleType
from typing import Any

import pluggy

from . import hookspecs
from ._errors import ChopmarkError, PluginError

GROUP = "chopmark"


@dataclass(frozen=True, slots=True)
class Installed:
    """An installed plugin, known from metadata alone."""

    name: str
    module: str
    distribution: str
    version: str


def _entry_points() -> Mapping[str, EntryPoint]:
    return _found(tuple((place, _changed(place)) for place in sys.path))


@lru_cache(maxsize=8)
def _found(places: tuple[tuple[str, int], ...]) -> Mapping[str, EntryPoint]:
    """Look through all distributions, which takes 8 ms; again only where one came or went."""
    return {point.name: point for point in entry_points(group=GROUP)}


def _changed(place: str) -> int:
    try:
        return os.stat(place or ".").st_mtime_ns
    except (OSError, ValueError):
        return 0


def installed() -> list[Installed]:
    """Return the installed plugins by name; imports none of them."""
    found = []
    for point in _entry_points().values():
        dist = point.dist
        name, version = (dist.name, dist.version) if dist else ("", "")
        found.append(Installed(point.name, point.value, name, version))
    return sorted(found, key=lambda plugin: plugin.name)


class PluginManager(pluggy.PluginManager):
    """A plugin manager that refuses what pluggy would accept and never call."""

    def __init__(self, trace: Callable[[str], None] | None = None) -> None:
        super().__init__(GROUP)
        self.add_hookspecs(hookspecs.Hooks)
        if trace is not None:
            self.trace.root.setwriter(trace)
            self.enable_tracing()

    def parse_hookspec_opts(
        self, module_or_class: ModuleType | type, name: str
    ) -> pluggy.HookspecOpts | None:
        """Pass over what every class has, and no hook is: most of the names of `Hooks`."""
        return None if name.startswith("__") else super().parse_hookspec_opts(module_or_class, name)

    def parse_hookimpl_opts(self, plugin: object, name: str) -> pluggy.HookimplOpts | None:
        """Pass over what is no hook at a glance: to look at each name takes half of a start."""
        if name.startswith("__"):
            return None
        # A module may give by `__getattr__` what is not among its names.
        named = vars(plugin) if isinstance(plugin, ModuleType) else {}
        if name in named and not inspect.isroutine(named[name]):
            return None
        return super().parse_hookimpl_opts(plugin, name)

    def register(self, plugin: object, name: str | None = None) -> str | None:
        """Check `plugin` and add it; raise `PluginError` naming plugin, hook and cure."""
        label = name or self.get_canonical_name(plugin)
        specs = {n for n in dir(hookspecs.Hooks) if n.startswith("chopmark_")}
        hooks = [a for a in dir(plugin) if a.startswith("chopmark_")]
        for hook in hooks:
            function: Any = getattr(plugin, hook)
            if not callable(function):
                continue
            where = f"plugin {label!r}: {hook}()"
            if not hasattr(function, "chopmark_impl"):
                raise PluginError(f"{where} has no @hookimpl, so it would never be called; add it")
            if hook not in specs and not function.chopmark_impl.get("optionalhook"):
                raise PluginError(
                    f"{where} is not a hook of chopmark; the hooks are {', '.join(sorted(specs))}"
                )
            if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
                raise PluginError(
                    f"{where} is async; hooks are plain functions, so move the I/O into the "
                    "detector, marker or log that it returns"
                )
            defaults = [
                p.name
                for p in inspect.signature(function).parameters.values()
                if p.default is not p.empty
            ]
            if defaults:
                raise PluginError(
                    f"{where} gives {', '.join(defaults)} a default; take the default away, "
                    "hook arguments are always passed"
                )
        if not hooks:
            raise PluginError(
                f"plugin {label!r} has no chopmark_... function, so it would do nothing; "
                "register the module or object that holds the hooks"
            )
        try:
            registered = super().register(plugin, name)
            self.check_pending()
        except (pluggy.PluginValidationError, ValueError) as error:
            raise PluginError(f"plugin {label!r} cannot be used: {error}") from error
        return registered


def load(
    names: Iterable[str], extra: Iterable[object], trace: Callable[[str], None] | None = None
) -> PluginManager:
    """Return a manager with the plugins of `names` and then `extra`, calling them in that order."""
    manager = PluginManager(trace)
    names = list(names)
    known = _entry_points() if names else {}
    plugins: list[tuple[str | None, object]] = []
    for name in names:
        if name not in known:
            have = ", ".join(sorted(known)) or "none"
            raise PluginError(
                f"plugin {name!r} is not installed (installed: {have}); install the distribution "
                "that brings it, or take it out of the policy's `plugins`"
            )
        if name in (before for before, _ in plugins):
            raise PluginError(f"plugin {name!r} is twice in the policy's `plugins`; name it once")
        plugins.append((name, _import(known[name])))
    plugins += _named(extra)
    for registered, plugin in reversed(plugins):  # pluggy calls the last one registered first
        manager.register(plugin, registered)
    return manager


def given(plugins: Iterable[object]) -> list[object]:
    """Return what `Chopmark(plugins=...)` was given; raise `PluginError` where that is a name."""
    if isinstance(plugins, str) or not isinstance(plugins, Iterable):
        plugins = [plugins]
        if not isinstance(plugins[0], str):
            raise PluginError(f"plugins={plugins[0]!r} is no list; write plugins=[...]")
    found = list(plugins)
    for plugin in found:
        if isinstance(plugin, str):
            raise PluginError(
                f"plugins= takes modules or objects that hold hooks, not the name {plugin!r}; "
                f'enable it in the policy: plugins = ["{plugin}"]'
            )
    return found


def _named(plugins: Iterable[object]) -> list[tuple[str, object]]:
    """Name plugins that came without a name, each by another one."""
    found: dict[str, object] = {}
    for plugin in plugins:
        base = name = getattr(plugin, "__name__", None) or type(plugin).__qualname__
        number = 1
        while name in found:
            number += 1
            name = f"{base} {number}"
        found[name] = plugin
    return list(found.items())


def called(hook: Any, **arguments: object) -> Any:
    """Call a hook; where that breaks raise `PluginError` naming plugin, hook and fault."""
    try:
        return hook(**arguments)
    except ChopmarkError:
        raise
    except Exception as error:
        raise broke(hook, error) from error


def broke(hook: Any, error: Exception) -> PluginError:
    """Return the error for a hook that raised `error`: the plugin is the one that ran."""
    ran = set()
    step = error.__traceback__
    while step is not None:
        ran.add(step.tb_frame.f_code)
        step = step.tb_next
    names = [
        impl.plugin_name
        for impl in hook.get_hookimpls()
        if getattr(impl.function, "__code__", None) in ran
    ]
    whose = names or _order(hook)
    if isinstance(error, ModuleNotFoundError) and error.name and len(whose) == 1:
        return PluginError(f"{_whose(whose)} needs {error.name}; {_install(whose[0], error.name)}")
    return PluginError(
        f"{_whose(whose)}: {hook.name}() broke: {type(error).__name__}: {error}; "
        "mend the plugin, or take it out of the policy's `plugins`"
    )


def brought(hook: Any, **arguments: object) -> list[tuple[str, Any]]:
    """Call a hook whose implementations all return something; return it by the plugins' names."""
    results = called(hook, **arguments)
    names = _order(hook)
    if len(names) != len(results):
        raise PluginError(f"{_whose(names)}: one of them returned None from {hook.name}()")
    return list(zip(names, results, strict=True))


def owners(hook: Any, results: Sequence[object]) -> list[str]:
    """Return whose each of the `results` of a hook is; pluggy leaves out those that are None."""
    names = _order(hook)
    if len(names) == len(results):
        return [_whose([name]) for name in names]
    return [_whose(names)] * len(results)


def _order(hook: Any) -> list[str]:
    """Return who brings something, in order; a wrapper of the hook only sees what others bring."""
    impls = reversed(hook.get_hookimpls())
    return [impl.plugin_name for impl in impls if not (impl.wrapper or impl.hookwrapper)]


def _whose(names: Sequence[str]) -> str:
    return f"plugin {' or '.join(map(repr, names))}"


def _import(point: EntryPoint) -> object:
    try:
        return point.load()
    except ImportError as error:
        missing = getattr(error, "name", None) or str(error)
        raise PluginError(
            f"plugin {point.name!r} ({point.value}) cannot be imported: {missing} is missing; "
            f"{_install(point.name, missing)}"
        ) from error
    except ChopmarkError:
        raise
    except Exception as error:
        raise PluginError(
            f"plugin {point.name!r} ({point.value}) cannot be imported: {type(error).__name__}: "
            f"{error}; mend the module, or take the plugin out of the policy's `plugins`"
        ) from error


def _install(plugin: str, missing: str) -> str:
    """Say how a package comes that `plugin` lacks: by the extra that is named like the plugin."""
    point = _entry_points().get(plugin)
    if point is None or point.dist is None:
        return f"install {missing}"
    name = point.dist.name
    extras = point.dist.metadata.get_all("Provides-Extra") or []
    own = plugin if plugin in extras else "screen"
    if own not in extras:
        return f"install {missing}, or see what {name} says of it"
    return f"install with: pip install '{name}[{own}]'"


def trace_to_stderr(text: str) -> None:
    """Write one line of the hook trace (`CHOPMARK_TRACE=1`)."""
    sys.stderr.write(text)
