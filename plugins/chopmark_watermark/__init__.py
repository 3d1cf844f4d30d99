"""Watermarks in the choice of words, and a search for them whose error rate is what it says."""

from ._detect import ALPHA, detect
from ._detection import Detection, Span
from ._green import GreenDrawer
from ._gumbel import GumbelDrawer
from ._ring import KeyName, Master, Ring, RingError
from ._ring_file import read_ring, write_ring
from ._sampling import Sampling
from ._tokens import FileTokenizer, Tokenizer, Tokens

__all__ = [
    "ALPHA",
    "Detection",
    "FileTokenizer",
    "GreenDrawer",
    "GumbelDrawer",
    "KeyName",
    "Master",
    "Ring",
    "RingError",
    "Sampling",
    "Span",
    "Tokenizer",
    "Tokens",
    "detect",
    "read_ring",
    "write_ring",
]
