"""What authors of stores test with: subclass `StoreContract`. Needs pytest."""

from ._contract import StoreContract

__all__ = ["StoreContract"]
