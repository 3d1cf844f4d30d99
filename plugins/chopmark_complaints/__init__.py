"""Takes complaints about answers, decides, corrects, tells; and keeps the steps of incidents.

Art. 15 of the Interim Measures for Generative AI Services wants a channel for complaints, with its
procedure and time limit published; Art. 14 wants illegal content stopped, removed, rectified and
reported. Every step is an event in the log. The texts are personal data: they are in a file of
their own, which can be erased.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from chopmark import Policy, hookimpl
from chopmark.hookspecs import Wrapper

from ._answers import Found
from ._complaint import DECISIONS, GROUNDS, Complaint
from ._complaints import Complaints
from ._erase import Erased
from ._errors import ComplaintError, UnloggedError
from ._export import Export
from ._incident import STEPS, Incident
from ._incidents import Incidents
from ._office import Office
from ._options import read_options
from ._verify import Comparison

__all__ = [
    "Comparison",
    "Complaint",
    "ComplaintError",
    "Complaints",
    "DECISIONS",
    "Erased",
    "Export",
    "Found",
    "GROUNDS",
    "Incident",
    "Incidents",
    "Office",
    "STEPS",
    "UnloggedError",
    "chopmark_commands",
    "chopmark_wrappers",
]


@hookimpl
def chopmark_wrappers(policy: Policy) -> Iterable[Wrapper]:
    """Bring nothing to a call; raise `PolicyError` for a wrong option before anybody complains.

    Options: `path`, the file of the texts; `days` (15) until a complaint is to be decided; `words`,
    the list that keyword corrections go to; `texts` of notices; `utc_offset_hours` (8) of days.
    """
    read_options(policy)
    return ()


@hookimpl
def chopmark_commands(cli: Any) -> None:
    """Add `chopmark complaints` and `chopmark incidents`."""
    from ._commands_complaints import complaints  # click is wanted by the command line alone
    from ._commands_incidents import incidents

    cli.add_command(complaints)
    cli.add_command(incidents)
