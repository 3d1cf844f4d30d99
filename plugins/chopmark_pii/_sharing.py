"""Lets the detector and the marker of one policy find the same vault.

pluggy asks a plugin for its detectors and for its markers in two calls that have nothing in
common but the policy, and a plugin is a module, not an object that one policy owns.
"""

from __future__ import annotations

import threading
import weakref

from chopmark import Policy
from chopmark.forking import WHOLE

from ._options import Options
from ._vault import Vault


class Sharing:
    """Finds the vault of a policy, and makes it where there is none yet. Shared by threads.

    It keeps no vault alive: one ends with the detector and the marker that hold it. A vault
    keeps its policy alive, so that no other policy can have the same id meanwhile.
    """

    def __init__(self) -> None:
        self._vaults: weakref.WeakValueDictionary[int, Vault] = weakref.WeakValueDictionary()
        self._lock = threading.Lock()

    def vault(self, policy: Policy, options: Options) -> Vault:
        """Return the vault of `policy`."""
        with WHOLE.lock, self._lock:
            vault = self._vaults.get(id(policy))
            if vault is None:
                vault = Vault(entries=options.entries, seconds=options.seconds, owner=policy)
                self._vaults[id(policy)] = vault
        return vault
