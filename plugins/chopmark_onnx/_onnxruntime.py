"""The module onnxruntime, imported with its telemetry off.

From 1.29 on that is on by default on Linux and macOS too: the import opens a store in the user's
cache folder and starts a thread that reports sessions to Microsoft, and a forked process that
inherits it hangs, or aborts, when it ends. A text guard must do none of that. The variable is
read at import alone, so it is put back. Where onnxruntime was imported before, the call at the
end is what remains: it stops the reports, not the thread.
"""

from __future__ import annotations

import os

_TELEMETRY = "ORT_DISABLE_TELEMETRY"

_before = os.environ.get(_TELEMETRY)
os.environ[_TELEMETRY] = "1"
try:
    import onnxruntime
finally:
    if _before is None:
        del os.environ[_TELEMETRY]
    else:
        os.environ[_TELEMETRY] = _before

onnxruntime.disable_telemetry_events()

__all__ = ["onnxruntime"]
