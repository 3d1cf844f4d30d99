"""What plugin and adapter authors test with: fakes, and contracts to subclass.

Needs pytest and Hypothesis. A contract is a class of tests: subclass it, say what it asks for,
and pytest runs every promise against your code.

    class TestMine(DetectorContract):
        def make(self):
            return MyDetector()

        finds = ("a text in which it finds something",)
        clean = ("a text in which it finds nothing",)
"""

from ._adapter_contract import AdapterContract
from ._cuts import cuts, texts
from ._detector_contract import DetectorContract
from ._fakes import (
    BesideMarker,
    BrokenDetector,
    BrokenLog,
    MemoryLog,
    SuffixMarker,
    WordDetector,
    plugin,
)
from ._log_contract import LogContract, sample_record
from ._marker_contract import MarkerContract
from ._paths import Path, Said, Script
from ._store_contract import StoreContract
from ._wording_contract import WordingContract

__all__ = [
    "AdapterContract",
    "BesideMarker",
    "BrokenDetector",
    "BrokenLog",
    "DetectorContract",
    "LogContract",
    "MarkerContract",
    "MemoryLog",
    "Path",
    "Said",
    "Script",
    "StoreContract",
    "SuffixMarker",
    "WordDetector",
    "WordingContract",
    "cuts",
    "plugin",
    "sample_record",
    "texts",
]
