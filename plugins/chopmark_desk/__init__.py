"""The desk: a local web page for the people around a service, and a public one for its readers.

    chopmark desk users add li --role admin --policy service.toml
    chopmark desk --policy service.toml

Options under `[settings.desk]`, all of them optional; a policy that has one enables `desk`:

    folder = "chopmark-desk"        # the desk's own files: its users, who is logged in
    name = "desk.example.org"       # the host name that people type, behind a proxy
    idle_minutes = 30               # without a click, until one logs in anew
    session_hours = 12              # until one logs in anew in any case
    upload_mb = 50                  # the largest file that is looked into
    inspect_seconds = 20            # how long that may take
    keys = ["producer.pem"]         # SM2 public keys of producers whose labels are checked
    runs = "runs"                   # runs of `chopmark assess`, for the review queue
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from chopmark import Policy, hookimpl
from chopmark.hookspecs import Evidence, Wrapper


@hookimpl
def chopmark_wrappers(policy: Policy) -> Iterable[Wrapper]:
    """Bring nothing to a call; raise `PolicyError` for a wrong option before anybody logs in."""
    from ._options import read_options

    read_options(policy)
    return ()


@hookimpl
def chopmark_evidence(policy: Policy) -> Iterable[Evidence]:
    """Return what the detector for everybody looks for."""
    from ._evidence import evidence

    return evidence(policy)


@hookimpl
def chopmark_commands(cli: Any) -> None:
    """Add `chopmark desk`."""
    from ._commands import desk  # click is wanted by the command line alone

    cli.add_command(desk)
