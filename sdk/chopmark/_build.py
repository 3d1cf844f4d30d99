"""Makes the parts of a guarded call from a policy and the plugins that it names."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import Any

import pluggy

from . import _plugins
from ._engine import Engine, check_detectors, check_role, is_beside
from ._errors import ChopmarkError, PluginError, PolicyError
from ._kept import Record
from ._strip import finders
from ._values import Receipt
from .deciding import Decider
from .hookspecs import Detector, Log, Marker, Signer, Wrapper
from .policy import Policy

_logger = logging.getLogger("chopmark")


def shipped_policy(extra: Iterable[object], name: str) -> Policy | None:
    """Return a policy that a plugin ships: an extra plugin, or the one before the slash."""
    plugin, _, policy = name.rpartition("/")
    manager = _plugins.load([plugin] if plugin else [], extra)
    for found in chain.from_iterable(_plugins.called(manager.hook.chopmark_policies)):
        if found.name == policy:
            return found if isinstance(found, Policy) else None
    return None


def build(policy: Policy, extra: Iterable[object], log: Log | None) -> Engine:
    """Load what `policy` enables, check it, and return the parts of a guarded call."""
    policy_id = f"{policy.name}@{policy.digest}"
    if not policy.active:
        return Engine(policy=policy, decider=Decider(policy), policy_id=policy_id)
    trace = _plugins.trace_to_stderr if os.environ.get("CHOPMARK_TRACE") == "1" else None
    manager = _plugins.load(policy.plugins, extra, trace)
    hook = manager.hook
    detectors: tuple[Detector, ...] = tuple(_collect(hook.chopmark_detectors, "detector", policy))
    markers: tuple[Marker, ...] = tuple(_collect(hook.chopmark_markers, "marker", policy))
    wrappers: tuple[Wrapper, ...] = tuple(_collect(hook.chopmark_wrappers, "wrapper", policy))
    check_detectors(detectors, policy)
    for name in policy.settings:
        if name not in policy.plugins and not manager.has_plugin(name):
            raise PluginError(
                f"policy {policy.name!r} has settings for plugin {name!r}, which it does not "
                f"enable; add it to `plugins` or take [settings.{name}] out"
            )
    if log is not None:
        check_role("log", log)
    else:
        log = log_of(manager, policy)
    _check_kept(markers, log)
    signer = signer_of(manager, policy)
    told = bool(hook.chopmark_recorded.get_hookimpls())
    return Engine(
        policy=policy,
        decider=Decider(policy),
        policy_id=policy_id,
        detectors=detectors,
        markers=tuple(m for m in markers if not is_beside(m)),
        own=finders(markers),
        beside=tuple(m for m in markers if is_beside(m)),
        wrappers=wrappers,
        log=log,
        signer=signer,
        recorded=(_telling(hook),) if told else (),
    )


def _check_kept(markers: Iterable[Marker], log: Log | None) -> None:
    """Raise where the log may lose what a marker wants kept: neither knows of the other."""
    too_short = getattr(log, "too_short", None)
    if too_short is None:
        return
    for marker in markers:
        days, why = getattr(marker, "log_days", (0, ""))
        if days and (fault := too_short(days)):
            raise PolicyError(f"{fault} ({why})")


def log_of(manager: pluggy.PluginManager, policy: Policy) -> Log | None:
    """Return the log of the first plugin that has one."""
    found: Log | None = _first(manager.hook.chopmark_log, "log", policy)
    return found


def signer_of(manager: pluggy.PluginManager, policy: Policy) -> Signer | None:
    """Return the signer of the first plugin that has one."""
    found: Signer | None = _first(manager.hook.chopmark_signer, "signer", policy)
    return found


def evidence_signer_of(manager: pluggy.PluginManager, policy: Policy) -> Signer | None:
    """Return what signs packs of evidence alone, of the first plugin that has it."""
    found: Signer | None = _first(manager.hook.chopmark_evidence_signer, "signer", policy)
    return found


def _telling(hook: Any) -> Callable[[Record, Receipt], None]:
    def tell(record: Record, receipt: Receipt) -> None:
        try:
            hook.chopmark_recorded(record=record, receipt=receipt)
        except Exception:
            _logger.exception("a chopmark_recorded hook failed for record %s", record.id)

    return tell


def _collect(hook: Any, role: str, policy: Policy) -> Iterator[Any]:
    """Yield what the plugins bring, and say whose it is where it cannot be used."""
    results = _plugins.called(hook, policy=policy)
    for owner, brought in zip(_plugins.owners(hook, results), results, strict=True):
        if not isinstance(brought, Iterable):
            raise PluginError(
                f"{owner}: {hook.name}() returned {brought!r}; return a list, empty where there is "
                "nothing to bring"
            )
        try:
            found = list(brought)  # of a generator this is where its code runs
        except ChopmarkError:
            raise
        except Exception as error:
            raise _plugins.broke(hook, error) from error
        for value in found:
            _check(owner, hook, role, value)
            yield value


def _first(hook: Any, role: str, policy: Policy) -> Any:
    """Return what the first plugin brings that has one, None where none has."""
    brought = _plugins.called(hook, policy=policy)
    if brought is not None:
        _check(_plugins.owners(hook, [brought])[0], hook, role, brought)
    return brought


def _check(owner: str, hook: Any, role: str, value: object) -> None:
    try:
        check_role(role, value)
    except PluginError as error:
        raise PluginError(f"{owner}: {hook.name}(): {error}") from None
