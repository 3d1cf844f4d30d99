"""The commands of this plugin. None takes a label away (Labelling Measures, Art. 10)."""

from __future__ import annotations

from ._commands_inspect import inspect
from ._commands_label import label
from ._commands_propagate import propagate

COMMANDS = (inspect, label, propagate)
