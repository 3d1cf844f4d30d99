"""For authors of adapters: what surrounds a guarded call.

`with_settings` fills in what a block of `chopmark.calling` says. `current` is the guarded call that
this code runs in, and `stepping` runs other code as if in that one, or in none. `parameters` finds
the sampling parameters of a call, for `Request.parameters`. A `Framework` refuses, at import, the
versions that an adapter was not made for. `check_on_block` and `check_on_response` refuse options
of a guard that could not be used when the first call ends.
"""

from ._calling import with_settings
from ._framework import Framework
from ._given import check_on_block, check_on_response
from ._inside import Guarding, current, stepping
from ._parameters import parameters

__all__ = [
    "Framework",
    "Guarding",
    "check_on_block",
    "check_on_response",
    "current",
    "parameters",
    "stepping",
    "with_settings",
]
