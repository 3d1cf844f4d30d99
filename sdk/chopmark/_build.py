"""Makes the parts of a guarded call from a policy and the plugins that it names."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable
from itertools import chain
from typing import Any

from . import _plugins
from ._engine import Engine, check_detectors, check_role, is_beside
from ._errors import PluginError
from ._strip import finders
from ._values import Receipt, Record
from .hookspecs import Detector, Log, Marker, Wrapper
from .policy import Decider, Policy

_logger = logging.getLogger("chopmark")


def shipped_policy(extra: Iterable[object], name: str) -> Policy | None:
    """Return a policy that a plugin ships: an extra plugin, or the one before the slash."""
    plugin, _, policy = name.rpartition("/")
    manager = _plugins.load([plugin] if plugin else [], extra)
    for found in chain.from_iterable(manager.hook.chopmark_policies()):
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
    detectors: tuple[Detector, ...] = tuple(_collect(hook.chopmark_detectors, policy))
    markers: tuple[Marker, ...] = tuple(_collect(hook.chopmark_markers, policy))
    wrappers: tuple[Wrapper, ...] = tuple(_collect(hook.chopmark_wrappers, policy))
    check_detectors(detectors, policy)
    for marker in markers:
        check_role("marker", marker)
    for name in policy.settings:
        if name not in policy.plugins and not manager.has_plugin(name):
            raise PluginError(
                f"policy {policy.name!r} has settings for plugin {name!r}, which it does not "
                f"enable; add it to `plugins` or take [settings.{name}] out"
            )
    log = log or hook.chopmark_log(policy=policy)
    if log is not None:
        check_role("log", log)
    signer = hook.chopmark_signer(policy=policy)
    if signer is not None:
        check_role("signer", signer)
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


def _telling(hook: Any) -> Callable[[Record, Receipt], None]:
    def tell(record: Record, receipt: Receipt) -> None:
        try:
            hook.chopmark_recorded(record=record, receipt=receipt)
        except Exception:
            _logger.exception("a chopmark_recorded hook failed for record %s", record.id)

    return tell


def _collect(hook: Callable[..., Any], policy: Policy) -> Iterable[Any]:
    for brought in hook(policy=policy):
        if not isinstance(brought, Iterable):
            raise PluginError(
                f"{getattr(hook, 'name', hook)} returned {brought!r}; return a list, empty where "
                "there is nothing to bring"
            )
        yield from brought
