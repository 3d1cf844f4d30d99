"""The marks that serving engines make by themselves, read without them and without torch.

Each engine publishes a contract: how a key, a context and a token become a number. They are
followed bit for bit; what differs is the test, which is exact here and counts nothing twice, and
that the first tokens are left out, whose context was the prompt or none.
"""

from ._registry import ENGINES, Engine

__all__ = ["ENGINES", "Engine"]
