"""What plugin and adapter authors test with: fakes, and contracts to subclass.

Contracts need pytest and Hypothesis; fakes and `sample_record` need neither. A contract is a class
of tests: subclass it, say what it asks for, and pytest runs every promise against your code.

    class TestMine(DetectorContract):
        def make(self):
            return MyDetector()

        finds = ("a text in which it finds something",)
        clean = ("a text in which it finds nothing",)
"""

from typing import TYPE_CHECKING

from ..lazy import lazily

if TYPE_CHECKING:
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
    from ._log_contract import LogContract
    from ._marker_contract import MarkerContract
    from ._paths import Path, Said, Script
    from ._sample import sample_record
    from ._store_contract import StoreContract
    from ._wording_contract import WordingContract
else:  # a program that only wants a fake waits half a second for neither pytest nor Hypothesis
    __getattr__, __dir__ = lazily(
        __name__,
        {
            "_adapter_contract": ["AdapterContract"],
            "_cuts": ["cuts", "texts"],
            "_detector_contract": ["DetectorContract"],
            "_fakes": [
                "BesideMarker",
                "BrokenDetector",
                "BrokenLog",
                "MemoryLog",
                "SuffixMarker",
                "WordDetector",
                "plugin",
            ],
            "_log_contract": ["LogContract"],
            "_marker_contract": ["MarkerContract"],
            "_paths": ["Path", "Said", "Script"],
            "_sample": ["sample_record"],
            "_store_contract": ["StoreContract"],
            "_wording_contract": ["WordingContract"],
        },
    )

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
